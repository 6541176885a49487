//! Everybody who works on a server while a campaign does its worst: the load, the witness's clients, the burglar.

use strongroom_testkit::{Process, eventually, now};

use std::time::Duration;

use super::burglar::{Burglar, Burgled};
use super::load::{CLIENTS, Load};
use super::person::Scene;
use super::witness::{WITNESSES, Witness};

/// How long a killed process may take to be gone.
const GONE_MAX: Duration = Duration::from_secs(5);
/// How much of a long time goes by between two looks at the clock.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Who works.
pub(super) struct Crew<'s> {
    pub(super) scene: Scene<'s>,
    pub(super) load: Option<&'s Load>,
    pub(super) witness: &'s Witness<'s>,
    pub(super) burglar: &'s Burglar<'s>,
    pub(super) seed: u64,
}

impl Crew<'_> {
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
