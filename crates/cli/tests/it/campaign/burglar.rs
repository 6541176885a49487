//! A client that attacks, besides others that work: whatever state the server is in, none of its requests may be
//! admitted. It must never send one that may.
//!
//! ```text
//! let burglar = Burglar::new(scene, &owner_root, &neighbour_root);   // a server that is open
//! scope.spawn(|| burglar.run(seed));                                 // until scene.course is stopped
//! let burgled = …join();  burgled.check();  println!("forged={}", burgled.forged);
//! ```
//! `scene` is where the server is (`Course`) and the ledger that the replies are written into: requests that nobody
//! signed must leave no audit record, and those that somebody signed and may not make must leave one.

mod forgery;
mod house;
mod kinds;
mod states;

use std::collections::BTreeMap;
use std::io::ErrorKind;

use strongroom_testkit::{Client, Reply};

use self::house::House;
use self::kinds::{KINDS, Kind, Trace};
pub(super) use self::states::{Attacks, State};
use super::Dice;
use super::finding::Finding;
use super::ledger::SUCCESS;
use super::person::{Person, Scene, is_of_another_time, is_unwell};

/// What a sealed server says.
const SEALED: &str = "The server is sealed.";

/// What a burglar came to.
#[derive(Debug, Default)]
pub(super) struct Burgled {
    /// Requests that were answered, and how many of each kind.
    pub(super) forged: usize,
    pub(super) by_kind: BTreeMap<&'static str, usize>,
    /// The same in each state that a server may be in.
    by_state: BTreeMap<State, usize>,
    /// Times that nobody listened.
    pub(super) away: usize,
    /// Requests that nobody answered, or that failed because the server did.
    pub(super) unwell: usize,
    /// Those that were let in, with what came out.
    pub(super) admitted: Finding,
    /// Those that were refused for another reason than theirs, so that they tried something else.
    pub(super) astray: Finding,
}

impl Burgled {
    /// Panics when a request was admitted, or when none was made.
    pub(super) fn check(&self) {
        let (admitted, astray) = (&self.admitted, &self.astray);
        assert_eq!(admitted.count, 0, "admitted: {admitted:#?}");
        assert_eq!(astray.count, 0, "astray: {astray:#?}");
        assert!(self.forged > 0, "the burglar was never answered: {self:?}");
    }

    /// How many requests were answered in each of `states`.
    pub(super) fn attacks(&self, states: &[State]) -> Attacks {
        let mut attacks = Attacks::none(states);
        for (state, count) in &self.by_state {
            attacks.note(*state, *count);
        }
        attacks
    }

    fn note_answered(&mut self, kind: &Kind, states: &[State]) {
        self.forged += 1;
        *self.by_kind.entry(kind.name).or_default() += 1;
        for state in states {
            *self.by_state.entry(*state).or_default() += 1;
        }
    }
}

/// Who attacks a server, and what it has prepared there.
pub(super) struct Burglar<'s> {
    scene: Scene<'s>,
    house: House,
}

impl<'s> Burglar<'s> {
    /// Prepares its victims with the roots of two accounts, on a server that is open.
    pub(super) fn new(scene: Scene<'s>, owner: &Person, neighbour: &Person) -> Self {
        let house = House::build(scene, owner, neighbour);
        Self { scene, house }
    }

    /// Attacks until the course ends.
    pub(super) fn run(&self, seed: u64) -> Burgled {
        let _stop_the_others = self.scene.course.stop_on_panic();
        let (mut dice, mut burgled) = (Dice::new(seed), Burgled::default());
        let mut hand = self.hand();
        while !self.scene.course.is_stopped() {
            let kind = dice.pick(KINDS);
            hand.attempt(kind, &mut dice, &mut burgled);
        }
        burgled
    }

    /// Attacks once in every way.
    pub(super) fn once(&self, seed: u64) -> Burgled {
        let (mut dice, mut burgled) = (Dice::new(seed), Burgled::default());
        let mut hand = self.hand();
        for kind in KINDS {
            hand.attempt(kind, &mut dice, &mut burgled);
        }
        burgled
    }

    fn hand(&self) -> Hand<'_> {
        Hand {
            scene: self.scene,
            house: &self.house,
            client: Client::new(self.scene.course.door(), "", ""),
        }
    }
}

/// One connection of a burglar.
struct Hand<'h> {
    scene: Scene<'h>,
    house: &'h House,
    client: Client,
}

impl Hand<'_> {
    fn attempt(&mut self, kind: &Kind, dice: &mut Dice, burgled: &mut Burgled) {
        let course = self.scene.course;
        let (jump, mut states) = (course.jump(), self.states());
        let bytes = (kind.forge)(self.house, course.ahead_seconds(), dice);
        let reply = match self.client.send(&bytes) {
            Ok(reply) => reply,
            Err(error) => {
                self.note_unanswered(kind, error.kind(), burgled);
                self.client = Client::new(course.door(), "", "");
                return;
            }
        };
        self.note(kind, &reply);
        if reply.text().contains(SEALED) {
            states.push(State::Sealed);
        }
        burgled.note_answered(kind, &states);
        let told = || format!("{}: {} {}", kind.name, reply.status, reply.text());
        if reply.status == 200 || self.house.shows_secret(&reply) {
            burgled.admitted.note(told());
        } else if is_unwell(&reply) {
            burgled.unwell += 1;
            course.rest();
        } else if jump != course.jump() || jump % 2 == 1 {
            // The clock changed meanwhile, and another time may be the reason.
        } else if !kind.refusals.iter().any(|code| reply.text().contains(code)) {
            burgled.astray.note(told());
        }
    }

    /// What the server is in, as far as can be known before it answers.
    fn states(&self) -> Vec<State> {
        let course = self.scene.course;
        let known = [
            (State::Starting, course.is_starting()),
            (State::Jumped, course.is_clock_wrong()),
        ];
        let known = known.into_iter().filter(|(_, is_so)| *is_so);
        known.map(|(state, _)| state).collect()
    }

    fn note(&self, kind: &Kind, reply: &Reply) {
        // What HTTP itself refuses has no id.
        if reply.header("x-amzn-requestid").is_none() {
            return;
        }
        match kind.trace {
            // The clock jumped while it was on its way.
            _ if is_of_another_time(reply) => self.scene.ledger().note_nobodys(reply),
            Trace::Record(operation) => {
                let outcome = self.scene.ledger().note(operation, reply);
                assert!(reply.status == 200 || outcome != SUCCESS);
            }
            Trace::None => self.scene.ledger().note_nobodys(reply),
        }
    }

    fn note_unanswered(&self, kind: &Kind, error: ErrorKind, burgled: &mut Burgled) {
        if error == ErrorKind::ConnectionRefused {
            // Nobody can have a record of it.
            burgled.away += 1;
            self.scene.course.rest();
            return;
        }
        burgled.unwell += 1;
        if let Trace::Record(_) = kind.trace {
            self.scene.ledger().note_unanswered();
        }
    }
}

#[cfg(test)]
mod tests;
