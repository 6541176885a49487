//! Tokens and JWK sets. The input is a set, a zero byte, and a token. A set that is read may be used; a token that is taken
//! under the provider of the tests says what that provider has signed, to the byte.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_crypto::signature::Ed25519KeyPair;
use strongroom_kms::fuzzing::takes_token;
use strongroom_kms::oidc::Providers;

use crate::split::{text, zero};

pub(crate) const ISSUER: &str = "https://idp.example.com";
pub(crate) const AUDIENCE: &str = "strongroom";
/// 2026-11-22T00:00:00Z
const NOW: i64 = 1_795_305_600;
/// PKCS#8 of an Ed25519 key whose seed is 32 times 7 (RFC 8410 §7).
const PRIVATE_KEY: [u8; 48] = {
    let mut der = [7; 48];
    let head = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    let mut at = 0;
    while at < head.len() {
        der[at] = head[at];
        at += 1;
    }
    der
};

struct Known {
    providers: Providers,
    token: String,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let mut providers = Providers::default();
    let audiences = vec![AUDIENCE.to_owned()];
    providers
        .add(ISSUER, audiences, key_set().as_bytes())
        .unwrap();
    Known {
        providers,
        token: genuine(),
    }
});

pub(crate) fn run(data: &[u8]) {
    let (set, token) = zero(data);
    let Some(token) = text(token) else { return };
    let known = &*KNOWN;
    if takes_token(&known.providers, token, NOW) {
        assert_eq!(token, known.token, "a token that the provider did not sign");
    }
    let mut providers = Providers::default();
    if providers
        .add(ISSUER, vec![AUDIENCE.to_owned()], set)
        .is_ok()
    {
        let _taken = takes_token(&providers, token, NOW);
    }
}

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_pkcs8(&PRIVATE_KEY).unwrap_or_else(|_| panic!("a sound key"))
}

/// The set of the provider of the tests.
pub(crate) fn key_set() -> String {
    let spki = key().public_spki();
    let x = URL_SAFE_NO_PAD.encode(&spki[spki.len() - 32..]);
    format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"k","x":"{x}"}}]}}"#)
}

/// The only token that this provider has signed.
pub(crate) fn genuine() -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k"}"#);
    let (issued, expires) = (NOW - 60, NOW + 3600);
    let claims = format!(
        r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"ann","iat":{issued},"exp":{expires}}}"#
    );
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key().sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}
