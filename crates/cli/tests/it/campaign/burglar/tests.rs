//! The burglar itself is held to: each way in is refused for its own reason, and one that is none is noticed.

use std::collections::BTreeSet;

use strongroom_testkit::{Client, Server};

use super::super::person::{ACCOUNTS, Person, Stage};
use super::kinds::{KINDS, Kind, Trace, honest};
use super::{Burglar, Burgled};
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
    assert_eq!(burgled.admitted.len(), 1);
    assert!(burgled.admitted[0].starts_with("genuine: 200 "));
    // Nor does a refusal hide what it gives away.
    let mut hand = burglar.hand();
    hand.client = Client::new(server.address(), "", "");
    let reply = hand.client.send(&honest(hand.house, 0).bytes()).unwrap();
    assert!(hand.house.shows_secret(&reply));
}
