//! A running server: the real binary, ready on a port of its own. Ended by its process id, never by name.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::Signal;

use crate::program::Program;
use crate::{Client, Process, Watcher, eventually};

const ANY_PORT: &str = "127.0.0.1:0";
const START_MAX: Duration = Duration::from_secs(30);
const END_MAX: Duration = Duration::from_secs(20);

/// A running server; killed when this value is dropped.
pub struct Server {
    program: Program,
    arguments: Vec<String>,
    folder: PathBuf,
    child: Child,
    addresses: Addresses,
}

/// Where a server listens.
struct Addresses {
    public: SocketAddr,
    metrics: Option<SocketAddr>,
}

/// How a server that does not start ended.
#[derive(Debug)]
pub struct Ending {
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Server {
    /// `strongroom dev` on the folder `data`, on a free port. Its standard error goes to a file beside the folder.
    pub fn dev(program: &Program, data: &Path) -> Self {
        Self::try_dev(program, data).unwrap_or_else(|ending| panic!("{}", ending.stderr))
    }

    /// The same with more arguments, for a server that must start.
    pub fn dev_with(program: &Program, data: &Path, more: &[&str]) -> Self {
        Self::try_dev_with(program, data, more).unwrap_or_else(|ending| panic!("{}", ending.stderr))
    }

    /// The same on another address, for a server that must start.
    pub fn dev_on(program: &Program, data: &Path, address: &str, more: &[&str]) -> Self {
        Self::try_dev_on(program, data, address, more)
            .unwrap_or_else(|ending| panic!("{}", ending.stderr))
    }

    /// `strongroom dev` for a server that may refuse to start.
    pub fn try_dev(program: &Program, data: &Path) -> Result<Self, Ending> {
        Self::try_dev_with(program, data, &[])
    }

    /// The same with more arguments.
    pub fn try_dev_with(program: &Program, data: &Path, more: &[&str]) -> Result<Self, Ending> {
        Self::try_dev_on(program, data, ANY_PORT, more)
    }

    fn try_dev_on(
        program: &Program,
        data: &Path,
        address: &str,
        more: &[&str],
    ) -> Result<Self, Ending> {
        let path = data.display().to_string();
        let arguments = ["dev", "--listen", address, "--json", "--data", &path];
        Self::start(program, &[&arguments, more].concat(), data)
    }

    /// `strongroom serve` with the configuration file `config`.
    pub fn serve(program: &Program, config: &Path) -> Self {
        Self::try_serve(program, config).unwrap_or_else(|ending| panic!("{}", ending.stderr))
    }

    /// The same for a server that may refuse to start.
    pub fn try_serve(program: &Program, config: &Path) -> Result<Self, Ending> {
        let path = config.display().to_string();
        Self::start(program, &["serve", "--config", &path], config)
    }

    fn start(program: &Program, arguments: &[&str], beside: &Path) -> Result<Self, Ending> {
        let folder = beside.parent().expect("a folder to log to").to_owned();
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let (child, addresses) = launch(program, &arguments, &folder)?;
        Ok(Self {
            program: program.clone(),
            arguments,
            folder,
            child,
            addresses,
        })
    }

    /// Starts it again, after it ended, with the same arguments. The port may be another.
    pub fn restart(&mut self) {
        assert!(
            matches!(self.child.try_wait(), Ok(Some(_))),
            "the server still runs"
        );
        let started = launch(&self.program, &self.arguments, &self.folder);
        (self.child, self.addresses) = started.unwrap_or_else(|ending| panic!("{}", ending.stderr));
    }

    /// Starts it again, after it ended, and kills it when `moment` has passed, however far it came. Returns its key
    /// processes, which may still be ending.
    pub fn stumble(&mut self, moment: impl FnOnce()) -> Vec<Process> {
        self.child = spawn(&self.program, &self.arguments, &log_path(&self.folder));
        moment();
        let key_processes = self.process().children();
        self.kill();
        key_processes
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.addresses.public
    }

    /// A client of the listener for metrics, health and readiness, which the server must have.
    pub fn watcher(&self) -> Watcher {
        let address = self.addresses.metrics;
        Watcher::new(address.expect("the server was told to tell metrics"))
    }

    /// A client of the development account.
    pub fn client(&self) -> Client {
        Client::new(self.address(), "test", "test")
    }

    /// A client with other credentials.
    pub fn client_as(&self, access_key_id: &str, secret_access_key: &str) -> Client {
        Client::new(self.address(), access_key_id, secret_access_key)
    }

    /// The service process.
    pub fn process(&self) -> Process {
        Process::find(self.child.id()).expect("the service runs")
    }

    /// The key process, as soon as there is one.
    pub fn key_process(&self) -> Process {
        let service = self.process();
        eventually("a key process", START_MAX, || {
            service.children().first().copied()
        })
    }

    /// Kills the service without warning; returns when it is gone.
    pub fn kill(&mut self) {
        // It may have ended by itself; waiting tells either way.
        let _ = self.child.kill();
        self.child.wait().expect("the service can be waited for");
    }

    /// Tells the service to end, and waits for it.
    pub fn terminate(&mut self) -> ExitStatus {
        self.process().signal(Signal::TERM);
        self.wait()
    }

    /// Whether the service has not ended by itself.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Tells the service to end if it has not yet, and waits for it.
    pub fn try_terminate(&mut self) -> ExitStatus {
        if let Some(process) = Process::find(self.child.id()) {
            process.signal(Signal::TERM);
        }
        self.wait()
    }

    /// Waits for the service to end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the end of the server", END_MAX, || {
            self.child
                .try_wait()
                .expect("the service can be waited for")
        })
    }

    /// What it wrote to standard error since it was started last.
    pub fn stderr(&self) -> String {
        read_log(&log_path(&self.folder))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn log_path(folder: &Path) -> PathBuf {
    folder.join("stderr.log")
}

fn read_log(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn launch(
    program: &Program,
    arguments: &[String],
    folder: &Path,
) -> Result<(Child, Addresses), Ending> {
    let log = log_path(folder);
    let mut child = spawn(program, arguments, &log);
    let line = first_line(child.stdout.take().expect("a pipe"));
    match addresses(&line) {
        Some(addresses) => Ok((child, addresses)),
        None => {
            let _already_ended = child.kill();
            let _status = child.wait();
            let stderr = read_log(&log);
            Err(Ending { stderr })
        }
    }
}

fn spawn(program: &Program, arguments: &[String], log: &Path) -> Child {
    let mut command = program.command();
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::piped());
    command.stderr(File::create(log).expect("a log file"));
    command.spawn().expect("the server can be run")
}

/// The first line the server prints, or nothing when it ends or takes too long. The rest is read and dropped,
/// so that the server never waits for a reader.
fn first_line(stdout: impl Read + Send + 'static) -> String {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _only_the_first_is_received = send.send(line);
        }
    });
    receive.recv_timeout(START_MAX).unwrap_or_default()
}

/// The addresses in a ready line: what follows `http://` up to a character no address has, of metrics the second.
fn addresses(line: &str) -> Option<Addresses> {
    let mut found = line.split("http://").skip(1).map(|rest| {
        let end = rest.find(['"', ',', '/', ' ']).unwrap_or(rest.len());
        rest.get(..end)?.parse().ok()
    });
    Some(Addresses {
        public: found.next()??,
        metrics: found.next().flatten(),
    })
}
