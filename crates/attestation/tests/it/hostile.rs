//! No input makes the verifier panic, and nothing that was changed is believed.

use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use proptest::sample::Index;
use strongroom_attestation::{Rejected, TrustRoots, verify};
use strongroom_base::UnixMillis;

use crate::forge::{Document, ES384, NOW, array, bytes, chain, envelope, pem, rsa_spki, sign};

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let document = Document::of(chain()).sign(chain());
    let roots = chain().roots();
    for position in 0..document.len() {
        let mut flipped = document.clone();
        flipped[position] ^= 1 << (position % 8);
        assert!(verify(&flipped, &roots, NOW).is_err(), "byte {position}");
    }
}

#[test]
fn a_flipped_bit_in_a_certificate_is_noticed_though_the_leaf_signs_it() {
    let roots = chain().roots();
    let refused = |document: Document, position: usize| {
        let verified = verify(&document.sign(chain()), &roots, NOW);
        let refused = matches!(verified, Err(Rejected::Untrusted | Rejected::Certificate));
        assert!(refused, "byte {position}: {verified:?}");
    };
    for position in 0..chain().leaf.len() {
        let mut leaf = chain().leaf.clone();
        leaf[position] ^= 1 << (position % 8);
        refused(
            Document::of(chain()).with("certificate", bytes(&leaf)),
            position,
        );
    }
    for (number, authority) in chain().authorities.iter().enumerate() {
        for position in 0..authority.len() {
            let mut authorities = chain().authorities.clone();
            authorities[number][position] ^= 1 << (position % 8);
            let authorities: Vec<&[u8]> = authorities.iter().map(Vec::as_slice).collect();
            let document = Document::of(chain()).with("cabundle", array(&authorities));
            refused(document, position);
        }
    }
}

const FIELDS: [&str; 10] = [
    "module_id",
    "digest",
    "timestamp",
    "pcrs",
    "certificate",
    "cabundle",
    "public_key",
    "user_data",
    "nonce",
    "unknown",
];

proptest! {
    #[test]
    fn bytes_are_no_document(document in vec(any::<u8>(), 0..600), now in any::<i64>()) {
        assert!(verify(&document, &chain().roots(), UnixMillis(now)).is_err());
    }

    #[test]
    fn payloads_never_panic(payload in vec(any::<u8>(), 0..600)) {
        let signature = sign(&chain().leaf_key, ES384, &payload);
        let document = envelope(ES384, &payload, &signature);
        assert!(verify(&document, &chain().roots(), NOW).is_err());
    }

    #[test]
    fn changed_payloads_never_panic(changes in vec((any::<Index>(), any::<u8>()), 1..8)) {
        let mut payload = Document::of(chain()).payload();
        for (position, byte) in changes {
            let position = position.index(payload.len());
            payload[position] = byte;
        }
        let signature = sign(&chain().leaf_key, ES384, &payload);
        let _ = verify(&envelope(ES384, &payload, &signature), &chain().roots(), NOW);
    }

    #[test]
    fn fields_never_panic(field in any::<Index>(), value in vec(any::<u8>(), 0..200)) {
        let name = FIELDS[field.index(FIELDS.len())];
        let mut document = Document::of(chain()).without(name);
        document.fields.insert(0, (name, value));
        let _ = verify(&document.sign(chain()), &chain().roots(), NOW);
    }

    #[test]
    fn keys_never_panic(changes in vec((any::<Index>(), any::<u8>()), 0..8)) {
        let mut key = rsa_spki(2048);
        for (position, byte) in changes {
            let position = position.index(key.len());
            key[position] = byte;
        }
        let document = Document::of(chain()).with("public_key", bytes(&key));
        let verified = verify(&document.sign(chain()), &chain().roots(), NOW);
        assert!(matches!(verified, Ok(_) | Err(Rejected::PublicKey)));
    }

    #[test]
    fn certificates_never_panic(changes in vec((any::<Index>(), any::<u8>()), 1..8)) {
        for certificate in [&chain().leaf, &chain().authorities[1]] {
            let mut certificate = certificate.clone();
            for (position, byte) in &changes {
                let position = position.index(certificate.len());
                certificate[position] = *byte;
            }
            let _ = TrustRoots::from_pem(pem(&certificate).as_bytes());
        }
    }

    #[test]
    fn roots_never_panic(pem in vec(any::<u8>(), 0..300)) {
        assert!(TrustRoots::from_pem(&pem).is_err());
    }
}
