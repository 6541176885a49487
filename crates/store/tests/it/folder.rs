//! Who may use a data folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use strongroom_store::{Folder, Kind, replace_file};

use crate::scratch::scratch;

fn refusal(opened: Result<Folder, strongroom_store::FolderError>) -> String {
    opened.err().expect("refused").to_string()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_folder_is_private_and_opens_again() {
    let parent = scratch();
    let path = parent.path().join("a/data");
    let folder = Folder::create(&path, Kind::Server).unwrap();
    assert_eq!(folder.kind(), Kind::Server);
    assert_eq!(mode(&path), 0o700);
    for file in fs::read_dir(&path).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    drop(folder);
    let format = fs::read_to_string(path.join("format")).unwrap();
    assert_eq!(format, "strongroom-data server 1\n");
    Folder::open(&path, Kind::Server).unwrap();
}

#[test]
fn one_folder_has_one_user() {
    let parent = scratch();
    let path = parent.path().join("data");
    let first = Folder::create(&path, Kind::Dev).unwrap();
    for second in [
        Folder::open(&path, Kind::Dev),
        Folder::open_or_create(&path, Kind::Dev),
    ] {
        assert!(refusal(second).starts_with("another strongroom uses this data folder"));
    }
    drop(first);
    Folder::open(&path, Kind::Dev).unwrap();
}

#[test]
fn the_format_file_decides() {
    for (format, kind, expected) in [
        ("strongroom-data dev 1\n", Kind::Dev, ""),
        (
            "strongroom-data dev 2 more\n",
            Kind::Dev,
            "this data folder was written by a newer strongroom (format 2, this one knows 1)",
        ),
        (
            "strongroom-data cluster 3\n",
            Kind::Dev,
            "this data folder was written by a newer strongroom (format 3, this one knows 1)",
        ),
        (
            "strongroom-data server 1\n",
            Kind::Dev,
            "dev refuses a folder made by init",
        ),
        (
            "strongroom-data dev 1\n",
            Kind::Server,
            "serve refuses a folder made by dev",
        ),
        ("strongroom-data dev 0\n", Kind::Dev, "the format file"),
        ("strongroom-data dev 1 x\n", Kind::Dev, "the format file"),
        ("strongroom-data other 1\n", Kind::Dev, "the format file"),
        ("strongroom-data dev 1", Kind::Dev, "the format file"),
        ("strongroom-data dev -1\n", Kind::Dev, "the format file"),
        ("", Kind::Dev, "the format file"),
        ("\u{0}\u{1}", Kind::Server, "the format file"),
    ] {
        let folder = scratch();
        fs::write(folder.path().join("format"), format).unwrap();
        match Folder::open_or_create(folder.path(), kind) {
            Ok(_) => assert_eq!(expected, "", "{format:?}"),
            Err(error) => assert!(
                error.to_string().starts_with(expected) && !expected.is_empty(),
                "{format:?}: {error}"
            ),
        }
    }
}

#[test]
fn folders_of_others_are_left_alone() {
    let folder = scratch();
    fs::write(folder.path().join("thesis.tex"), "x").unwrap();
    let opened = Folder::open_or_create(folder.path(), Kind::Dev);
    assert!(refusal(opened).contains("no data folder"));
    let created = Folder::create(folder.path(), Kind::Dev);
    assert!(refusal(created).contains("not empty"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let missing = Folder::open(&folder.path().join("missing"), Kind::Server);
    assert!(refusal(missing).contains("no data folder here"));
}

#[test]
fn a_creation_cut_short_is_taken_up_again() {
    let folder = scratch();
    fs::write(folder.path().join("lock"), "").unwrap();
    fs::write(folder.path().join("format.new"), "stro").unwrap();
    Folder::open_or_create(folder.path(), Kind::Dev).unwrap();
}

#[test]
fn files_are_replaced_as_a_whole() {
    let parent = scratch();
    let folder = Folder::create(&parent.path().join("data"), Kind::Dev).unwrap();
    assert_eq!(folder.read_file("hsm.seal", 10).unwrap(), None);
    fs::write(folder.path().join("hsm.seal.new"), "a write cut short").unwrap();
    for content in [b"first".as_slice(), b"2nd", b""] {
        folder.replace_file("hsm.seal", content).unwrap();
        let read = folder.read_file("hsm.seal", 5).unwrap();
        assert_eq!(read.as_deref(), Some(content));
        assert_eq!(mode(&folder.path().join("hsm.seal")), 0o600);
    }
    folder.replace_file("hsm.seal", b"123456").unwrap();
    assert!(folder.read_file("hsm.seal", 5).is_err());
    assert!(replace_file(folder.path(), "../escape", b"").is_err());
    assert!(!folder.path().join("hsm.seal.new").exists());
}
