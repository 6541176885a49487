//! Attestation documents and PEM files of roots. No document is taken: the genuine ones among the seeds have no RSA key, and
//! nobody here can sign another. One whose signature is right is one of them, to the byte that is signed.

use std::sync::LazyLock;

use strongroom_attestation::{Rejected, TrustRoots, verify};
use strongroom_base::UnixMillis;

/// When the genuine documents among the seeds were made.
const MADE: [UnixMillis; 2] = [UnixMillis(1_731_627_989_450), UnixMillis(1_762_795_210_812)];

static ROOTS: LazyLock<TrustRoots> = LazyLock::new(TrustRoots::aws_nitro);

pub(crate) fn run(data: &[u8]) {
    for now in MADE {
        let refused = verify(data, &ROOTS, now).expect_err("nobody signed this");
        assert!(!refused.to_string().is_empty());
        if matches!(refused, Rejected::NoPublicKey | Rejected::PublicKey) {
            // COSE allows more than one encoding around what is signed, but a signature is of both documents' length.
            assert!(data.len() > 4000, "a genuine document is longer");
        }
    }
    let _roots = TrustRoots::from_pem(data);
}
