//! Starts the key process and holds the connection to the one that runs now.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_send_buffer_size};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use strongroom_hsm_api::command::Command as HsmCommand;
use tokio::process::{Child, Command};

use super::client::{Answer, Client};

/// Room for several messages of the largest size in each direction.
const SOCKET_BUFFER_BYTES: usize = 1 << 20;

/// The file that is executed as key process.
#[derive(Clone, Debug)]
pub struct Program(PathBuf);

/// Why there is no key process.
pub type StartError = io::Error;

/// The key process that runs now, if one does.
#[derive(Clone, Default)]
pub struct KeyProcess {
    current: Arc<ArcSwapOption<Client>>,
}

impl KeyProcess {
    /// Sends `command` to the process that runs now; [`CallError::Lost`](super::CallError::Lost) when none does.
    pub fn call<'a, C: HsmCommand<'a>>(&self, command: &C) -> Answer<C::Reply> {
        match self.current.load_full() {
            Some(client) => client.call(command),
            None => Answer::lost(),
        }
    }

    /// The connection to the process that runs now.
    pub(crate) fn current(&self) -> Option<Arc<Client>> {
        self.current.load_full()
    }

    /// How many calls wait for a reply of the process that runs now.
    pub fn calls_in_flight(&self) -> usize {
        let client = self.current.load();
        client.as_ref().map_or(0, |client| client.calls_in_flight())
    }

    /// Makes `client` the connection that calls use.
    pub fn connect(&self, client: Client) {
        self.current.store(Some(Arc::new(client)));
    }

    /// Whether a process runs.
    pub fn is_connected(&self) -> bool {
        self.current.load().is_some()
    }

    /// Says that no process runs.
    pub fn disconnect(&self) {
        self.current.store(None);
    }
}

/// A started process: its handle, and our end of its socket.
pub struct Started {
    /// Ends with the process; dropping it kills the process.
    pub child: Child,
    /// Our end.
    pub socket: OwnedFd,
}

/// Where key processes come from.
pub trait KeyProcesses: Send + Sync {
    /// Starts a key process whose whole world is the other end of the socket, and which ends when ours closes.
    fn launch(&self) -> Result<Launched, StartError>;
}

/// A key process that was started, whatever it is.
pub struct Launched {
    /// Dropping it ends the process.
    pub process: Box<dyn Send>,
    /// Our end of its socket.
    pub socket: OwnedFd,
}

impl KeyProcesses for Program {
    fn launch(&self) -> Result<Launched, StartError> {
        let Started { child, socket } = self.start()?;
        Ok(Launched {
            process: Box::new(child),
            socket,
        })
    }
}

impl Program {
    /// The file that runs now, even if another has taken its name since: both processes must speak the
    /// same commands.
    pub fn itself() -> Self {
        Self("/proc/self/exe".into())
    }

    /// The file at `path`, for tests that are not the binary themselves.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Starts a key process whose whole world is the socket on its standard input. It inherits standard
    /// error and nothing else, and ends when our end of the socket closes.
    pub fn start(&self) -> Result<Started, StartError> {
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        for socket in [&ours, &theirs] {
            set_socket_send_buffer_size(socket, SOCKET_BUFFER_BYTES)?;
            set_socket_recv_buffer_size(socket, SOCKET_BUFFER_BYTES)?;
        }
        let child = Command::new(&self.0)
            .arg0("strongroom")
            .arg("hsm")
            .env_clear()
            .current_dir("/")
            // What a terminal sends to the service's group is not meant for it: requests under way end first.
            .process_group(0)
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Started {
            child,
            socket: ours,
        })
    }
}
