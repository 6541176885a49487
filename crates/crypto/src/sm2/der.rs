//! The DER forms of signatures and ciphertexts (GM/T 0009 §7). Only the one canonical encoding of a
//! value is read, so that nothing can be altered without being noticed.

use ::sm2::pkcs8::der::asn1::{AnyRef, OctetStringRef, UintRef};
use ::sm2::pkcs8::der::{Decode, Encode, Reader, Result, SliceReader, Tag};

use super::{DIGEST_BYTES, FIELD_BYTES};
use crate::or_abort;

/// The numbers of a signature, big endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) r: [u8; FIELD_BYTES],
    pub(super) s: [u8; FIELD_BYTES],
}

/// The parts of a ciphertext: C1 as its coordinates, C3, C2.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cipher {
    pub(super) x: [u8; FIELD_BYTES],
    pub(super) y: [u8; FIELD_BYTES],
    pub(super) hash: [u8; DIGEST_BYTES],
    pub(super) masked: Vec<u8>,
}

/// `SM2Signature ::= SEQUENCE { r INTEGER, s INTEGER }` (GM/T 0009 §7.3).
pub(super) fn of_signature(signature: &Signature) -> Vec<u8> {
    or_abort(sequence(|body| {
        UintRef::new(&signature.r)?.encode_to_vec(body)?;
        UintRef::new(&signature.s)?.encode_to_vec(body)?;
        Ok(())
    }))
}

/// The reverse of [`of_signature`].
pub(super) fn to_signature(der: &[u8]) -> Option<Signature> {
    let (r, s) = read(der, |body| {
        Ok((UintRef::decode(body)?, UintRef::decode(body)?))
    })?;
    Some(Signature {
        r: padded(r.as_bytes())?,
        s: padded(s.as_bytes())?,
    })
}

/// `SM2Cipher ::= SEQUENCE { x INTEGER, y INTEGER, hash OCTET STRING, ciphertext OCTET STRING }`
/// (GM/T 0009 §7.2).
pub(super) fn of_cipher(cipher: &Cipher) -> Vec<u8> {
    or_abort(sequence(|body| {
        UintRef::new(&cipher.x)?.encode_to_vec(body)?;
        UintRef::new(&cipher.y)?.encode_to_vec(body)?;
        OctetStringRef::new(&cipher.hash)?.encode_to_vec(body)?;
        OctetStringRef::new(&cipher.masked)?.encode_to_vec(body)?;
        Ok(())
    }))
}

/// The reverse of [`of_cipher`].
pub(super) fn to_cipher(der: &[u8]) -> Option<Cipher> {
    let (x, y, hash, masked) = read(der, |body| {
        let (x, y) = (UintRef::decode(body)?, UintRef::decode(body)?);
        let hash = <&OctetStringRef>::decode(body)?;
        Ok((x, y, hash, <&OctetStringRef>::decode(body)?))
    })?;
    Some(Cipher {
        x: padded(x.as_bytes())?,
        y: padded(y.as_bytes())?,
        hash: hash.as_bytes().try_into().ok()?,
        masked: masked.as_bytes().to_vec(),
    })
}

fn sequence(write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    write(&mut body)?;
    AnyRef::new(Tag::Sequence, &body)?.to_der()
}

/// What `fields` reads from the one SEQUENCE that `der` is.
fn read<'a, T>(der: &'a [u8], fields: impl FnOnce(&mut SliceReader<'a>) -> Result<T>) -> Option<T> {
    let mut reader = SliceReader::new(der).ok()?;
    let read = reader.sequence(fields).ok()?;
    reader.finish().ok()?;
    Some(read)
}

/// A big-endian number, which DER writes without leading zeros, in its full length.
fn padded(number: &[u8]) -> Option<[u8; FIELD_BYTES]> {
    let mut bytes = [0; FIELD_BYTES];
    let zeros = FIELD_BYTES.checked_sub(number.len())?;
    bytes.get_mut(zeros..)?.copy_from_slice(number);
    Some(bytes)
}
