//! Makes what hypervisors make: certificates and documents, with anything in them changed on the way.

use std::sync::OnceLock;
use std::time::Duration;

use minicbor::Encoder;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384, SignatureAlgorithm, SigningKey, date_time_ymd,
};
use strongroom_attestation::TrustRoots;
use strongroom_base::UnixMillis;

/// 2025-06-15T12:00:00Z, when all documents are made.
pub(crate) const NOW: UnixMillis = UnixMillis(1_749_988_800_000);

pub(crate) const ES384: &[u8] = &[0xa1, 0x01, 0x38, 0x22];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Root,
    Zone,
    Instance,
    Leaf,
}

const LEVELS: [Level; 4] = [Level::Root, Level::Zone, Level::Instance, Level::Leaf];

pub(crate) struct Chain {
    /// Root, zone, instance.
    pub(crate) authorities: Vec<Vec<u8>>,
    pub(crate) leaf: Vec<u8>,
    pub(crate) leaf_key: KeyPair,
    /// The key that signed the leaf.
    pub(crate) instance_key: KeyPair,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self::with(&PKCS_ECDSA_P384_SHA384, |_, _| {})
    }

    /// A chain of keys of `algorithm` with a P-384 leaf, after `change` has seen the content of each certificate.
    pub(crate) fn with(
        algorithm: &'static SignatureAlgorithm,
        change: impl Fn(Level, &mut CertificateParams),
    ) -> Self {
        Self::of(
            |level| match level {
                Level::Leaf => &PKCS_ECDSA_P384_SHA384,
                _ => algorithm,
            },
            change,
        )
    }

    pub(crate) fn of(
        algorithm: impl Fn(Level) -> &'static SignatureAlgorithm,
        change: impl Fn(Level, &mut CertificateParams),
    ) -> Self {
        Self::issued_as(algorithm, change, |_, _| {})
    }

    /// As [`Chain::of`], but each issuer signs as what `pretend` makes of it.
    pub(crate) fn issued_as(
        algorithm: impl Fn(Level) -> &'static SignatureAlgorithm,
        change: impl Fn(Level, &mut CertificateParams),
        pretend: impl Fn(Level, &mut CertificateParams),
    ) -> Self {
        let mut made = Vec::new();
        let mut keys = Vec::new();
        let mut issuer: Option<Issuer<'static, KeyPair>> = None;
        for level in LEVELS {
            let key = KeyPair::generate_for(algorithm(level)).unwrap();
            keys.push(copy(&key, algorithm(level)));
            let mut params = params(level);
            change(level, &mut params);
            let certificate = match &issuer {
                None => params.self_signed(&key).unwrap(),
                Some(issuer) => params.signed_by(&key, issuer).unwrap(),
            };
            made.push(certificate.der().to_vec());
            pretend(level, &mut params);
            issuer = Some(Issuer::new(params, key));
        }
        Self {
            leaf: made.pop().unwrap(),
            authorities: made,
            leaf_key: keys.pop().unwrap(),
            instance_key: keys.pop().unwrap(),
        }
    }

    /// The leaf with other content and algorithm, signed again.
    pub(crate) fn reissued(&self, algorithm: &[u8], change: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        // SEQUENCE, 0x82 and two bytes of length, of the certificate and of what is signed.
        let length = usize::from(u16::from_be_bytes([self.leaf[6], self.leaf[7]]));
        let signed = der(0x30, &change(&self.leaf[8..8 + length]));
        let signature = self.instance_key.sign(&signed).unwrap();
        let signature = der(0x03, &[&[0][..], &signature].concat());
        der(0x30, &[&signed[..], algorithm, &signature].concat())
    }

    pub(crate) fn roots(&self) -> TrustRoots {
        TrustRoots::from_pem(pem(&self.authorities[0]).as_bytes()).unwrap()
    }
}

fn copy(key: &KeyPair, algorithm: &'static SignatureAlgorithm) -> KeyPair {
    let der = key.serialized_der().to_vec().into();
    KeyPair::from_pkcs8_der_and_sign_algo(&der, algorithm).unwrap()
}

fn params(level: Level) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params
        .distinguished_name
        .push(DnType::CommonName, format!("{level:?}"));
    params.not_before = date_time_ymd(2025, 6, 15);
    params.not_after = date_time_ymd(2025, 6, 16);
    let (is_ca, usage) = match level {
        Level::Root => (BasicConstraints::Unconstrained, None),
        Level::Zone => (BasicConstraints::Constrained(1), None),
        Level::Instance => (BasicConstraints::Constrained(0), None),
        Level::Leaf => (
            BasicConstraints::Unconstrained,
            Some(KeyUsagePurpose::DigitalSignature),
        ),
    };
    params.is_ca = match usage {
        Some(_) => IsCa::ExplicitNoCa,
        None => IsCa::Ca(is_ca),
    };
    params.key_usages = vec![usage.unwrap_or(KeyUsagePurpose::KeyCertSign)];
    params
}

/// A chain that tests share when they do not change it.
pub(crate) fn chain() -> &'static Chain {
    static CHAIN: OnceLock<Chain> = OnceLock::new();
    CHAIN.get_or_init(Chain::new)
}

pub(crate) fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let base64 = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

/// A document before it is signed; every value is CBOR.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) fields: Vec<(&'static str, Vec<u8>)>,
    pub(crate) protected: Vec<u8>,
    /// How the map of fields begins and ends, when not as a definite one.
    pub(crate) indefinite: bool,
    /// What follows the fields inside the payload.
    pub(crate) after_fields: Vec<u8>,
}

impl Document {
    pub(crate) fn of(chain: &Chain) -> Self {
        let pcrs: Vec<(u8, usize)> = (0..16).map(|index| (index, 48)).collect();
        let authorities: Vec<&[u8]> = chain.authorities.iter().map(Vec::as_slice).collect();
        let fields = vec![
            ("module_id", text("i-0123456789abcdef0-enc0123456789abcdef")),
            ("digest", text("SHA384")),
            ("timestamp", uint(u64::try_from(NOW.0).unwrap())),
            ("pcrs", pcr_map(&pcrs)),
            ("certificate", bytes(&chain.leaf)),
            ("cabundle", array(&authorities)),
            ("public_key", bytes(&rsa_spki(2048))),
            ("user_data", vec![0xf6]),
            ("nonce", bytes(b"a nonce")),
        ];
        Self {
            fields,
            protected: ES384.to_vec(),
            indefinite: false,
            after_fields: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: Vec<u8>) -> Self {
        self = self.without(name);
        self.fields.push((name, value));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(field, _)| *field != name);
        self
    }

    pub(crate) fn payload(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::new());
        if self.indefinite {
            encoder.begin_map().unwrap();
        } else {
            encoder
                .map(u64::try_from(self.fields.len()).unwrap())
                .unwrap();
        }
        let mut payload = encoder.into_writer();
        for (name, value) in &self.fields {
            payload.extend(text(name));
            payload.extend(value);
        }
        if self.indefinite {
            payload.push(0xff);
        }
        payload.extend(&self.after_fields);
        payload
    }

    /// The document, signed by `chain`.
    pub(crate) fn sign(&self, chain: &Chain) -> Vec<u8> {
        let payload = self.payload();
        let signature = sign(&chain.leaf_key, &self.protected, &payload);
        envelope(&self.protected, &payload, &signature)
    }
}

pub(crate) fn envelope(protected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let parts = [
        vec![0x84],
        bytes(protected),
        vec![0xa0],
        bytes(payload),
        bytes(signature),
    ];
    parts.concat()
}

pub(crate) fn sign(key: &KeyPair, protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let input = [
        vec![0x84],
        text("Signature1"),
        bytes(protected),
        bytes(&[]),
        bytes(payload),
    ];
    fixed(&key.sign(&input.concat()).unwrap())
}

/// r ‖ s of a DER signature.
fn fixed(der: &[u8]) -> Vec<u8> {
    assert_eq!(der[0], 0x30);
    let (r, rest) = integer(&der[2..]);
    let (s, _) = integer(rest);
    [r, s].concat()
}

fn integer(der: &[u8]) -> (Vec<u8>, &[u8]) {
    assert_eq!(der[0], 0x02);
    let (number, rest) = der[2..].split_at(usize::from(der[1]));
    let start = number.iter().position(|byte| *byte != 0).unwrap();
    let number = &number[start..];
    ([vec![0; 48 - number.len()], number.to_vec()].concat(), rest)
}

pub(crate) fn text(value: &str) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.str(value).unwrap();
    encoder.into_writer()
}

pub(crate) fn bytes(value: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.bytes(value).unwrap();
    encoder.into_writer()
}

pub(crate) fn uint(value: u64) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.u64(value).unwrap();
    encoder.into_writer()
}

pub(crate) fn array(values: &[&[u8]]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.array(u64::try_from(values.len()).unwrap()).unwrap();
    for value in values {
        encoder.bytes(value).unwrap();
    }
    encoder.into_writer()
}

/// Registers with as many bytes of their own number.
pub(crate) fn pcr_map(pcrs: &[(u8, usize)]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.map(u64::try_from(pcrs.len()).unwrap()).unwrap();
    for (index, length) in pcrs {
        encoder.u8(*index).unwrap();
        encoder.bytes(&vec![*index; *length]).unwrap();
    }
    encoder.into_writer()
}

/// The SubjectPublicKeyInfo of an RSA key of `bits`, though nobody knows its factors.
pub(crate) fn rsa_spki(bits: usize) -> Vec<u8> {
    spki(&RSA_ALGORITHM, &rsa_key(&modulus(bits), &[1, 0, 1]))
}

/// rsaEncryption with NULL.
pub(crate) const RSA_ALGORITHM: [u8; 15] = [
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
];

pub(crate) fn spki(algorithm: &[u8], key: &[u8]) -> Vec<u8> {
    let key = der(0x03, &[&[0][..], key].concat());
    der(0x30, &[algorithm, &key].concat())
}

pub(crate) fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    der(0x30, &[der_uint(modulus), der_uint(exponent)].concat())
}

/// An odd number of exactly `bits`.
pub(crate) fn modulus(bits: usize) -> Vec<u8> {
    let mut number = vec![0xa5; bits.div_ceil(8)];
    number[0] = 1 << ((bits - 1) % 8);
    number
}

fn der_uint(number: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if number[0] & 0x80 == 0 { &[] } else { &[0] };
    der(0x02, &[sign, number].concat())
}

pub(crate) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length = match content.len() {
        0..0x80 => vec![length[7]],
        0x80..0x100 => vec![0x81, length[7]],
        _ => vec![0x82, length[6], length[7]],
    };
    [vec![tag], length, content.to_vec()].concat()
}

pub(crate) fn later(by: Duration) -> UnixMillis {
    NOW.plus(by)
}

pub(crate) fn earlier(by: Duration) -> UnixMillis {
    UnixMillis(NOW.0 - i64::try_from(by.as_millis()).unwrap())
}
