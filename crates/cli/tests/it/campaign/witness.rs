//! Clients that change things and look at them again, and clients that use rights while another takes them away; the
//! history says what their answers promise. None of them changes what another one's history is about.
//!
//! ```text
//! let witness = Witness::new(scene, &root);                          // a server that is open
//! for number in 0..WITNESSES { scope.spawn(|| witness.run(number, seed)); }   // until scene.course is stopped
//! …all threads joined, the server restarted, Course::moved…
//! let tally = witness.finish();  tally.check();
//! ```
//! Whoever restarts the server says so to the course (`gone`, `moved`): an unanswered call can happen no later.

mod keeper;
mod rights;

use std::sync::Mutex;

use self::keeper::Keeper;
use self::rights::Rights;
use super::Dice;
use super::history::{History, Tally};
use super::person::{Person, Scene};

/// Clients that keep things.
const KEEPERS: usize = 2;
/// Clients that use rights.
const USERS: usize = 2;
/// All of them, with the one who gives and takes rights.
pub(super) const WITNESSES: usize = KEEPERS + USERS + 1;

/// Clients of one account, and what they were promised.
pub(super) struct Witness<'s> {
    scene: Scene<'s>,
    root: Person,
    history: History,
    keepers: Vec<Mutex<Keeper>>,
    rights: Rights,
}

impl<'s> Witness<'s> {
    /// Makes what they work with as `root`, on a server that is open.
    pub(super) fn new(scene: Scene<'s>, root: &Person) -> Self {
        let history = History::default();
        let mut caller = scene.caller(root);
        let keepers =
            (0..KEEPERS).map(|number| Mutex::new(Keeper::new(&mut caller, &history, number)));
        Self {
            keepers: keepers.collect(),
            rights: Rights::new(&mut caller),
            scene,
            root: root.clone(),
            history,
        }
    }

    /// Runs client number `number` until the course ends.
    pub(super) fn run(&self, number: usize, seed: u64) {
        let course = self.scene.course;
        let _stop_the_others = course.stop_on_panic();
        let mut dice = Dice::of(!seed, number);
        let mut root = self.scene.caller(&self.root);
        if let Some(keeper) = self.keepers.get(number) {
            let mut keeper = keeper.lock().unwrap();
            while !course.is_stopped() {
                keeper.turn(&mut root, &self.history, &mut dice);
            }
        } else if number == KEEPERS {
            while !course.is_stopped() {
                self.rights.turn(&mut root, &self.history, &mut dice);
            }
        } else {
            let mut users = self.rights.users(self.scene);
            while !course.is_stopped() {
                self.rights.try_one(&mut users, &self.history, &mut dice);
            }
        }
    }

    /// Looks at everything once more, on a server that is well, when all threads are done.
    pub(super) fn finish(&self) -> Tally {
        let mut root = self.scene.caller(&self.root);
        for keeper in &self.keepers {
            keeper.lock().unwrap().look_at_all(&mut root, &self.history);
        }
        self.history.tally()
    }

    /// What it came to so far.
    pub(super) fn tally(&self) -> Tally {
        self.history.tally()
    }
}
