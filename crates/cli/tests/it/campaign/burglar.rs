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

use std::collections::BTreeMap;

use strongroom_testkit::{Client, Reply};

use self::house::House;
use self::kinds::{KINDS, Kind, Trace};
use super::Dice;
use super::ledger::SUCCESS;
use super::person::{Person, Scene, THROTTLED, is_of_another_time};

/// The most that is kept of what was admitted, or refused for another reason than it should be.
const EXAMPLES_MAX: usize = 10;

/// What a burglar came to.
#[derive(Debug, Default)]
pub(super) struct Burgled {
    /// Requests that were answered, and how many of each kind.
    pub(super) forged: usize,
    pub(super) by_kind: BTreeMap<&'static str, usize>,
    /// Requests that nobody answered, or that failed because the server did.
    pub(super) unwell: usize,
    /// Those that were let in, with what came out.
    pub(super) admitted: Vec<String>,
    /// Those that were refused for another reason than theirs, so that they tried something else.
    pub(super) astray: Vec<String>,
}

impl Burgled {
    /// Panics when a request was admitted, or when none was made.
    pub(super) fn check(&self) {
        assert!(self.admitted.is_empty(), "admitted: {:#?}", self.admitted);
        assert!(self.astray.is_empty(), "astray: {:#?}", self.astray);
        assert!(self.forged > 0, "the burglar was never answered: {self:?}");
    }

    fn note_admitted(&mut self, kind: &Kind, reply: &Reply) {
        keep(&mut self.admitted, kind, reply);
    }
}

fn keep(examples: &mut Vec<String>, kind: &Kind, reply: &Reply) {
    if examples.len() < EXAMPLES_MAX {
        examples.push(format!("{}: {} {}", kind.name, reply.status, reply.text()));
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
            client: Client::new(self.scene.course.address(), "", ""),
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
        let jump = course.jump();
        let bytes = (kind.forge)(self.house, course.ahead_seconds(), dice);
        let Ok(reply) = self.client.send(&bytes) else {
            self.note_unanswered(kind);
            burgled.unwell += 1;
            self.client = Client::new(course.address(), "", "");
            return;
        };
        self.note(kind, &reply);
        burgled.forged += 1;
        *burgled.by_kind.entry(kind.name).or_default() += 1;
        if reply.status == 200 || self.house.shows_secret(&reply) {
            burgled.note_admitted(kind, &reply);
        } else if reply.status >= 500 || reply.text().contains(THROTTLED) {
            burgled.unwell += 1;
            course.rest();
        } else if jump != course.jump() || jump % 2 == 1 {
            // The clock changed meanwhile, and another time may be the reason.
        } else if !kind.refusals.iter().any(|code| reply.text().contains(code)) {
            keep(&mut burgled.astray, kind, &reply);
        }
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

    fn note_unanswered(&self, kind: &Kind) {
        if let Trace::Record(_) = kind.trace {
            self.scene.ledger().note_unanswered();
        }
    }
}

#[cfg(test)]
mod tests;
