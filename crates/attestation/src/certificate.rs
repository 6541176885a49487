//! One X.509 certificate (RFC 5280) of an enclave's chain: what path validation needs of it. Whether it is to be
//! trusted is decided in `chain`.

use std::collections::BTreeSet;

use strongroom_base::UnixMillis;
use strongroom_crypto::ecdsa_verify::{Curve, verify_asn1};
use x509_cert::certificate::Version;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::Name;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::Validity;
use x509_cert::{Certificate as Parsed, TbsCertificate};

/// RFC 5480 §2.1.1 and §2.1.1.1; RFC 5758 §3.2.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
/// RFC 5280 §4.2.1.3 and §4.2.1.9: the extensions that are understood here, so may be critical.
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");

/// A certificate, its signature not yet checked.
#[derive(Clone)]
pub(crate) struct Certificate {
    der: Vec<u8>,
    subject: Name,
    issuer: Name,
    not_before_seconds: i64,
    not_after_seconds: i64,
    public_key: PublicKey,
    usage: Usage,
    signed: Vec<u8>,
    signature_curve: Curve,
    signature: Vec<u8>,
}

/// A public key: an uncompressed point.
#[derive(Clone)]
pub(crate) struct PublicKey {
    pub(crate) curve: Curve,
    pub(crate) point: Vec<u8>,
}

/// What the extensions let a key do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// Sign certificates, with at most this many authorities below it (RFC 5280 §4.2.1.9).
    Authority { path_length: Option<u8> },
    /// Sign documents.
    Leaf,
    /// Neither.
    Other,
}

impl Certificate {
    /// Reads `der`, or `None` when it is no version 3 certificate of ECDSA on P-256 or P-384, or has a critical
    /// extension that is not understood.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let parsed = Parsed::from_der(der).ok()?;
        let tbs = parsed.tbs_certificate();
        if tbs.version() != Version::V3 || tbs.signature() != parsed.signature_algorithm() {
            return None;
        }
        let (not_before_seconds, not_after_seconds) = seconds(tbs.validity())?;
        Some(Self {
            der: der.to_vec(),
            subject: tbs.subject().clone(),
            issuer: tbs.issuer().clone(),
            not_before_seconds,
            not_after_seconds,
            public_key: public_key(tbs.subject_public_key_info())?,
            usage: usage(tbs)?,
            signed: signed_part(der)?.to_vec(),
            signature_curve: signature_curve(parsed.signature_algorithm())?,
            signature: parsed.signature().as_bytes()?.to_vec(),
        })
    }

    /// Whether its encoding is exactly `der`.
    pub(crate) fn is(&self, der: &[u8]) -> bool {
        self.der == der
    }

    /// Whether `issuer` is named as its issuer and has signed it.
    pub(crate) fn is_issued_by(&self, issuer: &Certificate) -> bool {
        let key = &issuer.public_key;
        if self.issuer != issuer.subject || self.signature_curve != key.curve {
            return false;
        }
        verify_asn1(key.curve, &key.point, &self.signed, &self.signature).is_ok()
    }

    /// Whether it is valid at `time`, ends included (RFC 5280 §4.1.2.5).
    pub(crate) fn is_valid_at(&self, time: UnixMillis) -> bool {
        (self.not_before_seconds..=self.not_after_seconds).contains(&time.seconds())
    }

    /// Whether it may sign certificates with `below` authorities between it and the leaf. Counts self-issued ones
    /// too, which RFC 5280 §6.1.4 leaves out: no enclave has any.
    pub(crate) fn may_issue(&self, below: usize) -> bool {
        match self.usage {
            Usage::Authority { path_length } => {
                path_length.is_none_or(|length| below <= usize::from(length))
            }
            Usage::Leaf | Usage::Other => false,
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        self.usage
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

/// The bytes of the TBSCertificate as they stand: what is signed is not what an encoder would write.
fn signed_part(der: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(der).ok()?;
    let signed = reader.sequence(|reader| {
        let signed = reader.tlv_bytes()?;
        reader.drain(reader.remaining_len())?;
        Ok::<_, x509_cert::der::Error>(signed)
    });
    signed.ok()
}

fn seconds(validity: &Validity) -> Option<(i64, i64)> {
    let not_before = validity.not_before.to_unix_duration().as_secs();
    let not_after = validity.not_after.to_unix_duration().as_secs();
    Some((
        i64::try_from(not_before).ok()?,
        i64::try_from(not_after).ok()?,
    ))
}

fn public_key(info: &SubjectPublicKeyInfoOwned) -> Option<PublicKey> {
    if info.algorithm.oid != EC_PUBLIC_KEY {
        return None;
    }
    let parameters = info.algorithm.parameters.as_ref()?;
    let curve = match parameters.decode_as::<ObjectIdentifier>().ok()? {
        SECP256R1 => Curve::P256Sha256,
        SECP384R1 => Curve::P384Sha384,
        _ => return None,
    };
    let point = info.subject_public_key.as_bytes()?.to_vec();
    (point.len() == curve.point_bytes()).then_some(PublicKey { curve, point })
}

fn signature_curve(algorithm: &AlgorithmIdentifierOwned) -> Option<Curve> {
    // RFC 5758 §3.2: there are no parameters.
    if algorithm.parameters.is_some() {
        return None;
    }
    match algorithm.oid {
        ECDSA_WITH_SHA256 => Some(Curve::P256Sha256),
        ECDSA_WITH_SHA384 => Some(Curve::P384Sha384),
        _ => None,
    }
}

/// What the extensions say, or `None` when one is malformed, twice there, or critical and not understood.
fn usage(tbs: &TbsCertificate) -> Option<Usage> {
    let mut seen = BTreeSet::new();
    for extension in tbs.extensions().into_iter().flatten() {
        let understood = [KEY_USAGE, BASIC_CONSTRAINTS].contains(&extension.extn_id);
        if !seen.insert(extension.extn_id) || extension.critical && !understood {
            return None;
        }
    }
    let constraints = tbs.get_extension::<BasicConstraints>().ok()?;
    let usage = tbs.get_extension::<KeyUsage>().ok()?;
    Some(allowed(
        constraints.map(|(_, constraints)| constraints),
        usage.map(|(_, usage)| usage),
    ))
}

fn allowed(constraints: Option<BasicConstraints>, usage: Option<KeyUsage>) -> Usage {
    // A key without usage could be used for anything (RFC 5280 §4.2.1.3); enclaves' chains always say which.
    let Some(usage) = usage else {
        return Usage::Other;
    };
    match constraints {
        Some(constraints) if constraints.ca && usage.key_cert_sign() => Usage::Authority {
            path_length: constraints.path_len_constraint,
        },
        Some(constraints) if constraints.ca => Usage::Other,
        _ if usage.digital_signature() && !usage.key_cert_sign() => Usage::Leaf,
        _ => Usage::Other,
    }
}
