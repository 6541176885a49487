//! The `strongroom` binary under test, as people use it: run it, look at its output.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The binary under test.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    variables: Vec<(String, String)>,
    /// What it is run by, such as strace with its options.
    under: Vec<String>,
}

/// A command that ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether its exit status is 0.
    pub succeeded: bool,
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
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
            variables: Vec::new(),
            under: Vec::new(),
        }
    }

    /// The same, run by another program with the arguments it takes before ours; it must keep the process id.
    pub(crate) fn under(mut self, words: &[&str]) -> Self {
        self.under = words.iter().map(ToString::to_string).collect();
        self
    }

    /// The same with an environment variable.
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The binary.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command that runs it in its environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = match self.under.as_slice() {
            [] => Command::new(&self.path),
            [tracer, words @ ..] => {
                let mut command = Command::new(tracer);
                command.args(words).arg(&self.path);
                command
            }
        };
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
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
            code: status.code(),
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
