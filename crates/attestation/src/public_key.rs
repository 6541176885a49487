//! The recipient's public key: strictly a DER SubjectPublicKeyInfo of RSA, so that what is encrypted to later is
//! what was looked at here.

use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::Rejected;

/// RFC 3279 §2.3.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const MODULUS_BITS_MIN: usize = 2048;
const MODULUS_BITS_MAX: usize = 4096;
/// Four bytes hold every exponent in use; a longer one only costs time.
const EXPONENT_BYTES_MAX: usize = 4;

/// Checks that `spki` is an RSA key of 2048 to 4096 bits and nothing else.
pub(crate) fn check(spki: &[u8]) -> Result<(), Rejected> {
    is_rsa(spki)
        .filter(|is| *is)
        .map(|_| ())
        .ok_or(Rejected::PublicKey)
}

fn is_rsa(spki: &[u8]) -> Option<bool> {
    let info = SubjectPublicKeyInfoRef::from_der(spki).ok()?;
    // RFC 3279 §2.3.1: the parameters are NULL.
    if info.algorithm.oid != RSA_ENCRYPTION || info.algorithm.parameters != Some(AnyRef::NULL) {
        return Some(false);
    }
    let key = info.subject_public_key.as_bytes()?;
    let (modulus, exponent) = integers(key)?;
    Some(is_modulus(modulus) && is_exponent(exponent))
}

/// RSAPublicKey (RFC 8017 §A.1.1).
fn integers(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = SliceReader::new(key).ok()?;
    let (modulus, exponent) = reader
        .sequence(|reader| {
            let modulus = UintRef::decode(reader)?;
            Ok::<_, x509_cert::der::Error>((modulus, UintRef::decode(reader)?))
        })
        .ok()?;
    reader.finish().ok()?;
    Some((modulus.as_bytes(), exponent.as_bytes()))
}

fn is_modulus(modulus: &[u8]) -> bool {
    (MODULUS_BITS_MIN..=MODULUS_BITS_MAX).contains(&bits(modulus)) && is_odd(modulus)
}

fn is_exponent(exponent: &[u8]) -> bool {
    exponent.len() <= EXPONENT_BYTES_MAX && bits(exponent) >= 2 && is_odd(exponent)
}

/// The length of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    let zeros = number.first().map_or(0, |first| first.leading_zeros());
    let zeros = usize::try_from(zeros).unwrap_or(usize::MAX);
    number.len().saturating_mul(8).saturating_sub(zeros)
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last & 1 == 1)
}
