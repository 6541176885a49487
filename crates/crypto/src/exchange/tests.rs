use super::{InvalidPublicKey, OVERHEAD_BYTES, Recipient, hkdf_sha256, seal_to};
use crate::test_vectors::{array, bytes};
use crate::{Unauthentic, aead};

// RFC 7748 §6.1.
const ALICE: &str = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const ALICE_PUBLIC: &str = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
const BOB: &str = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
const BOB_PUBLIC: &str = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
const SHARED: &str = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

#[test]
fn rfc_7748_agreement() {
    let (alice, bob) = (
        Recipient::from_private(&array(ALICE)),
        Recipient::from_private(&array(BOB)),
    );
    assert_eq!(alice.public(), array(ALICE_PUBLIC));
    assert_eq!(bob.public(), array(BOB_PUBLIC));
    let shared = bytes(SHARED);
    assert!(
        alice
            .agree(&bob.public())
            .is_ok_and(|out| out.matches(&shared))
    );
    assert!(
        bob.agree(&alice.public())
            .is_ok_and(|out| out.matches(&shared))
    );
}

// RFC 5869, appendix A.1, of which the first 32 bytes do not depend on the length asked for.
#[test]
fn rfc_5869_case_1() {
    let salt = bytes("000102030405060708090a0b0c");
    let info = bytes("f0f1f2f3f4f5f6f7f8f9");
    let (head, tail) = info.split_at(4);
    let out = hkdf_sha256(&salt, &[0x0b; 22], &[head, tail]);
    assert!(out.matches(&bytes(
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    )));
}

// From the keys of RFC 7748 §6.1, computed with the Python package cryptography 48 (OpenSSL).
const GOLDEN: &str = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a
    3e5590357f1f08115c797d42017274f36c61b94c58cb64d327";

#[test]
fn the_format_is_stable() {
    let alice = Recipient::from_private(&array(ALICE));
    let sealed = alice.seal_as_ephemeral(&array(BOB_PUBLIC), b"purpose", b"plaintext");
    assert_eq!(sealed, Ok(bytes(GOLDEN)));
    let opened = Recipient::from_private(&array(BOB)).open(b"purpose", &bytes(GOLDEN));
    assert!(opened.is_ok_and(|opened| opened.matches(b"plaintext")));
}

#[test]
fn round_trips_more_than_once_and_only_as_sealed() {
    let recipient = Recipient::generate();
    for plaintext in [b"".as_slice(), b"x", &[7; 1000]] {
        let sealed = seal_to(&recipient.public(), b"purpose", plaintext).expect("valid key");
        assert_eq!(sealed.len(), plaintext.len() + OVERHEAD_BYTES);
        let opened = recipient.open(b"purpose", &sealed);
        assert!(opened.is_ok_and(|opened| opened.matches(plaintext)));
        assert!(recipient.open(b"purposf", &sealed).is_err());
        assert!(Recipient::generate().open(b"purpose", &sealed).is_err());
        for index in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[index] ^= 1;
            assert!(recipient.open(b"purpose", &altered).is_err(), "{index}");
            assert!(recipient.open(b"purpose", &sealed[..index]).is_err());
        }
    }
}

#[test]
fn two_boxes_of_the_same_content_differ() {
    let public = Recipient::generate().public();
    let seal = || seal_to(&public, b"", b"plaintext").expect("valid key");
    assert_ne!(seal()[..32], seal()[..32]);
}

#[test]
fn points_of_small_order_are_refused() {
    let mut one = [0; 32];
    one[0] = 1;
    for public in [[0; 32], one] {
        assert_eq!(seal_to(&public, b"", b""), Err(InvalidPublicKey));
        let mut sealed = public.to_vec();
        sealed.extend([0; aead::TAG_BYTES]);
        let opened = Recipient::generate().open(b"", &sealed);
        assert_eq!(opened.err(), Some(Unauthentic));
    }
}
