//! The server the suites talk to: the release binary in development mode, on a port of its own, with fresh
//! data. Ended by its process id, never by name.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::Outcome;
use crate::run::{cargo, root, run, target};

const START_SECONDS_MAX: u64 = 60;

/// A running server; ends with this value.
pub(crate) struct Server {
    child: Child,
    /// For suites that start servers of their own.
    binary: PathBuf,
    pub(crate) endpoint: String,
    metrics: String,
}

impl Server {
    /// Starts the binary that [`build`] made, with its data under `name` in the target folder.
    pub(crate) fn start(name: &str) -> Outcome<Self> {
        let target = target()?;
        let mut command = Command::new(target.join("release").join("strongroom"));
        command
            .args(["dev", "--attestation-roots"])
            .arg(root().join("conformance/support/attestation-root.pem"))
            .arg("--oidc")
            .arg(root().join("conformance/support/oidc.toml"));
        Self::run(command, &target.join("conform").join(name))
    }

    /// Starts `command`, a `strongroom dev`, with fresh data and its log in `folder`.
    pub(crate) fn run(mut command: Command, folder: &Path) -> Outcome<Self> {
        empty(folder)?;
        let binary = PathBuf::from(command.get_program());
        command
            .args(["--listen", "127.0.0.1:0", "--json"])
            .args(["--metrics", "127.0.0.1:0", "--data"])
            .arg(folder.join("data"));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let log = fs::File::create(folder.join("stderr"))
            .map_err(|error| format!("server log: {error}"))?;
        command.stderr(log);
        let mut child = command
            .spawn()
            .map_err(|error| format!("the server cannot be run: {error}"))?;
        let line = child.stdout.take().map(first_line).unwrap_or_default();
        // Only now, so that the child is ended whatever the line says.
        let mut server = Self {
            child,
            binary,
            endpoint: String::new(),
            metrics: String::new(),
        };
        let told = |name| {
            member(&line, name).ok_or_else(|| {
                let log = fs::read_to_string(folder.join("stderr")).unwrap_or_default();
                format!("the server did not become ready: {line:?}\n{log}")
            })
        };
        (server.endpoint, server.metrics) = (told("endpoint")?, told("metrics")?);
        Ok(server)
    }

    /// The ids of its processes.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let own = self.child.id();
        let mut found = vec![own];
        found.extend(all_processes().filter(|id| parent(*id) == Some(own)));
        found
    }

    /// Makes `command` talk to this server.
    pub(crate) fn point<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN")
            .env("STRONGROOM", &self.binary)
            .envs([
                ("AWS_ENDPOINT_URL", self.endpoint.as_str()),
                ("STRONGROOM_METRICS", self.metrics.as_str()),
                ("AWS_ACCESS_KEY_ID", "test"),
                ("AWS_SECRET_ACCESS_KEY", "test"),
                ("AWS_REGION", "us-east-1"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
                ("AWS_CONFIG_FILE", "/dev/null"),
                ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
                ("NO_PROXY", "127.0.0.1"),
                ("no_proxy", "127.0.0.1"),
            ])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A server that has already ended cannot be killed; waiting tells either way.
        let _already_ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Builds the binary the suites run against.
pub(crate) fn build() -> Outcome<()> {
    run(cargo().args(["build", "--release", "--package", "strongroom"]))
}

fn empty(folder: &Path) -> Outcome<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("old data of the suite: {error}"))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("data of the suite: {error}"))
}

/// The first line the server prints, or nothing when it ends or takes too long. The rest is read and dropped,
/// so that the server never waits for a reader.
fn first_line(stdout: impl Read + Send + 'static) -> String {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // Only the first line has a receiver.
            let _dropped = send.send(line);
        }
    });
    receive
        .recv_timeout(Duration::from_secs(START_SECONDS_MAX))
        .unwrap_or_default()
}

fn all_processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The parent of a process: what follows its name, which may hold anything, and its state.
fn parent(id: u32) -> Option<u32> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}

/// The text of a member of a flat JSON object without escapes.
fn member(json: &str, name: &str) -> Option<String> {
    let (_, rest) = json.split_once(&format!("\"{name}\":"))?;
    let value = rest.trim_start().strip_prefix('"')?;
    value.split_once('"').map(|(value, _)| value.to_owned())
}

/// The number that is a member of a flat JSON object.
pub(crate) fn number(json: &str, name: &str) -> Option<f64> {
    let (_, rest) = json.split_once(&format!("\"{name}\":"))?;
    let end = rest.find([',', '}'])?;
    rest.get(..end)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{member, number};

    #[test]
    fn the_ready_line_is_read() {
        let line = r#"{"endpoint":"http://127.0.0.1:4599","env": "/x/aws.env"}"#;
        assert_eq!(
            member(line, "endpoint").as_deref(),
            Some("http://127.0.0.1:4599")
        );
        assert_eq!(member(line, "env").as_deref(), Some("/x/aws.env"));
        assert_eq!(member("", "endpoint"), None);
    }

    #[test]
    fn numbers_are_read() {
        let line = r#"{"ok":3,"req_s":1.5}"#;
        assert_eq!(number(line, "ok"), Some(3.0));
        assert_eq!(number(line, "req_s"), Some(1.5));
        assert_eq!(number(line, "p50_us"), None);
    }
}
