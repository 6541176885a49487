//! How far the audit log was signed in this life of the key process. It never goes back: nothing but the end
//! of the process resets it, and then the boot is another.

use std::sync::{Mutex, PoisonError};

use strongroom_base::Random;
use strongroom_hsm_api::Code;

use super::Outcome;

/// Where a log stands.
#[derive(Clone, Copy)]
pub(super) struct Position {
    pub(super) writer: [u8; 16],
    pub(super) sequence: u64,
}

/// The checkpoints of this life.
pub(super) struct Checkpoints {
    boot: [u8; 16],
    last: Mutex<Option<Position>>,
}

impl Checkpoints {
    pub(super) fn new(random: &dyn Random) -> Self {
        let mut boot = [0; 16];
        random.fill(&mut boot);
        Self {
            boot,
            last: Mutex::new(None),
        }
    }

    /// Names this life.
    pub(super) fn boot(&self) -> [u8; 16] {
        self.boot
    }

    /// Takes `next` as the last position, if it is the first, or the same writer's and after the last.
    pub(super) fn advance(&self, next: Position) -> Outcome<()> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| !last.precedes(&next)) {
            return Err(Code::CheckpointRefused);
        }
        *last = Some(next);
        Ok(())
    }
}

impl Position {
    fn precedes(&self, next: &Self) -> bool {
        self.writer == next.writer && self.sequence < next.sequence
    }
}
