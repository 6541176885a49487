//! What is counted while the service works, and how it is told as OpenMetrics text. Counting is an addition to an
//! atomic of the thread's own; nothing here takes a lock, allocates, or learns of keys, callers and inputs.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use strongroom_aws::error::{Exception, KmsException};

use crate::failure::Failure;
use crate::ops::{OPS, Op};

mod durations;
mod families;
mod standing;

use durations::{Durations, Spread};
pub use families::{CONTENT_TYPE, openmetrics};

/// Threads take shards in turns: with fewer threads than this, no two write to one line of memory.
const SHARDS: usize = 8;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// With an output.
    Success,
    /// The caller may not.
    Denied,
    /// What the client asked for cannot be done.
    ClientError,
    /// Too much at one time.
    Throttled,
    /// It is the service's own fault.
    ServerError,
}

impl CallResult {
    /// Every result, in the order of the counters.
    pub const ALL: [Self; 5] = [
        Self::Success,
        Self::Denied,
        Self::ClientError,
        Self::Throttled,
        Self::ServerError,
    ];

    /// The value of the label `result`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Denied => "denied",
            Self::ClientError => "client_error",
            Self::Throttled => "throttled",
            Self::ServerError => "server_error",
        }
    }

    /// What the outcome of a call counts as.
    pub fn of<T>(outcome: &Result<T, Failure>) -> Self {
        match outcome {
            Ok(_) => Self::Success,
            Err(Failure::Refused(refusal)) => Self::of_exception(refusal.exception),
            Err(failure) => Self::of_exception(failure.refusal().exception),
        }
    }

    fn of_exception(exception: Exception) -> Self {
        match exception {
            Exception::Kms(KmsException::AccessDenied) => Self::Denied,
            Exception::Kms(KmsException::Throttling) => Self::Throttled,
            other if other.status() >= 500 => Self::ServerError,
            _ => Self::ClientError,
        }
    }
}

/// Why a request was answered before it became a call of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// Nobody known signed it.
    Unauthenticated,
    /// The domain is sealed.
    Sealed,
    /// It cannot be received or read: its framing, its length, its JSON or form.
    Unreadable,
    /// There is no such operation.
    UnknownOperation,
    /// It is the service's own fault.
    ServerError,
}

impl Rejection {
    /// Every reason, in the order of the counters.
    pub const ALL: [Self; 5] = [
        Self::Unauthenticated,
        Self::Sealed,
        Self::Unreadable,
        Self::UnknownOperation,
        Self::ServerError,
    ];

    /// The value of the label `reason`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::Sealed => "sealed",
            Self::Unreadable => "unreadable",
            Self::UnknownOperation => "unknown_operation",
            Self::ServerError => "server_error",
        }
    }
}

/// How a commit to the store ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitResult {
    Committed,
    Conflict,
    Failed,
}

const COMMIT_RESULTS: usize = 3;

macro_rules! cache_names {
    ($($variant:ident $label:literal),* $(,)?) => {
        /// A cache whose look-ups are counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum CacheName {
            $($variant,)*
        }

        impl CacheName {
            /// Every cache, in the order of the counters.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The value of the label `cache`.
            pub(crate) fn label(self) -> &'static str {
                match self {
                    $(Self::$variant => $label,)*
                }
            }
        }
    };
}

cache_names!(
    AccessKeys "access_keys",
    Aliases "aliases",
    DefaultPolicies "default_policies",
    EntityIds "entity_ids",
    Grantees "grantees",
    Groups "groups",
    Guardrails "guardrails",
    Strictness "strictness",
    KeyPolicies "key_policies",
    Keys "keys",
    ManagedPolicies "managed_policies",
    Materials "materials",
    Roles "roles",
    Sessions "sessions",
    SigningKeys "signing_keys",
    Users "users",
);

const CACHES: usize = CacheName::ALL.len();

/// Everything that is counted. Shared by all parts of the service; it outlives seals.
pub struct Metrics {
    shards: [Shard; SHARDS],
    connections: AtomicU64,
    key_process_restarts: AtomicU64,
}

/// What some of the threads counted. Aligned to two lines of memory, as processors fetch them in pairs.
#[repr(align(128))]
struct Shard {
    /// In the order of [`OPS`].
    operations: Box<[Operation]>,
    rejections: [AtomicU64; Rejection::ALL.len()],
    commits: [AtomicU64; COMMIT_RESULTS],
    commit_durations: Durations,
    key_process_durations: Durations,
    hits: [AtomicU64; CACHES],
    misses: [AtomicU64; CACHES],
}

#[derive(Default)]
struct Operation {
    results: [AtomicU64; CallResult::ALL.len()],
    durations: Durations,
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            operations: OPS.iter().map(|_| Operation::default()).collect(),
            rejections: Default::default(),
            commits: Default::default(),
            commit_durations: Durations::default(),
            key_process_durations: Durations::default(),
            hits: Default::default(),
            misses: Default::default(),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Shard::default()),
            connections: AtomicU64::new(0),
            key_process_restarts: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// Counts a call of `op` that took this long from its authentication to its answer.
    pub fn note_call(&self, op: &'static Op, result: CallResult, took: Duration) {
        let operations = &self.shard().operations;
        let Some(operation) = OPS.element_offset(op).and_then(|at| operations.get(at)) else {
            return;
        };
        add(&operation.results, result as usize);
        operation.durations.note(took);
    }

    /// Counts a request that became no call.
    pub fn note_rejection(&self, rejection: Rejection) {
        add(&self.shard().rejections, rejection as usize);
    }

    /// Counts a connection until what is returned is dropped.
    pub(crate) fn connection(self: &Arc<Self>) -> Connected {
        self.connections.fetch_add(1, Ordering::Relaxed);
        Connected(Arc::clone(self))
    }

    /// Counts a reply of the key process that came this long after its call was made.
    pub(crate) fn note_key_process_reply(&self, took: Duration) {
        self.shard().key_process_durations.note(took);
    }

    /// Counts that a key process was started in place of one that ended.
    pub(crate) fn note_key_process_restart(&self) {
        self.key_process_restarts.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a commit that took this long from its request to its answer.
    pub(crate) fn note_commit(&self, result: CommitResult, took: Duration) {
        let shard = self.shard();
        add(&shard.commits, result as usize);
        shard.commit_durations.note(took);
    }

    /// Counts that a cache had what was asked for.
    pub(crate) fn note_hit(&self, cache: CacheName) {
        add(&self.shard().hits, cache as usize);
    }

    /// Counts that a cache did not have what was asked for.
    pub(crate) fn note_miss(&self, cache: CacheName) {
        add(&self.shard().misses, cache as usize);
    }

    /// The shard of this thread.
    fn shard(&self) -> &Shard {
        let [first, ..] = &self.shards;
        self.shards.get(own_shard()).unwrap_or(first)
    }

    /// The sum of a counter over all threads.
    fn sum<'m>(&'m self, counter: impl Fn(&'m Shard) -> Option<&'m AtomicU64>) -> u64 {
        let counters = self.shards.iter().filter_map(counter);
        counters
            .map(|counter| counter.load(Ordering::Relaxed))
            .sum()
    }

    /// The durations of all threads together.
    fn spread<'m>(&'m self, durations: impl Fn(&'m Shard) -> Option<&'m Durations>) -> Spread {
        let all = self.shards.iter().filter_map(durations);
        all.fold(Spread::default(), Spread::with)
    }
}

/// An open connection, counted while this lives.
pub(crate) struct Connected(Arc<Metrics>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

fn add(counters: &[AtomicU64], at: usize) {
    if let Some(counter) = counters.get(at) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn own_shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    const NONE: usize = usize::MAX;
    thread_local! {
        static OWN: Cell<usize> = const { Cell::new(NONE) };
    }
    OWN.with(|own| {
        if own.get() == NONE {
            own.set(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        own.get()
    })
}

#[cfg(test)]
mod tests;
