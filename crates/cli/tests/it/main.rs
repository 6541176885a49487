//! The binary as a whole: real processes, killed, starved, damaged and lied to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, and its output is for people"
)]

mod access;
mod anchor;
mod audit;
mod audit_keys;
mod audit_verify;
mod bad_input;
mod campaign;
mod damage;
mod domain;
mod full_disk;
mod kill;
mod load;
mod materials;
mod metrics;
mod operators;
mod seal;
mod services;
mod usage;

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use strongroom_testkit::{Program, TempDir, tempdir};

fn program() -> Program {
    Program::new(env!("CARGO_BIN_EXE_strongroom"))
}

/// A folder for one test, and the test's turn on the machine.
struct Scratch {
    folder: TempDir,
    _turn: File,
}

impl Scratch {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Waits for the turn. Tests that measure time have the machine for themselves, whether the others are threads
    /// or processes.
    fn new(turn: FlockOperation) -> (Self, PathBuf) {
        Self::within(tempdir().unwrap(), turn)
    }

    fn within(folder: TempDir, turn: FlockOperation) -> (Self, PathBuf) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("strongroom-it.lock");
        let lock = File::create(path).unwrap();
        flock(&lock, turn).unwrap();
        let scratch = Self {
            folder,
            _turn: lock,
        };
        let data = scratch.path().join("data");
        (scratch, data)
    }
}

/// A folder for one test, and in it the path of a data folder that is not there yet.
fn scratch() -> (Scratch, PathBuf) {
    Scratch::new(FlockOperation::LockShared)
}

/// The same in memory, where the machine offers it, for a test that syncs a lot.
fn scratch_in_memory() -> (Scratch, PathBuf) {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempdir().unwrap());
    Scratch::within(folder, FlockOperation::LockShared)
}

/// The same for a test that measures time.
fn scratch_alone() -> (Scratch, PathBuf) {
    Scratch::new(FlockOperation::LockExclusive)
}

/// Copies the files of a data folder, without its sockets.
fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, target) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy_folder(&entry.path(), &target);
        } else if kind.is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
