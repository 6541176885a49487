//! Which records the log holds that may come again from the outbox: those at its end when it was opened, and
//! those moved since whose outbox entry is not known to be gone. Never grows beyond its limit.

use super::EventIds;

/// The most event ids that are remembered. Beyond them a record may be written twice, which its event id tells.
const KNOWN_MAX: usize = 65_536;

/// Event ids of records that the log holds.
pub(super) struct Known {
    at_start: EventIds,
    moved: EventIds,
}

impl Known {
    /// Those that stood at the end of the log.
    pub(super) fn new(at_start: EventIds) -> Self {
        Self {
            at_start,
            moved: EventIds::new(),
        }
    }

    pub(super) fn contains(&self, event_id: &str) -> bool {
        self.at_start.contains(event_id) || self.moved.contains(event_id)
    }

    pub(super) fn add<'i>(&mut self, event_ids: impl Iterator<Item = &'i String>) {
        let room = KNOWN_MAX.saturating_sub(self.moved.len());
        self.moved.extend(event_ids.take(room).cloned());
    }

    pub(super) fn forget<'i>(&mut self, event_ids: impl Iterator<Item = &'i String>) {
        for event_id in event_ids {
            self.moved.remove(event_id);
        }
    }

    pub(super) fn forget_start(&mut self) {
        self.at_start = EventIds::new();
    }
}
