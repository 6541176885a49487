//! What the answers of a server together promise, and whether later answers keep it. Never calls anybody itself:
//! [`super::witness`] does, and says here what it was told.
//!
//! 1. A change that was acknowledged is seen by every later look. One that was not answered may have happened or not:
//!    both stay possible until a look decides. A call that nobody answered may still be under way in the life of
//!    the server that did not answer it, and no longer.
//! 2. A ciphertext opens to what went in, while its key is enabled.
//! 3. A right that was taken away admits no call that begins after the answer; one that was given refuses none.
//!
//! What it holds is bounded by the things and rights it is told of.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard};

use strongroom_base::Instant;

use super::finding::Finding;

/// The value of what is not there.
pub(super) const ABSENT: &str = "";
pub(super) const ENABLED: &str = "Enabled";

/// Something that changes, and that one client alone changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Thing {
    /// The state of a key.
    State(String),
    Description(String),
    Tag(String),
    Policy(String),
    /// Whether a key has its grant.
    Grant(String),
    /// What an alias stands for.
    Alias(String),
    User(String),
    /// The status of a user's access key: name and id.
    AccessKey(String, String),
    UserPolicy(String),
}

/// How a call that changes something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Acknowledged,
    /// Refused: nothing was changed.
    Refused,
    /// The server said that it failed, and is done with it.
    Failed,
    /// No answer in this life of the server.
    Unanswered(usize),
}

/// How the opening of a ciphertext ended.
#[derive(Clone, Debug)]
pub(super) enum Opened {
    Plaintext(Vec<u8>),
    Refused(String),
    Unknown,
}

/// A ciphertext and what is in it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) key: String,
    pub(super) blob: String,
    pub(super) plaintext: Vec<u8>,
}

/// A change that may have happened.
struct Open {
    number: usize,
    value: String,
    /// The life of the server in which it may still happen.
    life: Option<usize>,
}

/// What a thing may be.
#[derive(Default)]
struct Register {
    settled: String,
    open: Vec<Open>,
}

/// A right, as far as answers tell.
#[derive(Clone, Copy)]
enum Right {
    /// A call that changes it is under way, or had no answer.
    Open,
    Held(Instant),
    Taken(Instant),
}

/// What is known of a server.
#[derive(Default)]
pub(super) struct History(Mutex<Book>);

#[derive(Default)]
struct Book {
    registers: BTreeMap<Thing, Register>,
    rights: BTreeMap<usize, Right>,
    attempts: usize,
    tally: Tally,
}

/// What a history came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) acknowledged: usize,
    /// Changes of which it was not told whether they happened.
    pub(super) unanswered: usize,
    /// Looks at things.
    pub(super) looks: usize,
    pub(super) opened: usize,
    /// Calls by rights.
    pub(super) uses: usize,
    pub(super) lost: Finding,
    pub(super) escaped: Finding,
}

impl Tally {
    /// Panics when something was lost, or somebody got in by a right that was taken away.
    pub(super) fn check(&self) {
        assert_eq!((self.lost.count, self.escaped.count), (0, 0), "{self:#?}");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "acknowledged={} unanswered={} looks={} opened={} uses={} lost={} escaped={}",
            self.acknowledged,
            self.unanswered,
            self.looks,
            self.opened,
            self.uses,
            self.lost.count,
            self.escaped.count,
        )
    }
}

impl Register {
    fn may_be(&self, value: &str) -> bool {
        self.settled == value || self.open.iter().any(|open| open.value == value)
    }

    /// What is now settled makes what was tried before it impossible, unless that is still under way.
    fn settle(&mut self, number: usize, value: String) {
        self.settled = value;
        self.open
            .retain(|open| open.number > number || open.life.is_some());
    }

    /// A look in life `life` of the server saw `value`, which is possible.
    fn decide(&mut self, value: &str, life: usize) {
        for open in &mut self.open {
            open.life = open.life.filter(|alive| *alive >= life);
        }
        let found = self.open.iter().rfind(|open| open.value == value);
        match (self.settled == value, found.map(|open| open.number)) {
            (false, Some(number)) => {
                self.open.retain(|open| open.number != number);
                self.settle(number, value.to_owned());
            }
            (true, None) => self.open.retain(|open| open.life.is_some()),
            // Of two that are alike, either may have been seen.
            _ => {}
        }
    }
}

impl History {
    /// Says that `thing` is `value`, and nobody else changes it.
    pub(super) fn begin(&self, thing: &Thing, value: &str) {
        let settled = value.to_owned();
        let register = Register {
            settled,
            open: Vec::new(),
        };
        self.book().registers.insert(thing.clone(), register);
    }

    /// Says that a call is about to make `thing` `value`; returns its number.
    pub(super) fn attempt(&self, thing: &Thing, value: &str) -> usize {
        let mut book = self.book();
        book.attempts += 1;
        let number = book.attempts;
        let open = Open {
            number,
            value: value.to_owned(),
            life: Some(usize::MAX),
        };
        let register = book.registers.entry(thing.clone()).or_default();
        register.open.push(open);
        number
    }

    /// Says how the call of that number ended.
    pub(super) fn end(&self, thing: &Thing, number: usize, ending: Ending) {
        let mut book = self.book();
        match ending {
            Ending::Acknowledged => book.tally.acknowledged += 1,
            Ending::Failed | Ending::Unanswered(_) => book.tally.unanswered += 1,
            Ending::Refused => {}
        }
        let register = book.registers.entry(thing.clone()).or_default();
        let place = register.open.iter().position(|open| open.number == number);
        let mut open = register.open.remove(place.expect("an attempt"));
        match ending {
            Ending::Refused => {}
            Ending::Acknowledged => register.settle(number, open.value),
            Ending::Failed => {
                open.life = None;
                register.open.push(open);
            }
            Ending::Unanswered(life) => {
                open.life = Some(life);
                register.open.push(open);
            }
        }
    }

    /// What `thing` is, if only one value is possible.
    pub(super) fn settled(&self, thing: &Thing) -> Option<String> {
        let book = self.book();
        let register = book.registers.get(thing)?;
        let is_open = register
            .open
            .iter()
            .any(|open| open.value != register.settled);
        (!is_open).then(|| register.settled.clone())
    }

    /// Says that a look, begun in life `life` of the server, saw that `thing` is `value`.
    pub(super) fn see(&self, thing: &Thing, value: &str, life: usize) {
        let mut book = self.book();
        book.tally.looks += 1;
        let register = book.registers.entry(thing.clone()).or_default();
        if register.may_be(value) {
            return register.decide(value, life);
        }
        let possible: Vec<&str> = [register.settled.as_str()]
            .into_iter()
            .chain(register.open.iter().map(|open| open.value.as_str()))
            .collect();
        let text = format!("{thing:?} is {value:?}, may be {possible:?}");
        // Told once: what follows is held to what is there.
        register.settled = value.to_owned();
        book.tally.lost.note(text);
    }

    /// Says that a call was refused although everything it needs is there.
    pub(super) fn contradict(&self, what: String) {
        self.book().tally.lost.note(what);
    }

    /// Forgets `thing`, which nobody looks at any more.
    pub(super) fn forget(&self, thing: &Thing) {
        self.book().registers.remove(thing);
    }

    /// Says how the opening of `kept` ended, by who alone changes the state of its key.
    pub(super) fn opened(&self, kept: &Kept, opened: &Opened) {
        let mut book = self.book();
        let state = book.registers.get(&Thing::State(kept.key.clone()));
        let may_be = state.is_none_or(|state| state.may_be(ENABLED));
        let may_not_be = state.is_some_and(|state| {
            state.settled != ENABLED || state.open.iter().any(|open| open.value != ENABLED)
        });
        match opened {
            Opened::Unknown => return,
            Opened::Plaintext(plaintext) if *plaintext != kept.plaintext => {
                let text = format!("{} opened to {plaintext:?}", kept.blob);
                book.tally.lost.note(text);
            }
            Opened::Plaintext(_) if !may_be => {
                let text = format!("{} was opened by a disabled key", kept.blob);
                book.tally.escaped.note(text);
            }
            Opened::Refused(why) if !may_not_be => {
                let text = format!("{} of {}: {why}", kept.blob, kept.key);
                book.tally.lost.note(text);
            }
            Opened::Plaintext(_) | Opened::Refused(_) => {}
        }
        book.tally.opened += 1;
    }

    /// Says that a call which gives or takes a right is about to begin.
    pub(super) fn touch(&self, right: usize) {
        self.book().rights.insert(right, Right::Open);
    }

    /// Says that the call which gives it was acknowledged, no later than `at`.
    pub(super) fn give(&self, right: usize, at: Instant) {
        self.book().rights.insert(right, Right::Held(at));
    }

    /// Says that the call which takes it away was acknowledged, no later than `at`.
    pub(super) fn take(&self, right: usize, at: Instant) {
        self.book().rights.insert(right, Right::Taken(at));
    }

    /// Says that a call by a right, begun at `begun`, was admitted.
    pub(super) fn admit(&self, right: usize, begun: Instant) {
        let mut book = self.book();
        book.tally.uses += 1;
        if let Some(Right::Taken(at)) = book.rights.get(&right).copied()
            && begun > at
        {
            let after = begun.since(at);
            let text = format!("right {right} admits {after:?} after it was taken");
            book.tally.escaped.note(text);
        }
    }

    /// Says that a call by a right, begun at `begun`, was refused.
    pub(super) fn refuse(&self, right: usize, begun: Instant, why: &str) {
        let mut book = self.book();
        book.tally.uses += 1;
        if let Some(Right::Held(at)) = book.rights.get(&right).copied()
            && begun > at
        {
            let after = begun.since(at);
            let text = format!("right {right} refuses {after:?} after it was given: {why}");
            book.tally.lost.note(text);
        }
    }

    /// What it came to so far.
    pub(super) fn tally(&self) -> Tally {
        self.book().tally.clone()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap()
    }
}

#[cfg(test)]
mod tests;
