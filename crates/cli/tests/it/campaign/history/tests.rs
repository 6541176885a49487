//! Histories made by hand: what must be found is found, and nothing else.

use std::time::Duration;

use strongroom_base::Instant;

use super::{ABSENT, ENABLED, Ending, History, Kept, Opened, Thing};

fn thing() -> Thing {
    Thing::Alias("alias/a".to_owned())
}

fn at(seconds: u64) -> Instant {
    Instant(Duration::from_secs(seconds))
}

/// A change, by its value and how it ended, or a look, by its value and the server's life.
enum Step {
    Change(&'static str, Ending),
    Look(&'static str, usize),
}
use Ending::{Acknowledged, Failed, Refused, Unanswered};
use Step::{Change, Look};

/// What a history of one thing, which was not there, lost.
fn check(name: &str, steps: &[Step], lost: usize) {
    let (history, thing) = (History::default(), thing());
    history.begin(&thing, ABSENT);
    for step in steps {
        match step {
            Change(value, ending) => {
                let number = history.attempt(&thing, value);
                history.end(&thing, number, *ending);
            }
            Look(value, life) => history.see(&thing, value, *life),
        }
    }
    assert_eq!(history.tally().lost.count, lost, "{name}");
}

#[test]
fn changes_that_were_acknowledged_must_be_seen() {
    check("nothing", &[Look(ABSENT, 0)], 0);
    check("one", &[Change("a", Acknowledged), Look("a", 0)], 0);
    check("lost", &[Change("a", Acknowledged), Look(ABSENT, 1)], 1);
    check(
        "undone",
        &[
            Change("a", Acknowledged),
            Change("b", Acknowledged),
            Look("a", 1),
        ],
        1,
    );
    check("refused", &[Change("a", Refused), Look("a", 0)], 1);
    check("from nowhere", &[Look("x", 0)], 1);
}

#[test]
fn changes_that_were_not_answered_stay_possible_until_a_look_decides() {
    let maybe = || Change("a", Unanswered(0));
    check("done", &[maybe(), Look("a", 1), Look("a", 1)], 0);
    check("not done", &[maybe(), Look(ABSENT, 1), Look(ABSENT, 1)], 0);
    check(
        "done and undone",
        &[maybe(), Look("a", 1), Look(ABSENT, 1)],
        1,
    );
    check(
        "done too late",
        &[maybe(), Look(ABSENT, 1), Look("a", 1)],
        1,
    );
    check(
        "still under way",
        &[maybe(), Look(ABSENT, 0), Look("a", 0)],
        0,
    );
    check(
        "overtaken",
        &[
            maybe(),
            Look(ABSENT, 1),
            Change("b", Acknowledged),
            Look("a", 1),
        ],
        1,
    );
    check(
        "overtakes",
        &[maybe(), Change("b", Acknowledged), Look("a", 0)],
        0,
    );
    check(
        "failed",
        &[Change("a", Failed), Look("a", 0), Look("a", 0)],
        0,
    );
    check(
        "failed and late",
        &[Change("a", Failed), Look(ABSENT, 0), Look("a", 0)],
        1,
    );
    check(
        "the second",
        &[
            Change("a", Failed),
            Change("b", Failed),
            Look("b", 0),
            Look("a", 0),
        ],
        1,
    );
}

fn kept() -> Kept {
    Kept {
        key: "k".to_owned(),
        blob: "c".to_owned(),
        plaintext: b"p".to_vec(),
    }
}

/// What opening a ciphertext loses and lets out, when its key is in one of these states.
fn check_opened(states: &[&str], opened: &Opened, (lost, escaped): (usize, usize)) {
    let (history, state) = (History::default(), Thing::State("k".to_owned()));
    history.begin(&state, states[0]);
    for value in &states[1..] {
        let number = history.attempt(&state, value);
        history.end(&state, number, Failed);
    }
    history.opened(&kept(), opened);
    let tally = history.tally();
    let found = (tally.lost.count, tally.escaped.count);
    assert_eq!(found, (lost, escaped), "{states:?} {opened:?}");
}

#[test]
fn ciphertexts_open_to_what_went_in_while_their_key_is_enabled() {
    let whole = Opened::Plaintext(b"p".to_vec());
    let other = Opened::Plaintext(b"q".to_vec());
    let refused = Opened::Refused("InvalidCiphertextException".to_owned());
    check_opened(&[ENABLED], &whole, (0, 0));
    check_opened(&[ENABLED], &other, (1, 0));
    check_opened(&[ENABLED], &refused, (1, 0));
    check_opened(&[ENABLED], &Opened::Unknown, (0, 0));
    check_opened(&["Disabled"], &whole, (0, 1));
    check_opened(&["Disabled"], &refused, (0, 0));
    check_opened(&["Disabled", ENABLED], &refused, (0, 0));
    check_opened(&["Disabled", ENABLED], &whole, (0, 0));
    check_opened(&["Disabled", ENABLED], &other, (1, 0));
}

#[test]
fn rights_that_were_taken_admit_nobody() {
    let history = History::default();
    let found = || {
        let tally = history.tally();
        (tally.lost.count, tally.escaped.count)
    };
    history.give(1, at(10));
    history.admit(1, at(11));
    history.refuse(1, at(9), "it was on its way before");
    assert_eq!(found(), (0, 0));
    history.refuse(1, at(11), "why");
    assert_eq!(found(), (1, 0));
    history.touch(1);
    history.admit(1, at(12));
    history.refuse(1, at(12), "why");
    history.take(1, at(20));
    history.admit(1, at(19));
    history.refuse(1, at(21), "as it must");
    assert_eq!(found(), (1, 0));
    history.admit(1, at(21));
    assert_eq!(found(), (1, 1));
}
