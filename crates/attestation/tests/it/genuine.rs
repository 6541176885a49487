//! Documents of real enclaves, that their owners have published. Neither has an RSA key, so both are refused for
//! that: only after all else was found right.

use std::time::Duration;

use strongroom_attestation::{Rejected, TrustRoots, verify};
use strongroom_base::UnixMillis;

use crate::forge::chain;

/// Of 2024, a map of definite length, without a public key.
const WITHOUT_KEY: &[u8] = include_bytes!("../data/enclave-without-key.cbor");
const WITHOUT_KEY_MADE: UnixMillis = UnixMillis(1_731_627_989_450);
/// Of 2025, a map of indefinite length, with a public key of 32 bytes.
const OTHER_KEY: &[u8] = include_bytes!("../data/enclave-with-other-key.cbor");
const OTHER_KEY_MADE: UnixMillis = UnixMillis(1_762_795_210_812);

fn check(document: &[u8], made: UnixMillis, wanted: Rejected) {
    let aws = TrustRoots::aws_nitro();
    assert_eq!(verify(document, &aws, made), Err(wanted));
    let minute = made.plus(Duration::from_secs(60));
    assert_eq!(verify(document, &aws, minute), Err(wanted));
    let hour = made.plus(Duration::from_secs(3600));
    assert_eq!(verify(document, &aws, hour), Err(Rejected::Expired));
    let other = chain().roots();
    assert_eq!(verify(document, &other, made), Err(Rejected::Untrusted));
    let mut forged = document.to_vec();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(verify(&forged, &aws, made), Err(Rejected::BadSignature));
}

#[test]
fn documents_of_enclaves_verify_under_the_root_of_aws() {
    check(WITHOUT_KEY, WITHOUT_KEY_MADE, Rejected::NoPublicKey);
    check(OTHER_KEY, OTHER_KEY_MADE, Rejected::PublicKey);
}
