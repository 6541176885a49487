use strongroom_aws::kms::MessageType::{Digest, ExternalMu, Raw};
use strongroom_aws::kms::SigningAlgorithmSpec as Algorithm;
use strongroom_hsm_api::scheme::SignatureInput;

use super::taken;
use crate::records::KeySpec;

#[test]
fn algorithms_take_these_messages() {
    let any = Some((SignatureInput::Message, None));
    let digest = |length| Some((SignatureInput::Digest, Some(length)));
    for (algorithm, raw, hashed, mu) in [
        (Algorithm::RsassaPkcs1V15Sha256, any, digest(32), None),
        (Algorithm::RsassaPkcs1V15Sha384, any, digest(48), None),
        (Algorithm::RsassaPkcs1V15Sha512, any, digest(64), None),
        (Algorithm::RsassaPssSha256, any, digest(32), None),
        (Algorithm::RsassaPssSha384, any, digest(48), None),
        (Algorithm::RsassaPssSha512, any, digest(64), None),
        (Algorithm::EcdsaSha256, any, digest(32), None),
        (Algorithm::EcdsaSha384, any, digest(48), None),
        (Algorithm::EcdsaSha512, any, digest(64), None),
        (Algorithm::Sm2Dsa, any, digest(32), None),
        (Algorithm::Ed25519Sha512, any, None, None),
        (
            Algorithm::Ed25519PhSha512,
            None,
            Some((SignatureInput::Message, Some(64))),
            None,
        ),
        (
            Algorithm::MlDsaShake256,
            any,
            None,
            Some((SignatureInput::ExternalMu, Some(64))),
        ),
    ] {
        for (message_type, expected) in [(Raw, raw), (Digest, hashed), (ExternalMu, mu)] {
            let found = taken(algorithm, message_type).map(|taken| (taken.input, taken.length));
            assert_eq!(found, expected, "{algorithm:?} {message_type:?}");
        }
    }
}

#[test]
fn every_algorithm_of_every_spec_takes_some_message() {
    for spec in KeySpec::ALL {
        for algorithm in spec.signing_algorithms() {
            let taken = [Raw, Digest, ExternalMu].map(|one| taken(*algorithm, one).is_some());
            assert!(taken.contains(&true), "{spec:?} {algorithm:?}");
        }
    }
}
