//! SubjectPublicKeyInfo as clients and enclaves send it: of ECDH peers, of recipients of CMS messages, of signatures. Nothing
//! verifies that nobody signed; what is taken as a recipient can be encrypted to.

use std::sync::LazyLock;

use strongroom_crypto::cms::{check_recipient, enveloped_for};
use strongroom_crypto::rsa_public_key::{pkcs1_of_spki, spki_of_pkcs1};
use strongroom_crypto::signature::{
    Curve, EcKeyPair, Hash, Input, MlDsaLevel, RsaPadding, Scheme, verify,
};
use strongroom_crypto::sm2::Sm2PublicKey;

use crate::split::zero;

/// Our own key pairs, one a curve, which peers are to agree with.
static PAIRS: LazyLock<Vec<EcKeyPair>> = LazyLock::new(|| {
    let curves = [Curve::P256, Curve::P384, Curve::P521];
    curves.map(EcKeyPair::generate).into()
});

const SCHEMES: [Scheme; 6] = [
    Scheme::Rsa(RsaPadding::Pkcs1, Hash::Sha256),
    Scheme::Rsa(RsaPadding::Pss, Hash::Sha384),
    Scheme::Ecdsa(Curve::P256, Hash::Sha256),
    Scheme::Ecdsa(Curve::P384, Hash::Sha384),
    Scheme::Ed25519,
    Scheme::MlDsa(MlDsaLevel::MlDsa44),
];

pub(crate) fn run(data: &[u8]) {
    match check_recipient(data) {
        Ok(()) => {
            let sealed =
                enveloped_for(data, b"plaintext").unwrap_or_else(|_| panic!("a recipient"));
            assert!(!sealed.windows(9).any(|window| window == b"plaintext"));
        }
        Err(_) => assert!(enveloped_for(data, b"plaintext").is_err()),
    }
    if let Ok(pkcs1) = pkcs1_of_spki(data) {
        assert_eq!(pkcs1_of_spki(&spki_of_pkcs1(pkcs1)), Ok(pkcs1));
    }
    if let Ok(key) = Sm2PublicKey::from_spki(data) {
        let written = key.to_spki();
        assert!(Sm2PublicKey::from_spki(&written).is_ok());
    }
    for pair in &*PAIRS {
        if let Ok(secret) = pair.agree(data) {
            assert!(secret.expose().iter().any(|byte| *byte != 0));
        }
    }
    for scheme in SCHEMES {
        assert!(verify(scheme, data, Input::Message(b"m"), &[0xff; 64]).is_err());
        let (spki, signature) = zero(data);
        let _verified = verify(scheme, spki, Input::Message(b"m"), signature);
    }
}
