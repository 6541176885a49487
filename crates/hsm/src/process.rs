//! `strongroom hsm`: from a fresh process to lanes that serve, in the order of `docs/design/jail.md`.
//! Nothing secret may exist before the last step.

use std::convert::Infallible;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Barrier, OnceLock};

use rustix::process::setpriority_process;
use strongroom_base::env::{SystemClock, SystemRandom};
use strongroom_base::{Clock, Random};
use strongroom_crypto::kdf::Argon2Block;
use strongroom_crypto::random::BackendRandom;
use strongroom_crypto::self_test;
use strongroom_hsm_api::frame::MESSAGE_LENGTH_MAX;
use strongroom_hsm_api::status::Protection;

use crate::arena::{self, Arena, ArenaError, Heap, SCRATCH_BYTES_MAX, Scratch, Source, scratch};
use crate::core::{Core, Setup, WorkingMemory};
use crate::jail::{self, JailError, Options, Protections};
use crate::serve::{Ended, Server};
use crate::threads::{self, SpawnError, THREAD_ARENA_BYTES, park_forever, wipe_registers};

/// What the arena holds besides lanes and keys: the crypto library's state, frames that wait for the
/// slow worker, spare RSA key pairs, control blocks.
const ARENA_BASE_BYTES: usize = 3 << 20;
/// What a lane takes of the arena: its stack, and a buffer for each direction.
const LANE_BYTES: usize = THREAD_ARENA_BYTES + 2 * MESSAGE_LENGTH_MAX;
/// The arena that is asked for; the kernel may grant less.
const ARENA_BYTES_WANTED: usize = 64 << 20;
/// How much the slow worker gives way to lanes, of 19.
const SLOW_NICENESS: i32 = 10;
/// More would not be faster: the service's one socket gives them their work.
const LANES_MAX: usize = 6;

/// Why the process does not start.
#[derive(Debug)]
pub enum StartError {
    /// There is no secret memory to work in.
    Arena(ArenaError),
    /// The crypto library would keep keys outside the arena.
    Allocator,
    /// The passphrase memory could not be mapped.
    Scratch(std::io::Error),
    /// A mandatory protection is missing.
    Jail(JailError),
    /// A thread could not be made.
    Thread(SpawnError),
    /// The kernel grants too little locked memory for a single lane: so many bytes. RLIMIT_MEMLOCK
    /// must be raised.
    NoRoom(usize),
}

/// How a key process is started.
pub struct Start {
    /// Its allocator, which must be the global one.
    pub heap: &'static Heap,
    /// The SOCK_SEQPACKET end to serve.
    pub channel: BorrowedFd<'static>,
}

/// Enters the arena and the jail, runs the self-tests and serves until the socket ends, which ends
/// the process. Returns only when it cannot start. Must be called with a single thread.
pub fn run(start: &Start) -> Result<Infallible, StartError> {
    jail::forbid_dumping().map_err(StartError::Jail)?;
    let arena = Arena::create(ARENA_BYTES_WANTED, Source::Secretmem).map_err(StartError::Arena)?;
    let shelter = arena.shelter();
    let lanes = lanes_within(shelter.bytes)?;
    start.heap.enter_arena(arena).map_err(StartError::Arena)?;
    arena::shelter_crypto_library().map_err(|_| StartError::Allocator)?;
    // The library's first draw asks the kernel for things that the jail forbids later.
    BackendRandom.fill(&mut [0; 32]);
    // Nor may a clock find out later where it is read.
    SystemClock.now();
    // Taken now: without privileges the kernel would not lock as much.
    let working_memory = OneScratch(Some(
        scratch(SCRATCH_BYTES_MAX, Source::Secretmem).map_err(StartError::Scratch)?,
    ));
    let confined = jail::confine(Options::new(start.channel), shelter).map_err(StartError::Jail)?;

    // A quarter stays free: what the crypto library allocates does not fill its pages.
    let left = shelter.bytes - ARENA_BASE_BYTES - THREAD_ARENA_BYTES - lanes * LANE_BYTES;
    let key_cache_bytes = left / 4 * 3;
    let stage = Arc::new(Stage::default());
    spawn_first(start, &stage, working_memory, key_cache_bytes)?;
    for lane in 1..=lanes {
        let stage = Arc::clone(&stage);
        let name = format!("lane{lane}");
        let serve = move || end(stage.server.wait().run_lane(wipe_registers));
        threads::spawn(start.heap, &name, serve).map_err(StartError::Thread)?;
    }
    let protections = confined.seal_off().map_err(StartError::Jail)?;
    // Set once, by this thread alone.
    let _ = stage.jailed.set(protections);
    park_forever()
}

/// One lane per processor, as far as the arena has room for them.
fn lanes_within(arena_bytes: usize) -> Result<usize, StartError> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let room = arena_bytes.saturating_sub(ARENA_BASE_BYTES + THREAD_ARENA_BYTES) / LANE_BYTES;
    match processors.min(LANES_MAX).min(room) {
        0 => Err(StartError::NoRoom(arena_bytes)),
        lanes => Ok(lanes),
    }
}

/// What the threads wait for: the jail, then the server.
#[derive(Default)]
struct Stage {
    jailed: OnceLock<Protections>,
    server: OnceLock<Server<'static>>,
}

/// The first thread makes the core once the jail is shut, and is the slow worker afterwards.
fn spawn_first(
    start: &Start,
    stage: &Arc<Stage>,
    working_memory: OneScratch,
    key_cache_bytes: usize,
) -> Result<(), StartError> {
    let (stage, channel) = (Arc::clone(stage), start.channel);
    let calmed = Arc::new(Barrier::new(2));
    let is_calm = Arc::clone(&calmed);
    let work = move || {
        give_way_to_lanes();
        is_calm.wait();
        let protections = stage.jailed.wait();
        let core = Core::new(Setup {
            random: Arc::new(SystemRandom),
            clock: Arc::new(SystemClock),
            working_memory: Box::new(working_memory),
            key_cache_bytes,
            protections: described(protections),
            self_tests_passed: passed_self_tests(),
        });
        end(stage
            .server
            .get_or_init(|| Server::new(core, channel))
            .run_slow(wipe_registers))
    };
    threads::spawn(start.heap, "slow", work).map_err(StartError::Thread)?;
    // The jail forbids what it is doing.
    calmed.wait();
    Ok(())
}

/// Lowers the priority of this thread: on Linux a priority is one of a thread.
fn give_way_to_lanes() {
    // Where it is refused, the slow worker competes with the lanes, and nothing else is lost.
    let _lowered = setpriority_process(None, SLOW_NICENESS);
}

fn passed_self_tests() -> Option<u32> {
    self_test::run().ok()?;
    u32::try_from(self_test::Check::ALL.len()).ok()
}

fn described(protections: &Protections) -> Vec<Protection> {
    protections
        .describe()
        .map(|(name, held)| Protection {
            name: name.to_owned(),
            held,
        })
        .collect()
}

/// Nobody is left to serve; memory goes with the process.
fn end(Ended: Ended) {
    threads::end_process()
}

/// Argon2id's memory, once: a process unseals at most once, and then gives the memory back.
struct OneScratch(Option<Scratch>);

impl WorkingMemory for OneScratch {
    fn lend(&mut self, kib: u32, work: &mut dyn FnMut(&mut [Argon2Block])) -> bool {
        let wanted = usize::try_from(kib).unwrap_or(usize::MAX);
        let Some(blocks) = self
            .0
            .as_mut()
            .and_then(|scratch| scratch.items_mut::<Argon2Block>().get_mut(..wanted))
        else {
            return false;
        };
        work(blocks);
        true
    }

    fn give_back(&mut self) {
        self.0 = None;
    }
}
