//! A real server: the binary with a data folder of its own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::PROGRAM;

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Server {
    /// `strongroom dev` on a new folder.
    pub(crate) fn dev() -> Self {
        Self::dev_in(tempfile::tempdir().unwrap())
    }

    /// `strongroom dev` on the folder that another left.
    pub(crate) fn dev_in(folder: TempDir) -> Self {
        let data = folder.path().join("data");
        let (child, line) = start(
            Command::new(PROGRAM)
                .args(["dev", "--json", "--listen", "127.0.0.1:0", "--data"])
                .arg(&data),
        );
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let endpoint = ready["endpoint"].as_str().unwrap();
        Self {
            child,
            address: endpoint.strip_prefix("http://").unwrap().parse().unwrap(),
            folder,
        }
    }

    /// `strongroom serve` with the configuration in `folder`.
    pub(crate) fn serve(folder: TempDir) -> Self {
        let (child, line) = start(
            Command::new(PROGRAM)
                .arg("serve")
                .arg("--config")
                .arg(folder.path().join("strongroom.toml")),
        );
        let (_, rest) = line.split_once("://").expect(&line);
        let (address, _) = rest.split_once(',').unwrap();
        Self {
            child,
            address: address.parse().unwrap(),
            folder,
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The key process of this server.
    pub(crate) fn key_process(&self) -> u32 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap();
        let children =
            tasks.filter_map(|task| fs::read_to_string(task.unwrap().path().join("children")).ok());
        let children: String = children.collect::<Vec<_>>().join(" ");
        let mut pids = children.split_whitespace();
        let pid = pids.next().expect("a server has a key process");
        assert_eq!(pids.next(), None, "a server has one child");
        pid.parse().unwrap()
    }

    /// Runs an operator's command against this server.
    pub(crate) fn operate(&self, arguments: &[&str]) {
        run(Command::new(PROGRAM)
            .args(arguments)
            .arg("--data")
            .arg(self.data()));
    }

    /// Sends `signal`, waits for the end, and keeps the folder.
    pub(crate) fn end(mut self, signal: Signal) -> (TempDir, ExitStatus) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
        let status = self.child.wait().unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        (folder, status)
    }

    /// A copy of the data folder as it is now, without the lock and the operators' socket.
    pub(crate) fn copy_data(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_files(&self.data(), copy.path());
        copy
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Copies the regular files of `from` to `to`.
pub(crate) fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy_files(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Starts a server; its first line.
fn start(command: &mut Command) -> (Child, String) {
    let mut child = command
        .env("STRONGROOM_LOG", "warn")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(!line.is_empty(), "the server did not start");
    (child, line)
}

/// Runs a command that must succeed; what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}
