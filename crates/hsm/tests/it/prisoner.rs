//! Runs `examples/jailed` as a child, with one end of a socketpair as its standard input.

use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};

/// A child in the jail; ends when dropped, because its socket closes.
pub(crate) struct Prisoner {
    child: Child,
    channel: Option<UnixStream>,
}

impl Prisoner {
    pub(crate) fn start(stage: &str, source: &str, what: &str) -> Self {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let child = Command::new(program())
            .args([stage, source, what])
            .env_clear()
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("examples/jailed is built by `cargo test` without a filter on targets");
        Self {
            child,
            channel: Some(ours),
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the child says next; empty when it is gone.
    pub(crate) fn hear(&mut self) -> String {
        let mut said = [0; 4096];
        let length = self.channel.as_mut().unwrap().read(&mut said).unwrap_or(0);
        String::from_utf8(said[..length].to_vec()).unwrap()
    }

    pub(crate) fn say(&mut self, text: &str) {
        std::io::Write::write_all(self.channel.as_mut().unwrap(), text.as_bytes()).unwrap();
    }

    /// Closes the socket, waits for the end, and answers it with what was on standard error.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        drop(self.channel.take());
        let mut errors = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut errors).unwrap();
        }
        (self.child.wait().unwrap(), errors)
    }
}

impl Drop for Prisoner {
    fn drop(&mut self) {
        let _ended = self.end();
    }
}

fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.parent().and_then(|deps| deps.parent()).unwrap();
    profile.join("examples/jailed")
}
