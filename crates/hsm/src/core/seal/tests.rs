//! What too few operators can do together.

use std::num::NonZeroU8;
use std::sync::atomic::{AtomicU8, Ordering};

use strongroom_base::{Random, Secret};
use strongroom_crypto::kdf::Argon2Block;
use strongroom_crypto::shamir::{self, Share};

use super::{Domain, NoMemory, Plan, Seal, WorkingMemory};
use crate::core::domain::EPOCHS_MAX;
use crate::share::UnsealShare;

const THRESHOLD: u8 = 3;

/// Every draw is another.
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) {
        out.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
    }
}

fn points(texts: &[Secret<Vec<u8>>]) -> Vec<Share> {
    let shares = texts.iter();
    let shares = shares.map(|bytes| UnsealShare::from_bytes(bytes.expose()).unwrap());
    shares
        .map(|share| Share {
            x: NonZeroU8::new(share.number).unwrap(),
            y: share.value,
        })
        .collect()
}

/// They need not ask the key process: `hsm.seal` may be known to them, and they combine their shares themselves.
#[test]
fn one_share_less_than_the_threshold_opens_nothing() {
    let random = Counting(AtomicU8::new(0));
    let domain = Domain::generate(&random);
    let plan = Plan::Shares {
        threshold: THRESHOLD,
        shares: 5,
    };
    let (seal, shares) = Seal::create(&domain, plan, &mut NoMemory, &random)
        .map_err(|code| format!("{code:?}"))
        .unwrap();
    for count in [THRESHOLD, THRESHOLD - 1] {
        let given = points(&shares[..usize::from(count)]);
        let secret = shamir::combine(count, &given).unwrap();
        let opened = seal.open(secret.expose()).is_ok();
        assert_eq!(opened, count == THRESHOLD, "{count}");
    }
}

/// Memory that is only asked for.
struct Asked(Option<u32>);

impl WorkingMemory for Asked {
    fn lend(&mut self, kib: u32, _: &mut dyn FnMut(&mut [Argon2Block])) -> bool {
        self.0 = Some(kib);
        false
    }

    fn give_back(&mut self) {}
}

/// RFC 9106 §4: 64 MiB for whoever guesses, too.
#[test]
fn a_passphrase_costs_64_mib() {
    let random = Counting(AtomicU8::new(0));
    let (domain, mut memory) = (Domain::generate(&random), Asked(None));
    let plan = Plan::Passphrase(Secret::new(b"correct horse battery".to_vec()));
    assert!(Seal::create(&domain, plan, &mut memory, &random).is_err());
    assert_eq!(memory.0, Some(65_536));
}

#[test]
fn the_seal_of_a_full_ring_is_read() {
    let random = Counting(AtomicU8::new(0));
    let mut domain = Domain::generate(&random);
    let plan = Plan::KeyFile(Secret::new(vec![7; 32]));
    let created = Seal::create(&domain, plan, &mut NoMemory, &random);
    let (mut seal, _) = created.map_err(|code| format!("{code:?}")).unwrap();
    while let Some(next) = domain.with_next_epoch(&random) {
        seal = seal.with_ring_of(&next, &random);
        domain = next;
    }
    assert_eq!(domain.epochs().len(), EPOCHS_MAX);
    assert!(Seal::parse(&seal.to_bytes()).is_ok());
}
