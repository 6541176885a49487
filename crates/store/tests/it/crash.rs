//! What survives when the process is killed, and that it ends when a write fails.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use strongroom_store::{Engine, Expect};

use crate::scratch::{must, open, put, scratch};

/// Where a child process finds its folder; unset in the ordinary run of the tests.
const FOLDER: &str = "STRONGROOM_STORE_TEST_FOLDER";
const ACKNOWLEDGED_MIN: usize = 300;
const SIGKILL: i32 = 9;
const SIGABRT: i32 = 6;

fn key(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

fn value(number: u64) -> Vec<u8> {
    vec![number.to_le_bytes()[0]; 100 + usize::try_from(number % 7).unwrap() * 900]
}

/// Not a test of its own: what the child processes of the others run.
#[test]
fn child_commits_for_ever() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = open(&PathBuf::from(folder));
    let mut out = std::io::stdout();
    for number in store.scan(b"", None, 1000).unwrap().entries.len() as u64.. {
        must(&store, [put(&key(number), Expect::Absent, &value(number))]);
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

fn child(program: &str, arguments: &[&OsStr], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args(["crash::child_commits_for_ever", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn acknowledged(line: &str) -> Option<u64> {
    let (_, number) = line.split_once("acknowledged ")?;
    number.parse().ok()
}

fn check_acknowledged(folder: &Path, last: u64) {
    let store = open(folder);
    for number in 0..=last {
        let entry = store.get(&key(number)).unwrap().unwrap();
        assert_eq!((entry.version, entry.value), (1, value(number)));
    }
}

#[test]
fn every_acknowledged_commit_survives_a_kill() {
    let folder = scratch();
    let program = std::env::current_exe().unwrap();
    let mut child = child(program.to_str().unwrap(), &[], folder.path())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut last = None;
    for line in lines.by_ref().take(ACKNOWLEDGED_MIN) {
        last = acknowledged(&line.unwrap()).or(last);
    }
    child.kill().unwrap();
    // What was still in the pipe was acknowledged too; a last line may be cut off.
    for line in lines.map_while(Result::ok) {
        last = acknowledged(&line).max(last);
    }
    assert_eq!(child.wait().unwrap().signal(), Some(SIGKILL));
    check_acknowledged(folder.path(), last.unwrap());
}

/// The limit on file sizes makes a write of SQLite fail with something else than a full disk.
#[test]
fn a_failed_write_ends_the_process() {
    let folder = scratch();
    let program = std::env::current_exe().unwrap();
    let script = r#"trap '' XFSZ; ulimit -c 0; ulimit -f 600; exec "$0" "$@""#;
    let arguments = [OsStr::new("-c"), OsStr::new(script), program.as_os_str()];
    let mut child = child("sh", &arguments, folder.path()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let last = lines
        .map_while(Result::ok)
        .filter_map(|line| acknowledged(&line))
        .last();
    let mut said = String::new();
    let mut errors = child.stderr.take().unwrap();
    errors.read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(SIGABRT), "{said}");
    assert!(
        said.contains("strongroom: fatal: the store cannot"),
        "{said}"
    );
    check_acknowledged(folder.path(), last.unwrap());
}
