//! Public keys of RSA between their two encodings. It reads DER alone and judges no number in it.

use crate::der::{self, NotDer, Reader};
use crate::{InvalidPublicKey, ffi, or_abort};

#[cfg(test)]
mod tests;

/// The length of a fingerprint in bytes.
pub const FINGERPRINT_BYTES: usize = 16;

// RFC 3279 §2.3.1: rsaEncryption with NULL, as elements.
const RSA_ENCRYPTION: &[u8] = &[
    6,
    9,
    0x2a,
    0x86,
    0x48,
    0x86,
    0xf7,
    0x0d,
    1,
    1,
    1,
    der::NULL,
    0,
];

/// What a SubjectPublicKeyInfo of RSA holds.
pub(crate) struct Numbers<'d> {
    /// The RSAPublicKey around them (RFC 8017 §A.1.1).
    pkcs1: &'d [u8],
    /// The content of publicExponent.
    pub(crate) exponent: &'d [u8],
}

/// Reads `spki`, which must be a SubjectPublicKeyInfo of RSA (RFC 3279 §2.3.1).
pub(crate) fn read(spki: &[u8]) -> Result<Numbers<'_>, NotDer> {
    let mut spki = Reader::new(der::read_one(der::SEQUENCE, spki)?);
    if spki.read(der::SEQUENCE)? != RSA_ENCRYPTION {
        return Err(NotDer);
    }
    let pkcs1 = der::whole_bytes(spki.read(der::BIT_STRING)?)?;
    spki.finish()?;
    let mut numbers = Reader::new(der::read_one(der::SEQUENCE, pkcs1)?);
    numbers.read(der::INTEGER)?;
    let exponent = numbers.read(der::INTEGER)?;
    numbers.finish()?;
    Ok(Numbers { pkcs1, exponent })
}

/// The DER RSAPublicKey (RFC 8017 §A.1.1, PKCS#1) in `spki`, a DER SubjectPublicKeyInfo.
///
/// # Errors
/// [`InvalidPublicKey`] when it holds none, or anything follows it.
pub fn pkcs1_of_spki(spki: &[u8]) -> Result<&[u8], InvalidPublicKey> {
    let numbers = read(spki).map_err(|_| InvalidPublicKey)?;
    Ok(numbers.pkcs1)
}

/// The DER SubjectPublicKeyInfo (RFC 3279 §2.3.1) around `pkcs1`, a DER RSAPublicKey. What is no key in it is
/// found when it is used.
pub fn spki_of_pkcs1(pkcs1: &[u8]) -> Vec<u8> {
    let algorithm = der::sequence(&[RSA_ENCRYPTION]);
    der::sequence(&[&algorithm, &der::bit_string(pkcs1)])
}

/// The name of a public key in CloudTrail: MD5 (RFC 1321) of its DER RSAPublicKey. It finds a key among
/// those that one trusts already, and vouches for nothing: collisions of MD5 are easily made.
pub fn fingerprint(pkcs1: &[u8]) -> [u8; FINGERPRINT_BYTES] {
    or_abort(ffi::md5::md5(pkcs1))
}
