//! The burglar itself is held to: each way in is refused for its own reason, and one that is none is noticed.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::time::Duration;

use strongroom_testkit::{Client, Server};

use super::super::person::{ACCOUNTS, Person, Stage};
use super::super::site::Port;
use super::kinds::{KINDS, Kind, Trace, honest};
use super::{Attacks, Burglar, Burgled, State};
use crate::campaign::Dice;
use crate::{program, scratch};

/// How often each way is tried, because some draw.
const ROUNDS: u64 = 4;

/// Not forged at all.
const GENUINE: Kind = Kind {
    name: "genuine",
    refusals: &[],
    trace: Trace::Record("Decrypt"),
    forge: |house, ahead, _| honest(house, ahead).bytes(),
};

fn neighbours() -> [Person; 2] {
    [ACCOUNTS[0], ACCOUNTS[1]].map(Person::root)
}

#[test]
fn every_way_in_is_refused_for_its_own_reason_and_leaves_its_trace() {
    let names: BTreeSet<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), KINDS.len());
    let (_folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    let (stage, [owner, neighbour]) = (Stage::new(&server), neighbours());
    let burglar = Burglar::new(stage.scene(), &owner, &neighbour);
    for seed in 0..ROUNDS {
        let burgled = burglar.once(seed);
        burgled.check();
        assert_eq!((burgled.unwell, burgled.forged), (0, KINDS.len()));
    }
    assert!(server.terminate().success());
    stage.into_ledger().compare(&data).check();
}

#[test]
fn a_genuine_request_is_reported_as_admitted() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let (stage, [owner, neighbour]) = (Stage::new(&server), neighbours());
    let burglar = Burglar::new(stage.scene(), &owner, &neighbour);
    let (mut burgled, mut dice) = (Burgled::default(), Dice::new(1));
    burglar.hand().attempt(&GENUINE, &mut dice, &mut burgled);
    assert_eq!(burgled.admitted.count, 1);
    assert!(burgled.admitted.examples[0].starts_with("genuine: 200 "));
    // Nor does a refusal hide what it gives away.
    let mut hand = burglar.hand();
    hand.client = Client::new(server.address(), "", "");
    let reply = hand.client.send(&honest(hand.house, 0).bytes()).unwrap();
    assert!(hand.house.shows_secret(&reply));
}

#[test]
fn who_is_let_in_while_the_server_starts_is_reported() {
    let ((_folder, data), port) = (scratch(), Port::hold());
    let mut server = Server::dev_on(&program(), &data, &port.address(), &[]);
    let (stage, [owner, neighbour]) = (Stage::new(&server), neighbours());
    let burglar = Burglar::new(stage.scene(), &owner, &neighbour);
    stage.course.gone();
    assert!(server.terminate().success());
    stage.course.starts();
    let (mut burgled, mut dice, mut hand) = (Burgled::default(), Dice::new(1), burglar.hand());
    hand.attempt(&GENUINE, &mut dice, &mut burgled);
    assert_eq!((burgled.away, burgled.forged, burgled.unwell), (1, 0, 0));
    let states = [State::Starting, State::Jumped];
    assert_eq!(burgled.attacks(&states), Attacks::none(&states));
    server.restart();
    hand.attempt(&GENUINE, &mut dice, &mut burgled);
    assert_eq!((burgled.forged, burgled.admitted.count), (1, 1));
    let told = burgled.attacks(&states).to_string();
    assert_eq!(told, "forged_starting=1 forged_jumped=0");
    stage.course.moved(server.address());
    stage.course.jump_ahead(1, || {});
    hand.attempt(&GENUINE, &mut dice, &mut burgled);
    let told = burgled.attacks(&states).to_string();
    assert_eq!(told, "forged_starting=1 forged_jumped=1");
}

#[test]
fn a_long_run_fails_that_came_to_a_state_never() {
    let check = |noted: &[State], seconds, is_enough| {
        let mut attacks = Attacks::none(&[State::Starting, State::Sealed]);
        for state in noted {
            attacks.note(*state, 1);
        }
        let checked = catch_unwind(|| attacks.check(Duration::from_secs(seconds)));
        assert_eq!(checked.is_ok(), is_enough, "{attacks} in {seconds} s");
    };
    check(&[], 29, true);
    check(&[], 30, false);
    check(&[State::Starting], 30, false);
    check(&[State::Starting, State::Full], 3600, false);
    check(&[State::Starting, State::Sealed], 30, true);
}
