//! The key process of a simulated machine: the real core, on the runtime of the service, so that commands are
//! carried out in the order in which they were sent. It can be told to end at any of them.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use strongroom_base::{Clock, Random};
use strongroom_hsm::core::{Core, NoMemory, Setup};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{Command, GenerateKey};
use strongroom_hsm_api::frame::{MESSAGE_LENGTH_MAX, RequestFrame, append_reply, frames};
use strongroom_kms::key_process::{KeyProcesses, Launched, StartError};
use tokio::net::UnixDatagram;

const KEY_CACHE_BYTES: usize = 1 << 18;
/// What the identities of the keys begin with that sign the audit log.
const AUDIT_IDENTITY: &[u8] = b"audit/";

/// Where the key processes of a simulated machine come from.
pub(super) struct SimKeyProcesses {
    /// What they draw from.
    pub(super) random: Arc<dyn Random>,
    /// Their clock.
    pub(super) clock: Arc<dyn Clock>,
    /// When one ends.
    pub(super) fuse: Arc<Fuse>,
    /// How many were launched.
    pub(super) launched: Arc<AtomicU64>,
}

/// After how many more commands the key process ends, before it carries one out.
pub(super) struct Fuse {
    left: AtomicI64,
    blown: AtomicU64,
}

impl Default for Fuse {
    fn default() -> Self {
        Self {
            left: AtomicI64::new(i64::MAX),
            blown: AtomicU64::new(0),
        }
    }
}

impl Fuse {
    /// Lets the key process end after `commands` more.
    pub(super) fn light(&self, commands: i64) {
        self.left.store(commands, Ordering::SeqCst);
    }

    /// Takes the plan back.
    pub(super) fn put_out(&self) {
        self.left.store(i64::MAX, Ordering::SeqCst);
    }

    /// How many ended by it since the beginning.
    pub(super) fn blown(&self) -> u64 {
        self.blown.load(Ordering::SeqCst)
    }

    fn burns_down(&self) -> bool {
        if self.left.fetch_sub(1, Ordering::SeqCst) > 0 {
            return false;
        }
        self.left.store(i64::MAX, Ordering::SeqCst);
        self.blown.fetch_add(1, Ordering::SeqCst);
        true
    }
}

impl KeyProcesses for SimKeyProcesses {
    fn launch(&self) -> Result<Launched, StartError> {
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let core = Core::new(Setup {
            random: Arc::clone(&self.random),
            clock: Arc::clone(&self.clock),
            working_memory: Box::new(NoMemory),
            key_cache_bytes: KEY_CACHE_BYTES,
            protections: Vec::new(),
            self_tests_passed: Some(1),
        });
        self.launched.fetch_add(1, Ordering::SeqCst);
        let serving = tokio::spawn(serve(core, socket(theirs)?, Arc::clone(&self.fuse)));
        Ok(Launched {
            process: Box::new(Ended(serving)),
            socket: ours,
        })
    }
}

struct Ended(tokio::task::JoinHandle<()>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.abort();
    }
}

// A SOCK_SEQPACKET socket keeps messages apart as datagram sockets do.
fn socket(end: OwnedFd) -> std::io::Result<UnixDatagram> {
    let socket = std::os::unix::net::UnixDatagram::from(end);
    socket.set_nonblocking(true)?;
    UnixDatagram::from_std(socket)
}

async fn serve(core: Core, socket: UnixDatagram, fuse: Arc<Fuse>) {
    let mut message = vec![0; MESSAGE_LENGTH_MAX];
    loop {
        let Ok(received @ 1..) = socket.recv(&mut message).await else {
            return;
        };
        for frame in frames::<RequestFrame<'_>>(&message[..received]) {
            let request = frame.expect("a frame of the service");
            if fuse.burns_down() {
                return;
            }
            let mut reply = Vec::new();
            carry_out(&core, &request, &mut reply);
            if socket.send(&reply).await.is_err() {
                return;
            }
        }
    }
}

/// The keys that sign the audit log are key pairs, whose generation the crypto library feeds with chance of its
/// own: a seed could not have them again, so there are none. No reply depends on them.
fn carry_out(core: &Core, request: &RequestFrame<'_>, reply: &mut Vec<u8>) {
    let signs_audit = request.command == GenerateKey::NUMBER
        && (request.body.windows(AUDIT_IDENTITY.len())).any(|part| part == AUDIT_IDENTITY);
    match signs_audit {
        true => append_reply(reply, request.id, Code::Busy, |_| {}),
        false => core.handle(request, reply),
    }
}
