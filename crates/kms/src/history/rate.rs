//! How often an account may look up events. What is counted is forgotten after a second.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_base::Instant;
use strongroom_base::id::{AccountId, Region};

/// CloudTrail API, LookupEvents: calls of one account in one Region each second.
const CALLS_PER_SECOND_MAX: u32 = 2;
/// Calls of one account in all Regions each second: every name that can be one of a Region is served.
const CALLS_OF_ACCOUNT_PER_SECOND_MAX: u32 = 32;
const WINDOW: Duration = Duration::from_secs(1);
/// The most accounts, and Regions of them, that are counted at one time; one more has to wait. One account takes a small
/// part of them at most.
const COUNTED_MAX: usize = 8_192;

#[derive(Default)]
pub(super) struct Rates(Mutex<Windows>);

#[derive(Default)]
struct Windows(HashMap<Counted, Window>);

/// An account, in one Region or in all.
type Counted = (AccountId, Option<Region>);

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
        let here = (*account, Some(region.clone()));
        windows.admit((*account, None), CALLS_OF_ACCOUNT_PER_SECOND_MAX, now)
            && windows.admit(here, CALLS_PER_SECOND_MAX, now)
    }
}

impl Windows {
    fn admit(&mut self, counted: Counted, calls_max: u32, now: Instant) -> bool {
        if !self.has_room_for(&counted, now) {
            return false;
        }
        let fresh = || Window {
            began: now,
            calls: 0,
        };
        let window = self.0.entry(counted).or_insert_with(fresh);
        if window.is_over(now) {
            *window = fresh();
        }
        window.calls = window.calls.saturating_add(1);
        window.calls <= calls_max
    }

    fn has_room_for(&mut self, counted: &Counted, now: Instant) -> bool {
        if self.0.len() < COUNTED_MAX || self.0.contains_key(counted) {
            return true;
        }
        self.0.retain(|_, window| !window.is_over(now));
        self.0.len() < COUNTED_MAX
    }
}
