//! The states of a server in which it must be attacked, and how often it was. Never takes a state for attacked in which
//! nothing was answered.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// A run this long comes to every state that its campaign has.
const EVERY_STATE: Duration = Duration::from_secs(30);

/// What a server is in while it answers an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum State {
    /// It had not said yet that it is ready when the attack began.
    Starting,
    /// It answered that it is sealed.
    Sealed,
    /// Its disk has no byte left.
    Full,
    /// Its clock tells another time than ours.
    Jumped,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Sealed => "sealed",
            Self::Full => "full",
            Self::Jumped => "jumped",
        }
    }
}

/// How many attacks were answered in each of some states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Attacks(BTreeMap<State, usize>);

impl Attacks {
    /// None yet, in `states`.
    pub(in super::super) fn none(states: &[State]) -> Self {
        Self(states.iter().map(|state| (*state, 0)).collect())
    }

    /// Counts `times` attacks in `state`, if it is one that is counted.
    pub(in super::super) fn note(&mut self, state: State, times: usize) {
        if let Some(count) = self.0.get_mut(&state) {
            *count += times;
        }
    }

    /// Adds what another burglar did.
    pub(in super::super) fn add(&mut self, other: &Self) {
        for (state, count) in &other.0 {
            self.note(*state, *count);
        }
    }

    /// Panics when a run of `time` was long and never attacked in one of the states.
    pub(in super::super) fn check(&self, time: Duration) {
        let is_complete = self.0.values().all(|count| *count > 0);
        assert!(time < EVERY_STATE || is_complete, "never attacked: {self}");
    }
}

/// As counts: `forged_starting=3 forged_sealed=14`.
impl fmt::Display for Attacks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs = self.0.iter();
        let pairs: Vec<String> = pairs
            .map(|(state, count)| format!("forged_{}={count}", state.name()))
            .collect();
        out.write_str(&pairs.join(" "))
    }
}
