//! Attestation documents of AWS Nitro Enclaves, the `Recipient` of KMS requests: read and verify. Does no
//! I/O, reads no clock, never panics, and says nothing of a document whose signature it has not checked.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use strongroom_base::UnixMillis;

mod certificate;
mod chain;
mod document;
mod public_key;
mod roots;

pub use roots::{ROOTS_MAX, RootRejected, TrustRoots};

/// The longest document in bytes (KMS API, RecipientInfo).
pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// How old a document may be. AWS does not publish its own limit; an enclave makes a document for each
/// request, so this only bounds how long a stolen one can be replayed.
pub const AGE_MAX: Duration = Duration::from_secs(5 * 60);
/// How far a document may be ahead of `now`: what clocks may differ by.
pub const AHEAD_MAX: Duration = Duration::from_secs(60);

/// What an enclave has attested, signed by its hypervisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attestation {
    /// The enclave: instance id and enclave id; 1 to 256 bytes.
    pub module_id: String,
    /// The hash that the measurements are made with.
    pub digest: Digest,
    /// When the document was made.
    pub timestamp: UnixMillis,
    /// The measurements by their register, 0 to 31; each of 32, 48 or 64 bytes. All zero in debug mode.
    pub pcrs: BTreeMap<u8, Vec<u8>>,
    /// The key to encrypt answers to: a DER SubjectPublicKeyInfo, RSA of 2048 to 4096 bits.
    pub public_key: Vec<u8>,
    /// What the enclave added, up to 512 bytes.
    pub user_data: Option<Vec<u8>>,
    /// The nonce that the enclave was given, up to 512 bytes.
    pub nonce: Option<Vec<u8>>,
}

/// The hash of measurements; AWS documents no other ("Verifying the root of trust", syntactical validation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    /// SHA-384.
    Sha384,
}

impl Attestation {
    /// The SHA-384 measurement of the enclave's image: PCR0, 48 bytes (KMS condition
    /// `kms:RecipientAttestation:ImageSha384`).
    pub fn image_sha384(&self) -> Option<&[u8]> {
        let image = self.pcrs.get(&0)?;
        (image.len() == 48).then_some(image.as_slice())
    }
}

/// Why a document was refused, for the operator's log. A client is told no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// Not a COSE_Sign1 of ES384 with a map inside, or longer than [`DOCUMENT_BYTES_MAX`].
    NotADocument,
    /// This field of the payload is missing, twice there, of another type or outside its limits.
    Field(&'static str),
    /// A certificate is malformed, or uses what no certificate of an enclave uses.
    Certificate,
    /// The certificates do not lead from a trusted root to the leaf.
    Untrusted,
    /// A certificate is not valid at the document's time and now, or the document is not of now.
    Expired,
    /// The leaf's key did not sign this document.
    BadSignature,
    /// The document is genuine but has no public key, so nothing can be encrypted to it.
    NoPublicKey,
    /// The document is genuine but its public key is not a DER RSA key of 2048 to 4096 bits.
    PublicKey,
}

impl fmt::Display for Rejected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Rejected::Field(name) => {
                return write!(formatter, "the field {name} is missing or not valid");
            }
            Rejected::NotADocument => "not a signed attestation document",
            Rejected::Certificate => "a certificate is malformed",
            Rejected::Untrusted => "the certificates do not lead to a trusted root",
            Rejected::Expired => "the document or a certificate is not valid at this time",
            Rejected::BadSignature => "the signature is not valid",
            Rejected::NoPublicKey => "the document has no public key",
            Rejected::PublicKey => "the public key is not an RSA key of 2048 to 4096 bits",
        };
        formatter.write_str(text)
    }
}

impl std::error::Error for Rejected {}

/// Reads `document` and verifies that an enclave whose certificates lead to one of `roots` has made it just
/// before `now`. The key is looked at last: a document refused for its key is genuine.
///
/// # Errors
/// [`Rejected`] with the first reason found, in the order of `docs/design/attestation.md`.
pub fn verify(
    document: &[u8],
    roots: &TrustRoots,
    now: UnixMillis,
) -> Result<Attestation, Rejected> {
    if document.len() > DOCUMENT_BYTES_MAX {
        return Err(Rejected::NotADocument);
    }
    let signed = document::read_envelope(document)?;
    let payload = document::read_payload(signed.payload)?;
    check_freshness(payload.timestamp, now)?;
    let key = chain::leaf_key(
        &payload.authorities,
        payload.certificate,
        roots,
        &[payload.timestamp, now],
    )?;
    document::check_signature(&signed, &key)?;
    public_key::check(payload.public_key.ok_or(Rejected::NoPublicKey)?)?;
    Ok(payload.attestation())
}

fn check_freshness(timestamp: UnixMillis, now: UnixMillis) -> Result<(), Rejected> {
    if now.since(timestamp) > AGE_MAX || timestamp.since(now) > AHEAD_MAX {
        return Err(Rejected::Expired);
    }
    Ok(())
}
