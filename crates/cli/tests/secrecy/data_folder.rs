//! What lies on the disk: no key, nothing that passed through, and outside the audit log no name.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use strongroom_base::hex;

use crate::client::{Connection, Http};
use crate::memory::sweep_file;
use crate::needles::{Hits, Needles};
use crate::server::{Server, run};
use crate::service::{Last, Passed, add_keys, load};
use crate::truth::random;
use crate::{PROGRAM, block_on};

/// Every file under `folder`.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .flat_map(|entry| {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            match (kind.is_dir(), kind.is_file()) {
                (true, _) => files(&entry.path()),
                (_, true) => vec![entry.path()],
                _ => Vec::new(),
            }
        })
        .collect()
}

/// Asserts that no file of `data` holds a needle.
fn assert_absent(when: &str, files: &[PathBuf], needles: &Needles) {
    let search = needles.search();
    let (mut bytes, mut hits) = (0, Hits::new());
    for file in files {
        let sweep = sweep_file(file, &search);
        bytes += sweep.bytes;
        hits.extend(sweep.hits);
    }
    println!(
        "{when}: {} needles, {} files, {bytes} bytes, {} found",
        needles.count(),
        files.len(),
        hits.len()
    );
    assert!(hits.is_empty(), "{when}: {hits:#?}");
}

/// The search sees what lies there in clear: the store's own format, and the audit log.
fn assert_seen(files: &[PathBuf]) {
    for text in ["SQLite format 3", "GenerateDataKey"] {
        let mut control = Needles::default();
        control.text("control", text.as_bytes());
        let search = control.search();
        assert!(
            files
                .iter()
                .any(|file| !sweep_file(file, &search).hits.is_empty()),
            "{text} is nowhere"
        );
    }
}

fn assert_keeps(when: &str, data: &Path, passed: &Passed) {
    let files = files(data);
    assert_seen(&files);
    let mut needles = passed.needles();
    // On a copy: opening a store writes to it.
    let copy = tempfile::tempdir().unwrap();
    crate::server::copy_files(data, copy.path());
    let truth = add_keys(copy.path(), &mut needles);
    let store_keys = truth.store_keys();
    needles.raw("store seal key", store_keys.seal.expose());
    needles.raw("store name key", store_keys.name.expose());
    assert_absent(when, &files, &needles);

    let mut names = Needles::default();
    names.text("description", crate::service::DESCRIPTION.as_bytes());
    names.text(
        "description in CBOR, cut",
        b"a description that is no secret",
    );
    for text in &passed.texts {
        names.text(text, text.as_bytes());
    }
    let audit = data.join("audit");
    let store: Vec<PathBuf> = files
        .into_iter()
        .filter(|file| !file.starts_with(&audit))
        .collect();
    assert_absent(&format!("{when}, names"), &store, &names);
}

#[test]
fn the_data_folder_shows_nothing_after_a_crash_and_after_a_clean_stop() {
    block_on(async {
        let mut passed = Passed::default();
        let server = Server::dev();
        let mut connection = Connection::clear(server.address, Http::One).await;
        load(&mut connection, "before", Last::DataKey, &mut passed).await;
        server.operate(&["domain", "rotate"]);
        let (folder, _) = server.end(Signal::KILL);
        let data = folder.path().join("data");
        assert_keeps("data folder, killed", &data, &passed);

        let server = Server::dev_in(folder);
        let mut connection = Connection::clear(server.address, Http::One).await;
        load(&mut connection, "after", Last::Encrypt, &mut passed).await;
        let (folder, status) = server.end(Signal::TERM);
        assert!(status.success(), "{status}");
        let data = folder.path().join("data");
        assert_keeps("data folder, stopped", &data, &passed);
    });
}

#[test]
fn init_leaves_neither_passphrase_nor_secret_access_key_in_the_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = hex::encode(random::<16>().expose());
    let made = init(folder.path(), "", &passphrase);
    let mut needles = Needles::default();
    needles.raw("passphrase", passphrase.as_bytes());
    needles.raw("secret access key", made.secret.as_bytes());
    let files = files(&folder.path().join("data"));
    assert_absent("data folder, made by init", &files, &needles);
}

/// `strongroom init` in `folder`, sealed by `passphrase`; the first account.
pub(crate) fn init(folder: &Path, tls: &str, passphrase: &str) -> crate::client::Account {
    let config = format!("data = \"data\"\nlisten = \"127.0.0.1:0\"\n{tls}");
    std::fs::write(folder.join("strongroom.toml"), config).unwrap();
    std::fs::write(folder.join("passphrase"), passphrase).unwrap();
    let said = run(Command::new(PROGRAM)
        .arg("init")
        .arg("--config")
        .arg(folder.join("strongroom.toml"))
        .arg("--passphrase-file")
        .arg(folder.join("passphrase")));
    let variable = |name: &str| {
        let mut lines = said.lines();
        let line = lines.find_map(|line| line.strip_prefix(&format!("export {name}=")));
        line.expect(name).to_owned()
    };
    crate::client::Account {
        access_key_id: variable("AWS_ACCESS_KEY_ID"),
        secret: variable("AWS_SECRET_ACCESS_KEY"),
    }
}
