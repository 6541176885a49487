//! The anchor of an engine: statements from the key process that runs now, kept in the anchor file. It works on the
//! thread that writes the store, and never waits for a key process that does not answer.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use strongroom_base::Clock;
use strongroom_hsm_api::command::AdvanceAnchor;
use strongroom_store::{Anchor, Root, Statement, StoreError};

use super::file::AnchorFile;
use super::read_statement;
use crate::key_process::{CallError, KeyProcess};

/// A statement takes a fraction of a millisecond: a key process that takes so long is stopped or gone.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);

pub(super) struct Link {
    pub(super) key_process: KeyProcess,
    pub(super) file: AnchorFile,
    pub(super) clock: Arc<dyn Clock>,
}

impl Anchor for Link {
    fn advance(&self, base: u64, root: &Root) -> Result<Statement, StoreError> {
        let root = root.to_bytes();
        let answer = self.key_process.call(&AdvanceAnchor { base, root });
        let anchored = wait_for(answer, &*self.clock).unwrap_or(Err(CallError::Lost));
        let statement = anchored.and_then(|anchored| read_statement(anchored.statement));
        statement.map_err(|error| {
            if error == CallError::Overloaded {
                return StoreError::Busy;
            }
            tracing::warn!(
                ?error,
                "the key process makes no statement of the store: nothing is changed"
            );
            StoreError::Unanchored
        })
    }

    fn publish(&self, statement: &Statement) -> io::Result<()> {
        self.file.publish(&statement.bytes)
    }
}

/// Wakes a thread that is parked.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The output of `future`, unless it takes longer than [`ANSWER_TIME_MAX`]. Blocks this thread, which no runtime may
/// own: the runtime, too, may end meanwhile.
fn wait_for<F: Future>(future: F, clock: &dyn Clock) -> Option<F::Output> {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let start = clock.monotonic();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        let waited = clock.monotonic().since(start);
        let rest = ANSWER_TIME_MAX.checked_sub(waited)?;
        std::thread::park_timeout(rest);
    }
}
