//! What too few operators can do together.

use std::num::NonZeroU8;
use std::sync::atomic::{AtomicU8, Ordering};

use strongroom_base::Random;
use strongroom_crypto::shamir::{self, Share};

use super::{Domain, NoMemory, Plan, Seal};
use crate::share::UnsealShare;

const THRESHOLD: u8 = 3;

/// Every draw is another.
struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) {
        out.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
    }
}

fn points(texts: &[strongroom_base::Secret<Vec<u8>>]) -> Vec<Share> {
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
