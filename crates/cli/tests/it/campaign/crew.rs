//! Everybody who works on a server while a campaign does its worst: the load, the witness's clients, the burglar.

use strongroom_testkit::{Process, eventually, now};

use std::time::Duration;

use super::burglar::{Burglar, Burgled};
use super::load::{CLIENTS, Load};
use super::person::{ACCOUNTS, Person, Scene};
use super::witness::{WITNESSES, Witness};

/// How long a killed process may take to be gone.
const GONE_MAX: Duration = Duration::from_secs(5);
/// How much of a long time goes by between two looks at the clock.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Who works.
pub(super) struct Crew<'s> {
    scene: Scene<'s>,
    load: Option<&'s Load>,
    pub(super) witness: Witness<'s>,
    burglar: Burglar<'s>,
    seed: u64,
}

impl<'s> Crew<'s> {
    /// Whoever works on an open server of these `roots`: a witness of the first account, and a burglar who wants what
    /// the second has and is at home in the third.
    pub(super) fn new(
        scene: Scene<'s>,
        load: Option<&'s Load>,
        roots: &[Person; ACCOUNTS.len()],
        seed: u64,
    ) -> Self {
        let [first, second, third] = roots;
        Self {
            scene,
            load,
            witness: Witness::new(scene, first),
            burglar: Burglar::new(scene, second, third),
            seed,
        }
    }

    /// Runs `disturb` while they work, and returns what it returns, when all have ended.
    pub(super) fn work<T>(&self, disturb: impl FnOnce() -> T) -> (T, Burgled) {
        let seed = self.seed;
        std::thread::scope(|scope| {
            let _stop_them = self.scene.course.stop_on_panic();
            for number in 0..CLIENTS {
                if let Some(load) = self.load {
                    scope.spawn(move || load.run(number));
                }
            }
            for number in 0..WITNESSES {
                scope.spawn(move || self.witness.run(number, seed));
            }
            let burglar = scope.spawn(move || self.burglar.run(seed));
            let result = disturb();
            self.scene.course.stop();
            (result, burglar.join().unwrap())
        })
    }
}

/// Waits until a killed process is gone.
pub(super) fn wait_for_end(process: &Process) {
    eventually("its end", GONE_MAX, || (!process.runs()).then_some(()));
}

/// Lets `time` go by: blows must not fall at the ends of calls alone.
pub(super) fn pass(time: Duration) {
    let start = now();
    loop {
        let left = time.saturating_sub(now().since(start));
        if left.is_zero() {
            return;
        }
        if left > LOOK_AGAIN {
            std::thread::park_timeout(LOOK_AGAIN);
        } else {
            std::hint::spin_loop();
        }
    }
}
