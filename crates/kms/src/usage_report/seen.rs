//! Which records were seen: a crash may write the record of a change twice, and some requests leave a record in
//! two Regions. Only changes are remembered, as nothing else comes twice.

use std::collections::{HashMap, HashSet, VecDeque};

use strongroom_audit::Record;

/// The most changes remembered. What a crash repeats was waiting to be written when it happened, and is written
/// again at the next start.
pub(super) const REMEMBERED_MAX: usize = 65_536;

/// The last changes.
#[derive(Default)]
pub(super) struct Seen {
    events: HashSet<String>,
    requests: HashMap<String, Counted>,
    order: VecDeque<(String, String)>,
}

/// Where a request was counted.
struct Counted {
    rank: Rank,
    row: Option<usize>,
}

/// How well a record tells of the call itself: it names the keys of both Regions, and is not the CreateKey that
/// replicating causes.
type Rank = (usize, bool);

/// What happens to a row of the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// One call more.
    Add,
    /// A call less: it belongs to another row.
    Remove,
}

impl Seen {
    /// Whether the very same record came before; remembers it.
    pub(super) fn is_repeated(&mut self, record: &Record) -> bool {
        if record.read_only {
            return false;
        }
        if !self.events.insert(record.event_id.clone()) {
            return true;
        }
        let ids = (record.event_id.clone(), record.request_id.clone());
        self.order.push_back(ids);
        self.forget_oldest();
        false
    }

    /// How rows change by the call that `record` tells of, whose row is `row` unless it is not asked for. Of the
    /// records of one request, that one counts which tells of the call itself.
    pub(super) fn settle(
        &mut self,
        record: &Record,
        row: Option<usize>,
    ) -> impl Iterator<Item = (usize, Change)> + use<> {
        let earlier = self.earlier(record, row);
        let (removed, added) = match earlier {
            Earlier::None => (None, row),
            Earlier::Counts => (None, None),
            Earlier::Gives(removed) => (removed, row),
        };
        let removed = removed.map(|row| (row, Change::Remove));
        let added = added.map(|row| (row, Change::Add));
        removed.into_iter().chain(added)
    }

    fn earlier(&mut self, record: &Record, row: Option<usize>) -> Earlier {
        if record.read_only || record.request_id.is_empty() {
            return Earlier::None;
        }
        let rank: Rank = (record.resources.len(), record.operation != "CreateKey");
        let request = record.request_id.clone();
        match self.requests.get(&request) {
            Some(first) if first.rank >= rank => Earlier::Counts,
            Some(_) | None => match self.requests.insert(request, Counted { rank, row }) {
                Some(first) => Earlier::Gives(first.row),
                None => Earlier::None,
            },
        }
    }

    fn forget_oldest(&mut self) {
        if self.order.len() <= REMEMBERED_MAX {
            return;
        }
        if let Some((event, request)) = self.order.pop_front() {
            self.events.remove(&event);
            self.requests.remove(&request);
        }
    }
}

/// What an earlier record of the same request means.
enum Earlier {
    /// There is none.
    None,
    /// The request counts where that record said.
    Counts,
    /// It does not count there any more.
    Gives(Option<usize>),
}
