use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use strongroom_crypto::der::{self, Reader};
use strongroom_crypto::signature::{
    Curve, EcKeyPair, Ed25519KeyPair, Hash, Input, RsaKeyPair, RsaKeySize, RsaPadding,
};
use strongroom_policy::{Undetermined, Values};

use super::Providers;

pub(crate) const ISSUER: &str = "https://idp.example.com/realm";
pub(crate) const HOST: &str = "idp.example.com/realm";
pub(crate) const AUDIENCE: &str = "sts.example.com";
const NOW: i64 = 1_800_000_000;

/// An identity provider's key pair.
pub(crate) enum Signer {
    Rsa(&'static RsaKeyPair, RsaPadding),
    Ec(Box<EcKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(RsaKeySize::Rsa2048));

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Signer {
    pub(crate) fn es256() -> Self {
        Self::Ec(Box::new(EcKeyPair::generate(Curve::P256)))
    }

    fn all() -> Vec<(&'static str, Self)> {
        vec![
            ("RS256", Self::Rsa(&RSA, RsaPadding::Pkcs1)),
            ("PS256", Self::Rsa(&RSA, RsaPadding::Pss)),
            ("ES256", Self::es256()),
            (
                "ES384",
                Self::Ec(Box::new(EcKeyPair::generate(Curve::P384))),
            ),
            ("EdDSA", Self::Ed25519(Box::new(Ed25519KeyPair::generate()))),
        ]
    }

    pub(crate) fn jwk(&self, id: &str) -> Value {
        let spki = match self {
            Self::Rsa(key, _) => key.public_spki(),
            Self::Ec(key) => key.public_spki(),
            Self::Ed25519(key) => key.public_spki(),
        };
        let mut inside = Reader::new(der::read_one(der::SEQUENCE, &spki).unwrap());
        inside.read(der::SEQUENCE).unwrap();
        let key = der::whole_bytes(inside.read(der::BIT_STRING).unwrap()).unwrap();
        match self {
            Self::Rsa(..) => {
                let mut numbers = Reader::new(der::read_one(der::SEQUENCE, key).unwrap());
                let modulus = &numbers.read(der::INTEGER).unwrap()[1..];
                let exponent = numbers.read(der::INTEGER).unwrap();
                json!({"kty": "RSA", "kid": id, "n": encode(modulus), "e": encode(exponent)})
            }
            Self::Ec(pair) => {
                let (x, y) = key[1..].split_at(key.len() / 2);
                let curve = if pair.curve() == Curve::P256 {
                    "P-256"
                } else {
                    "P-384"
                };
                json!({"kty": "EC", "kid": id, "crv": curve, "x": encode(x), "y": encode(y)})
            }
            Self::Ed25519(_) => {
                json!({"kty": "OKP", "kid": id, "crv": "Ed25519", "x": encode(key)})
            }
        }
    }

    fn signature(&self, signed: &str) -> Vec<u8> {
        let input = Input::Message(signed.as_bytes());
        match self {
            Self::Rsa(key, padding) => key.sign(*padding, Hash::Sha256, input).unwrap(),
            Self::Ec(key) if key.curve() == Curve::P256 => {
                fixed(&key.sign(Hash::Sha256, input).unwrap(), 32)
            }
            Self::Ec(key) => fixed(&key.sign(Hash::Sha384, input).unwrap(), 48),
            Self::Ed25519(key) => key.sign(signed.as_bytes()).to_vec(),
        }
    }

    /// A token with these parts, whatever they are.
    fn raw(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", encode(header), encode(claims));
        let signature = self.signature(&signed);
        format!("{signed}.{}", encode(signature))
    }

    pub(crate) fn token(&self, algorithm: &str, claims: &Value) -> String {
        let header = json!({"alg": algorithm, "kid": "k1", "typ": "JWT"});
        self.raw(&header.to_string(), &claims.to_string())
    }
}

/// r and s side by side, each of `half` bytes.
fn fixed(signature: &[u8], half: usize) -> Vec<u8> {
    let mut numbers = Reader::new(der::read_one(der::SEQUENCE, signature).unwrap());
    let mut out = Vec::new();
    for _ in 0..2 {
        let number = numbers.read(der::INTEGER).unwrap();
        let zeros = number.iter().take_while(|byte| **byte == 0).count();
        let digits = &number[zeros..];
        out.extend(std::iter::repeat_n(0, half - digits.len()));
        out.extend(digits);
    }
    out
}

pub(crate) fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "user:1", "aud": AUDIENCE, "iat": NOW - 10, "exp": NOW + 600})
}

pub(crate) fn providers(keys: &[Value]) -> Providers {
    let mut providers = Providers::default();
    let audiences = vec![AUDIENCE.to_owned(), "second".to_owned()];
    let set = json!({ "keys": keys }).to_string();
    providers.add(ISSUER, audiences, set.as_bytes()).unwrap();
    providers
}

/// The exception and text of a refused token, or nothing.
fn told(providers: &Providers, token: &str) -> (&'static str, String) {
    match providers.verify(token, NOW) {
        Ok(_) => ("", String::new()),
        Err(refusal) => {
            let (exception, text) = refusal.query();
            (exception.name(), text.to_owned())
        }
    }
}

const INVALID: &str = "InvalidIdentityToken";
const NOT_A_JWT: &str = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
const UNKNOWN_KEY: &str = "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements";
const WRONG_SIGNATURE: &str = "The signature of the ID Token is not valid";

#[test]
fn tokens_verify_under_the_key_that_signed_them_and_no_other() {
    for (algorithm, signer) in Signer::all() {
        let own = providers(&[signer.jwk("k1")]);
        let token = signer.token(algorithm, &claims());
        let who = own.verify(&token, NOW).ok().unwrap();
        assert_eq!(
            (who.host(), who.audience.as_str(), who.subject.as_str()),
            ("idp.example.com/realm", "sts.example.com", "user:1")
        );
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut wrong = URL_SAFE_NO_PAD.decode(signature).unwrap();
        wrong[7] ^= 1;
        let token = format!("{signed}.{}", encode(&wrong));
        assert_eq!(
            told(&own, &token),
            (INVALID, WRONG_SIGNATURE.to_owned()),
            "{algorithm}"
        );
        wrong.pop();
        let token = format!("{signed}.{}", encode(&wrong));
        assert_eq!(told(&own, &token).0, INVALID, "{algorithm}");
    }
    let (signer, other) = (Signer::es256(), Signer::es256());
    let token = signer.token("ES256", &claims());
    let expected = (INVALID, WRONG_SIGNATURE.to_owned());
    assert_eq!(told(&providers(&[other.jwk("k1")]), &token), expected);
}

#[test]
fn the_algorithm_must_be_one_of_the_keys() {
    let all = Signer::all();
    for (algorithm, signer) in &all {
        let own = providers(&[signer.jwk("k1")]);
        let others = ["none", "None", "", "HS256", "RS512", "ES512", "rs256"];
        let others = all.iter().map(|(name, _)| *name).chain(others);
        for other in others.filter(|other| other != algorithm) {
            let (name, text) = told(&own, &signer.token(other, &claims()));
            // Both of RSA are of one key, and the padding differs.
            let texts = [NOT_A_JWT, UNKNOWN_KEY, WRONG_SIGNATURE];
            assert_eq!(name, INVALID, "{algorithm} {other}");
            assert!(texts.contains(&text.as_str()), "{algorithm} {other} {text}");
        }
        let mut only = signer.jwk("k1");
        only["alg"] = json!(algorithm);
        let token = signer.token(algorithm, &claims());
        assert_eq!(told(&providers(&[only]), &token).0, "", "{algorithm}");
    }
    let unsigned = format!(
        "{}.{}.",
        encode(r#"{"alg":"none"}"#),
        encode(claims().to_string())
    );
    let own = providers(&[Signer::es256().jwk("k1")]);
    assert_eq!(told(&own, &unsigned), (INVALID, NOT_A_JWT.to_owned()));
}

#[test]
fn what_can_be_read_in_two_ways_is_no_token() {
    let signer = Signer::es256();
    let own = providers(&[signer.jwk("k1")]);
    let good = claims().to_string();
    let twice = good.replacen('{', r#"{"sub":"root","#, 1);
    let header = r#"{"alg":"ES256","kid":"k1"}"#;
    let rows = [
        ("good", signer.raw(header, &good), ""),
        ("a claim twice", signer.raw(header, &twice), INVALID),
        (
            "alg twice",
            signer.raw(r#"{"alg":"none","alg":"ES256"}"#, &good),
            INVALID,
        ),
        (
            "crit",
            signer.raw(r#"{"alg":"ES256","crit":["b64"],"b64":false}"#, &good),
            INVALID,
        ),
        (
            "kid is a number",
            signer.raw(r#"{"alg":"ES256","kid":1}"#, &good),
            INVALID,
        ),
        (
            "another kid",
            signer.raw(r#"{"alg":"ES256","kid":"k2"}"#, &good),
            INVALID,
        ),
        ("no kid", signer.raw(r#"{"alg":"ES256"}"#, &good), ""),
        ("not an object", signer.raw(header, "[]"), INVALID),
        ("empty claims", signer.raw(header, ""), INVALID),
        (
            "padding",
            format!("{}=", signer.raw(header, &good)),
            INVALID,
        ),
        (
            "a space",
            format!("{} ", signer.raw(header, &good)),
            INVALID,
        ),
        (
            "a fourth part",
            format!("{}.e30", signer.raw(header, &good)),
            INVALID,
        ),
        ("one part", "e30".to_owned(), INVALID),
    ];
    for (name, token, expected) in rows {
        assert_eq!(told(&own, &token).0, expected, "{name}");
    }
    let two = providers(&[signer.jwk("k1"), signer.jwk("k2")]);
    let token = signer.raw(r#"{"alg":"ES256"}"#, &good);
    assert_eq!(told(&two, &token), (INVALID, UNKNOWN_KEY.to_owned()));
}

#[test]
fn claims_must_be_there_and_hold() {
    let missing = |claim: &str| format!("Missing a required claim: {claim}");
    let expired = |expiry: i64| {
        format!(
            "Token expired: current date/time {NOW} must be before the expiration date/time {expiry}"
        )
    };
    let early = "The ID Token is not valid yet".to_owned();
    let audience = "Incorrect token audience".to_owned();
    let unusable = |claim: &str| format!("The claim {claim} of the ID Token cannot be used");
    let no = String::new;
    let tags = "https://aws.amazon.com/tags";
    let source = "https://aws.amazon.com/source_identity";
    let rows = [
        ("iss", json!(null), INVALID, missing("iss")),
        (
            "iss",
            json!("https://idp.example.com"),
            INVALID,
            "No OpenIDConnect provider found in your account for https://idp.example.com"
                .to_owned(),
        ),
        ("sub", json!(null), INVALID, missing("sub")),
        ("sub", json!(7), INVALID, missing("sub")),
        ("sub", json!(""), "IDPRejectedClaim", unusable("sub")),
        (
            "sub",
            json!("a".repeat(256)),
            "IDPRejectedClaim",
            unusable("sub"),
        ),
        ("aud", json!(null), INVALID, missing("aud")),
        ("aud", json!([]), INVALID, missing("aud")),
        (
            "aud",
            json!(["sts.example.com", 7]),
            INVALID,
            missing("aud"),
        ),
        ("aud", json!("elsewhere"), INVALID, audience.clone()),
        ("aud", json!("second"), "", no()),
        ("aud", json!(["second"]), "", no()),
        ("aud", json!(["second", "elsewhere"]), INVALID, audience),
        ("exp", json!(null), INVALID, missing("exp")),
        ("exp", json!("1800000600"), INVALID, missing("exp")),
        ("exp", json!(1e300), INVALID, missing("exp")),
        (
            "exp",
            json!(NOW - 300),
            "ExpiredTokenException",
            expired(NOW - 300),
        ),
        ("exp", json!(NOW - 299), "", no()),
        ("exp", json!(1_799_999_701.5), "", no()),
        ("iat", json!(null), INVALID, missing("iat")),
        ("iat", json!(NOW + 300), "", no()),
        ("iat", json!(NOW + 301), "IDPRejectedClaim", early.clone()),
        ("nbf", json!(NOW + 300), "", no()),
        ("nbf", json!(NOW + 301), "IDPRejectedClaim", early),
        ("nbf", json!("now"), INVALID, missing("nbf")),
        (source, json!("dave"), "", no()),
        (
            source,
            json!("AWS:dave"),
            "IDPRejectedClaim",
            unusable(source),
        ),
        (source, json!("d"), "IDPRejectedClaim", unusable(source)),
        (tags, json!({"principal_tags": {"team": ["red"]}}), "", no()),
        (
            tags,
            json!({"principal_tags": {"team": "red"}}),
            "IDPRejectedClaim",
            unusable(tags),
        ),
        (
            tags,
            json!({"principal_tags": {"team": ["a", "b"]}}),
            "IDPRejectedClaim",
            unusable(tags),
        ),
        (
            tags,
            json!({"team": ["red"]}),
            "IDPRejectedClaim",
            unusable(tags),
        ),
    ];
    let signer = Signer::es256();
    let own = providers(&[signer.jwk("k1")]);
    for (name, value, exception, text) in rows {
        let mut claims = claims();
        claims[name] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
        let found = told(&own, &signer.token("ES256", &claims));
        assert_eq!(found, (exception, text), "{name} {value}");
    }
}

#[test]
fn of_several_audiences_the_authorized_party_is_meant() {
    let signer = Signer::es256();
    let own = providers(&[signer.jwk("k1")]);
    let rows = [
        (json!("second"), Some("second")),
        (json!(AUDIENCE), Some(AUDIENCE)),
        (json!("third"), None),
    ];
    for (party, meant) in rows {
        let mut claims = claims();
        claims["aud"] = json!([AUDIENCE, "second"]);
        claims["azp"] = party;
        let who = own.verify(&signer.token("ES256", &claims), NOW).ok();
        assert_eq!(who.as_ref().map(|who| who.audience.as_str()), meant);
    }
}

#[test]
fn claims_are_condition_keys_under_the_host() {
    let signer = Signer::es256();
    let mut claims = claims();
    claims["amr"] = json!(["authenticated", "mfa"]);
    claims["Repo"] = json!("Org/Repo");
    claims["twice"] = json!(1);
    claims["TWICE"] = json!(2);
    claims["deep"] = json!({"a": 1});
    claims["sure"] = json!(true);
    let own = providers(&[signer.jwk("k1")]);
    let who = own
        .verify(&signer.token("ES256", &claims), NOW)
        .ok()
        .unwrap();
    let many = vec!["authenticated".into(), "mfa".into()];
    let rows = [
        (
            "idp.example.com/realm:sub",
            Some(Ok(Values::One("user:1".into()))),
        ),
        (
            "idp.example.com/realm:aud",
            Some(Ok(Values::One(AUDIENCE.into()))),
        ),
        ("idp.example.com/realm:amr", Some(Ok(Values::Many(many)))),
        (
            "idp.example.com/realm:repo",
            Some(Ok(Values::One("Org/Repo".into()))),
        ),
        (
            "idp.example.com/realm:sure",
            Some(Ok(Values::One("true".into()))),
        ),
        ("idp.example.com/realm:deep", Some(Ok(Values::Absent))),
        ("idp.example.com/realm:none", Some(Ok(Values::Absent))),
        ("idp.example.com/realm:twice", Some(Err(Undetermined))),
        ("idp.example.com:sub", None),
        ("aws:sub", None),
    ];
    for (key, expected) in rows {
        assert_eq!(who.values(key), expected, "{key}");
    }
}

#[test]
fn what_is_no_provider_is_not_taken() {
    let key = Signer::es256().jwk("k1");
    let set = |keys: Value| json!({ "keys": keys }).to_string();
    let with = |name: &str, value: &str| {
        let mut key = key.clone();
        key[name] = json!(value);
        set(json!([key]))
    };
    let good = set(json!([key]));
    let rows = [
        ("http://idp.example.com", &good),
        ("https://", &good),
        ("https://idp.example.com?x", &good),
        ("https://user@idp.example.com", &good),
        ("https://IDP.example.com", &good),
        (ISSUER, &set(json!([]))),
        (ISSUER, &"[]".to_owned()),
        (ISSUER, &String::new()),
        (ISSUER, &with("d", "AAAA")),
        (ISSUER, &set(json!([{"kty": "oct", "k": "AAAA"}]))),
        (ISSUER, &with("use", "enc")),
        (ISSUER, &with("alg", "ES384")),
        (ISSUER, &with("x", "AAAA")),
        (ISSUER, &with("crv", "P-521")),
    ];
    for (issuer, keys) in rows {
        let mut providers = Providers::default();
        let added = providers.add(issuer, vec![AUDIENCE.to_owned()], keys.as_bytes());
        assert!(added.is_err(), "{issuer} {keys}");
    }
    let mut providers = Providers::default();
    let mut add = |audiences: &[&str]| {
        let audiences = audiences.iter().map(|one| (*one).to_owned()).collect();
        providers.add(ISSUER, audiences, good.as_bytes()).is_ok()
    };
    assert!(!add(&[]));
    assert!(add(&["a"]));
    assert!(!add(&["a"]));
}
