//! The `strongroom` binary under test, as people use it: run it, look at its output.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The binary under test.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    log: Option<String>,
}

/// A command that ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether its exit status is 0.
    pub succeeded: bool,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Program {
    /// The binary at `path`; tests pass `env!("CARGO_BIN_EXE_strongroom")`.
    pub fn new(path: &str) -> Self {
        Self {
            path: PathBuf::from(path),
            log: None,
        }
    }

    /// The same with STRONGROOM_LOG set to `log`.
    pub fn logging(mut self, log: &str) -> Self {
        self.log = Some(log.to_owned());
        self
    }

    /// The binary.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command that runs it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if let Some(log) = &self.log {
            command.env("STRONGROOM_LOG", log);
        }
        command
    }

    /// Runs it to its end with `arguments`.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Ended {
        let output = self.command().args(arguments).stdin(Stdio::null()).output();
        let Output {
            status,
            stdout,
            stderr,
        } = output.expect("the program can be run");
        Ended {
            succeeded: status.success(),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}

impl Ended {
    /// Its output; panics when it failed.
    pub fn succeeded(self) -> String {
        assert!(self.succeeded, "{self:?}");
        self.stdout
    }

    /// What it complained of; panics when it did not fail.
    pub fn failed(self) -> String {
        assert!(!self.succeeded, "{self:?}");
        self.stderr
    }
}
