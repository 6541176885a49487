//! What is broken is noticed: a store that loses what it acknowledged, one that answers what was, and a model that has one
//! rule wrong.

use strongroom_testkit::model::Worlds;
use strongroom_testkit::sim::{Flaw, History, Twist, run_with};

const STEPS: usize = 150;
const SEEDS: u64 = 6;

fn check(flaw: Flaw, twist: Twist) {
    let noticed = (0..SEEDS).any(|seed| run_with(&History::of(seed, STEPS), flaw, twist).is_err());
    assert!(noticed, "{flaw:?} is not noticed");
}

#[test]
fn a_lost_commit_is_noticed() {
    check(Flaw::LosesAcknowledged(7), |worlds| worlds);
}

#[test]
fn a_stale_read_is_noticed() {
    check(Flaw::AnswersStale(5), |worlds| worlds);
}

#[test]
fn a_wrong_rule_is_noticed() {
    check(Flaw::None, Worlds::with_disabled_keys_enabled);
}
