//! How often an account may look up events. What is counted is forgotten after a second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_base::Instant;
use strongroom_base::id::{AccountId, Region};

/// CloudTrail API, LookupEvents: calls of one account in one Region each second.
const CALLS_PER_SECOND_MAX: u32 = 2;
const WINDOW: Duration = Duration::from_secs(1);
/// The most accounts and Regions that are counted at one time; one more has to wait.
const COUNTED_MAX: usize = 4_096;

#[derive(Default)]
pub(super) struct Rates(Mutex<HashMap<(AccountId, Region), Window>>);

struct Window {
    began: Instant,
    calls: u32,
}

impl Window {
    fn is_over(&self, now: Instant) -> bool {
        now.since(self.began) >= WINDOW
    }
}

impl Rates {
    /// Counts a call; whether it may go on.
    pub(super) fn admit(&self, account: &AccountId, region: &Region, now: Instant) -> bool {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (*account, region.clone());
        if windows.len() >= COUNTED_MAX && !windows.contains_key(&key) {
            windows.retain(|_, window| !window.is_over(now));
            if windows.len() >= COUNTED_MAX {
                return false;
            }
        }
        let fresh = || Window {
            began: now,
            calls: 0,
        };
        let window = windows.entry(key).or_insert_with(fresh);
        if window.is_over(now) {
            *window = fresh();
        }
        window.calls = window.calls.saturating_add(1);
        window.calls <= CALLS_PER_SECOND_MAX
    }
}
