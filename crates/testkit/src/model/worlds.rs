//! All worlds that the answers so far allow. A call without an answer happened in one and not in another; calls made at
//! one time happened in either order; what may be deleted is, or is not yet. An answer that fits none is wrong.

use std::collections::BTreeSet;

use serde_json::Value;

use super::call::Call;
use super::world::{Memory, State, Step, World};

/// More worlds than this are a history that should have asked in between.
const WORLDS_MAX: usize = 512;
const DAY_SECONDS: i64 = 24 * 60 * 60;
/// After so long beside a steady wall clock, deletion goes by it (facts: up to a day late; docs/design/sealed-store.md,
/// domain time).
const STEADY_SECONDS: i64 = 2 * DAY_SECONDS + 60 * 60;

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Success, with its output.
    Success(Value),
    /// An exception.
    Exception(String),
    /// The service failed, as it was made to: nothing has changed.
    Failed,
}

/// What the clocks show, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The wall clock.
    pub wall: i64,
    /// The monotonic clock.
    pub monotonic: i64,
    /// How long the service ran since it started, or the wall clock was set.
    pub steady: i64,
    /// How long it ran since the wall clock was set.
    pub since_jump: i64,
    /// How often it started.
    pub lives: u64,
}

/// A call and what came of it; nothing when the machine crashed before.
pub type Told = (Call, Option<Answer>);

/// The worlds.
#[derive(Clone, Debug, Default)]
pub struct Worlds {
    all: BTreeSet<World>,
    /// What is true in every one.
    pub memory: Memory,
}

impl Worlds {
    /// One world.
    pub fn of(world: World) -> Self {
        Self {
            all: BTreeSet::from([world]),
            memory: Memory::default(),
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Goes on with what fits `told`, calls that were made at one time. Errors: how each world differs.
    pub fn tell(&mut self, told: &[Told]) -> Result<(), String> {
        let mut next = BTreeSet::new();
        let mut wrong = BTreeSet::new();
        for world in &self.all {
            for order in orders(told) {
                follow(world, &self.memory, &order, &mut next, &mut wrong);
            }
        }
        if next.is_empty() {
            let wrong: Vec<String> = wrong.into_iter().take(4).collect();
            return Err(wrong.join("\n  or: "));
        }
        assert!(next.len() <= WORLDS_MAX, "{} worlds", next.len());
        self.all = next;
        Ok(())
    }

    /// Lets time go by.
    pub fn pass(&mut self, times: &Times) {
        let &Times {
            wall,
            monotonic,
            steady,
            since_jump,
            lives,
        } = times;
        let mut next = BTreeSet::new();
        for mut world in std::mem::take(&mut self.all) {
            (world.wall, world.monotonic, world.lives) = (wall, monotonic, lives);
            let mut worlds = vec![world.clone()];
            for (place, fate) in fates(&world, steady, since_jump) {
                let kept: Vec<World> = match fate {
                    Fate::Gone => Vec::new(),
                    Fate::Open => worlds.clone(),
                };
                for world in &mut worlds {
                    world.keys.remove(&place);
                    let (account, region, id) = &place;
                    world
                        .aliases
                        .retain(|(of, at, _), target| (of, at, &*target) != (account, region, id));
                }
                worlds.extend(kept);
            }
            next.extend(worlds);
        }
        assert!(next.len() <= WORLDS_MAX, "{} worlds", next.len());
        self.all = next;
    }

    /// Worlds with this one rule flipped, for a test that sees that somebody notices: disabled keys work.
    pub fn with_disabled_keys_enabled(mut self) -> Self {
        let worlds = std::mem::take(&mut self.all).into_iter();
        self.all = worlds
            .map(|mut world| {
                for key in world.keys.values_mut() {
                    if key.state == State::Disabled {
                        key.state = State::Enabled;
                    }
                }
                world
            })
            .collect();
        self
    }
}

/// What has become of a key whose deletion was scheduled.
enum Fate {
    Gone,
    /// It is deleted, or not yet.
    Open,
}

fn fates(world: &World, steady: i64, since_jump: i64) -> Vec<(super::world::Place, Fate)> {
    let mut fates = Vec::new();
    for (place, key) in &world.keys {
        let Some(deletion) = &key.deletion else {
            continue;
        };
        // After a start the wall clock is believed for a day: what ran ahead by less, counts.
        let believed = (world.lives - deletion.lives + 1).min(2);
        let slack = i64::try_from(believed - 1).unwrap_or(0) * DAY_SECONDS;
        let ran = world.monotonic - deletion.scheduled;
        let window = deletion.days * DAY_SECONDS;
        // Of a wall clock that was set back, the window does not become longer; one that was set ahead counts once the
        // service ran beside it for a day (docs/design/sealed-store.md, domain time).
        let is_believed = ran + slack >= window || since_jump >= DAY_SECONDS;
        let can_be = ran >= window || (world.wall >= deletion.date && is_believed);
        let is_over = deletion.is_known && world.wall > deletion.date + 1;
        let must_be = is_over && steady >= STEADY_SECONDS;
        match (must_be, can_be) {
            (true, _) => fates.push((place.clone(), Fate::Gone)),
            (false, true) => fates.push((place.clone(), Fate::Open)),
            (false, false) => {}
        }
    }
    fates
}

fn orders(told: &[Told]) -> Vec<Vec<&Told>> {
    match told {
        [first, second] => vec![vec![first, second], vec![second, first]],
        all => vec![all.iter().collect()],
    }
}

fn follow(
    world: &World,
    memory: &Memory,
    told: &[&Told],
    next: &mut BTreeSet<World>,
    wrong: &mut BTreeSet<String>,
) {
    let Some((first, rest)) = told.split_first() else {
        next.insert(world.clone());
        return;
    };
    match after(world, memory, first) {
        Ok(worlds) => {
            for world in worlds {
                follow(&world, memory, rest, next, wrong);
            }
        }
        Err(difference) => {
            wrong.insert(difference);
        }
    }
}

/// The worlds after one call.
fn after(world: &World, memory: &Memory, (call, answer): &Told) -> Result<Vec<World>, String> {
    let reply = match answer {
        Some(Answer::Success(reply)) => Some(reply),
        Some(Answer::Failed) => return Ok(vec![world.clone()]),
        Some(Answer::Exception(_)) | None => None,
    };
    let mut changed = world.clone();
    let (refused, wrong, tolerated) = match world.caller(call) {
        Err(refused) => (Err(refused), Vec::new(), Default::default()),
        Ok(caller) => {
            let mut step = Step {
                memory,
                call,
                caller,
                reply,
                wrong: Vec::new(),
                tolerated: Default::default(),
            };
            let done = changed.carry_out(&mut step);
            (done, step.wrong, step.tolerated)
        }
    };
    let name = call.operation.name();
    match (refused, answer) {
        (Ok(()), None) => Ok(vec![world.clone(), changed]),
        (Err(_), None) => Ok(vec![world.clone()]),
        (Ok(()), Some(Answer::Success(_))) if wrong.is_empty() => Ok(vec![changed]),
        (Ok(()), Some(Answer::Success(_))) => Err(format!("{name}: {}", wrong.join("; "))),
        (Err(refused), Some(Answer::Exception(found))) if refused.contains(found.as_str()) => {
            Ok(vec![world.clone()])
        }
        (Ok(()), Some(Answer::Exception(found))) if tolerated.contains(found.as_str()) => {
            Ok(vec![world.clone()])
        }
        (refused, answer) => {
            let wanted = refused.map_or_else(|names| format!("{names:?}"), |()| "success".into());
            Err(format!("{name}: {answer:?}, and should be {wanted}"))
        }
    }
}
