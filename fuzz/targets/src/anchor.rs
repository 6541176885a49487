//! Statements of the rollback anchor, and what the key process says of a store and two slots of an anchor file: what the table of
//! docs/design/anchor.md says of those statements that it made, whatever else is there. No other store opens the tokens.
//!
//! The first byte chooses the root of the store's rows. Then come the store's statement and the slots, each two bytes and
//! what they ask for (see `part`).

use std::sync::LazyLock;

use strongroom_hsm::core::Core;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::anchor::{Position, STATEMENT_LENGTH, Statement};
use strongroom_hsm_api::command::{AcceptAnchor, AdvanceAnchor, CheckAnchor, Fit, Found};
use strongroom_hsm_api::wire::encode;
use strongroom_kms::fuzzing::{statement_goes_first, statement_in_slot};

use crate::hsm::{self, KNOWN};

const SLOT_BYTES: usize = 4096;
/// A root that no statement states.
const STRANGE: [u8; 32] = [7; 32];

/// A statement that a key process of the domain made.
struct Made {
    bytes: Vec<u8>,
    position: Position,
}

static MADE: LazyLock<Vec<Made>> = LazyLock::new(make);

pub(crate) fn run(data: &[u8]) {
    read(data);
    let Some((chosen, mut rest)) = data.split_first() else {
        return;
    };
    let root = MADE.get(usize::from(*chosen));
    let root = root.map_or(STRANGE, |made| made.position.root);
    let [store, first, second] = [(); 3].map(|()| part(&mut rest));
    compare(root, &store, &first, &second);
    for newest in MADE.iter() {
        write_beside(&first, &second, newest);
    }
}

/// What is read is written as it was, and nothing but zeros follows it.
fn read(data: &[u8]) {
    if let Ok(statement) = Statement::read_padded(data) {
        let (bytes, padding) = data.split_at(STATEMENT_LENGTH);
        assert_eq!(encode(&statement), bytes);
        assert!(padding.iter().all(|byte| *byte == 0));
    }
}

/// A statement or a slot: nothing, a genuine statement, one with zeros after it, one with a byte changed, or any bytes.
fn part(data: &mut &[u8]) -> Vec<u8> {
    let [how, which] = take(data);
    let genuine = &MADE[usize::from(which) % MADE.len()].bytes;
    match how % 5 {
        0 => Vec::new(),
        1 => genuine.clone(),
        2 => {
            let mut slot = genuine.clone();
            slot.resize(SLOT_BYTES, 0);
            slot
        }
        3 => {
            let ([place, change], mut changed) = (take(data), genuine.clone());
            let place = usize::from(place) % changed.len();
            changed[place] ^= change;
            changed
        }
        _ => {
            let (raw, rest) = data.split_at(usize::from(which).min(data.len()));
            *data = rest;
            raw.to_vec()
        }
    }
}

fn take<const N: usize>(data: &mut &[u8]) -> [u8; N] {
    let (taken, rest) = data.split_first_chunk().unwrap_or((&[0; N], &[]));
    *data = rest;
    *taken
}

fn compare(root: [u8; 32], store: &[u8], first: &[u8], second: &[u8]) {
    let core = opened();
    let told = [first, second].map(statement_in_slot);
    let found = Found {
        root,
        store,
        first: &told[0],
        second: &told[1],
    };
    let checked = hsm::call(&core, &CheckAnchor { found }).expect("compared");
    let stated = genuine(store);
    let slots = [first, second].map(genuine_in_slot);
    let newest = newest_of(slots.into_iter().flatten().collect());
    // Of two that are as new as each other, the table leaves open which is meant.
    let fits: Vec<Fit> = match newest.as_slice() {
        [] => vec![Fit::AnchorMissing],
        newest => newest.iter().map(|slot| fit(root, stated, slot)).collect(),
    };
    assert!(
        fits.contains(&checked.fit),
        "{:?}, not {fits:?}",
        checked.fit
    );
    let place = stated.or(newest.first().copied());
    let (base, is_open) = match (checked.fit, place) {
        (Fit::Fits, Some(place)) => {
            assert_eq!(genuine(&checked.statement), Some(place));
            (place.sequence, true)
        }
        _ => {
            assert!(checked.statement.is_empty());
            (place.map_or(0, |place| place.sequence), false)
        }
    };
    let advanced = hsm::call(
        &core,
        &AdvanceAnchor {
            base,
            root: STRANGE,
        },
    );
    match advanced {
        Ok(_) => assert!(is_open, "goes on with what does not fit"),
        Err(code) => assert!(!is_open && code == Code::Unanchored, "{code:?}"),
    }
}

/// What the table says of a store and the newest slot.
fn fit(root: [u8; 32], store: Option<&Position>, slot: &Position) -> Fit {
    let Some(store) = store else {
        let is_new = slot.sequence == 0 && root == slot.root;
        return if is_new {
            Fit::Fits
        } else {
            Fit::StoreUnstated
        };
    };
    let is_one_ahead = store.base == slot.sequence && store.sequence > slot.sequence;
    let is_other = store.epoch != slot.epoch || store.sequence <= slot.sequence;
    match store {
        _ if store != slot && is_other => Fit::StoreBehind,
        _ if store != slot && !is_one_ahead => Fit::AnchorBehind,
        _ if store.root != root => Fit::StoreChanged,
        _ => Fit::Fits,
    }
}

/// The slot that holds the newer statement is not the one that is written.
fn write_beside(first: &[u8], second: &[u8], newest: &Made) {
    let claims = |slot: &[u8]| {
        let claimed = Statement::read_padded(slot).ok()?.position.age();
        (claimed <= newest.position.age()).then_some(claimed)
    };
    let (written, kept) = match statement_goes_first(first, second, &newest.bytes) {
        true => (first, second),
        false => (second, first),
    };
    assert!(claims(written) <= claims(kept), "the newer slot is written");
}

fn newest_of(positions: Vec<&Position>) -> Vec<&Position> {
    let newest = positions.iter().map(|position| position.age()).max();
    let is_newest = |position: &&Position| Some(position.age()) == newest;
    positions.into_iter().filter(is_newest).collect()
}

/// What the statement says that has these bytes.
fn genuine(bytes: &[u8]) -> Option<&'static Position> {
    let made = MADE.iter().find(|made| made.bytes == bytes);
    made.map(|made| &made.position)
}

/// The same of a slot, where zeros may follow.
fn genuine_in_slot(slot: &[u8]) -> Option<&'static Position> {
    let (statement, rest) = slot.split_at_checked(STATEMENT_LENGTH)?;
    genuine(statement).filter(|_| rest.iter().all(|byte| *byte == 0))
}

/// A core with the domain, open, that has compared nothing.
fn opened() -> Core {
    let core = hsm::sealed(&KNOWN.seal).expect("our own seal");
    assert!(hsm::unseal(&core), "our own key file");
    core
}

/// The first statement; four commits of one life, of which the second was given up; the first commit of another life; and
/// an override.
fn make() -> Vec<Made> {
    let mut made = vec![read_back(KNOWN.statement.clone())];
    for commits in [&[(0, 1), (1, 2), (1, 3), (3, 0)][..], &[(0, 9)]] {
        let core = hsm::open();
        for (base, root) in commits {
            let root = [*root; 32];
            let advanced = hsm::call(&core, &AdvanceAnchor { base: *base, root });
            made.push(read_back(advanced.expect("a commit").statement));
        }
    }
    let found = Found {
        root: [5; 32],
        store: &made[2].bytes,
        first: &made[1].bytes,
        second: &[],
    };
    let sequence = made[2].position.sequence;
    let accepted = hsm::call(&opened(), &AcceptAnchor { found, sequence });
    made.push(read_back(accepted.expect("accepted").statement));
    made
}

fn read_back(bytes: Vec<u8>) -> Made {
    let position = Statement::read_padded(&bytes)
        .expect("a statement")
        .position;
    Made { bytes, position }
}

/// Inputs that come to every outcome there is under the first seal.
pub(crate) fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let mut raw = vec![1, 1, 1, 4, 118];
    raw.extend(&MADE[1].bytes);
    vec![
        ("new", vec![0, 0, 0, 2, 0, 0, 0]),
        ("same", vec![1, 1, 1, 2, 0, 2, 1]),
        ("one-ahead", vec![2, 1, 2, 2, 0, 2, 1]),
        ("given-up", vec![3, 1, 3, 2, 0, 2, 1]),
        ("other-life", vec![5, 1, 5, 2, 1, 2, 0]),
        ("two-lives", vec![5, 1, 5, 2, 1, 2, 5]),
        ("other-epoch", vec![1, 1, 1, 2, 6, 2, 1]),
        ("behind", vec![1, 1, 1, 2, 2, 2, 1]),
        ("anchor-behind", vec![4, 1, 4, 2, 0, 2, 1]),
        ("changed-rows", vec![9, 1, 1, 2, 0, 2, 1]),
        ("unstated", vec![1, 0, 0, 2, 0, 2, 1]),
        ("no-anchor", vec![1, 1, 1, 3, 1, 100, 1, 0, 0]),
        ("raw", raw),
        ("statement", MADE[4].bytes.clone()),
    ]
}
