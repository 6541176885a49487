//! What survives when the process is killed, and that it ends when a write fails.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use strongroom_store::{Engine, Expect, Outcome, SqliteOptions};

use crate::scratch::{commit, must, open, put, scratch, try_open};

/// Where a child process finds its folder; unset in the ordinary run of the tests.
const FOLDER: &str = "STRONGROOM_STORE_TEST_FOLDER";
const ACKNOWLEDGED_MIN: usize = 300;
/// More than a child commits before it is killed or its files reach their limit.
const COMMITS_MAX: u64 = 20_000;
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
fn child_commits() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = open(&PathBuf::from(folder));
    let mut out = std::io::stdout();
    let held = store.scan(b"", None, 1000).unwrap().entries.len() as u64;
    for number in held..COMMITS_MAX {
        must(&store, [put(&key(number), Expect::Absent, &value(number))]);
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

/// Not a test of its own: commits until a write fails, which ends the writer and leaves the process to tell what
/// was answered.
#[test]
fn child_commits_until_the_writer_ends() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let options = SqliteOptions {
        fatal: |reason| panic!("{reason}"),
        ..SqliteOptions::default()
    };
    let store = try_open(&PathBuf::from(folder), options).unwrap();
    for number in 0..COMMITS_MAX {
        let write = put(&key(number), Expect::Absent, &value(number));
        let Ok(Outcome::Committed { .. }) = commit(&store, [write]) else {
            break;
        };
        println!("acknowledged {number}");
    }
}

fn child(program: &str, arguments: &[&OsStr], folder: &Path) -> Command {
    child_of("crash::child_commits", program, arguments, folder)
}

fn child_of(test: &str, program: &str, arguments: &[&OsStr], folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .args([test, "--exact", "--nocapture"])
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

/// Runs `test` in a child whose files may not grow beyond a limit: a write of SQLite then fails with something else
/// than a full disk.
fn limited_child(test: &str, folder: &Path) -> Command {
    let program = std::env::current_exe().unwrap();
    let script = r#"trap '' XFSZ; ulimit -c 0; ulimit -f 600; exec "$0" "$@""#;
    let arguments = [OsStr::new("-c"), OsStr::new(script), program.as_os_str()];
    child_of(test, "sh", &arguments, folder)
}

fn last_acknowledged(out: impl Read) -> Option<u64> {
    let lines = BufReader::new(out).lines().map_while(Result::ok);
    lines.filter_map(|line| acknowledged(&line)).last()
}

#[test]
fn a_failed_write_ends_the_process() {
    let folder = scratch();
    let mut child = limited_child("crash::child_commits", folder.path())
        .spawn()
        .unwrap();
    let last = last_acknowledged(child.stdout.take().unwrap());
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

/// The commit whose write fails is the last one, so one that was answered before it was written is not there.
#[test]
fn no_commit_is_answered_before_it_is_written() {
    let folder = scratch();
    let mut child = limited_child("crash::child_commits_until_the_writer_ends", folder.path())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let last = last_acknowledged(child.stdout.take().unwrap());
    assert!(child.wait().unwrap().success());
    let last = last.unwrap();
    check_acknowledged(folder.path(), last);
    assert_eq!(open(folder.path()).get(&key(last + 1)), Ok(None));
}
