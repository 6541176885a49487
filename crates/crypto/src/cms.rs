//! CMS EnvelopedData (RFC 5652 §6): a message that only the holder of an RSA key can read. It does not
//! say who made it, and nothing here reads one.

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use strongroom_base::{Random, Secret};

use crate::der::{self, context, context_constructed, element, sequence};
use crate::digest::sha256;
use crate::random::BackendRandom;
use crate::rsa_encryption::{OaepHash, Recipient};
use crate::{InvalidPublicKey, or_abort};

#[cfg(test)]
mod tests;

const KEY_BYTES: usize = 32;
const BLOCK_BYTES: usize = 16;

// INTEGER 2: the version of EnvelopedData and of KeyTransRecipientInfo with a key identifier (RFC 5652
// §6.1 and §6.2.1).
const VERSION_2: &[u8] = &[der::INTEGER, 1, 2];
// 1.2.840.113549.1.7.1
const ID_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
// 1.2.840.113549.1.7.3
const ID_ENVELOPED_DATA: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 3];
// 1.2.840.113549.1.1.7
const ID_RSAES_OAEP: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 7];
// 1.2.840.113549.1.1.8
const ID_MGF1: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8];
// 2.16.840.1.101.3.4.2.1 with NULL (RFC 4055 §2.1)
const SHA256: &[u8] = &[
    0x30,
    13,
    6,
    9,
    0x60,
    0x86,
    0x48,
    1,
    0x65,
    3,
    4,
    2,
    1,
    der::NULL,
    0,
];
// 2.16.840.1.101.3.4.1.42
const ID_AES256_CBC: &[u8] = &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];

/// A DER ContentInfo of EnvelopedData with `plaintext` for one recipient, an RSA key of 2048 to 4096
/// bits as a DER SubjectPublicKeyInfo.
///
/// The key is transported with RSAES-OAEP, SHA-256 and MGF1 with SHA-256; the recipient is named by the
/// SHA-256 of its SubjectPublicKeyInfo, as AWS KMS names it; the content is AES-256-CBC with PKCS#7 padding.
///
/// # Errors
/// [`InvalidPublicKey`] when the recipient is anything else.
pub fn enveloped_for(recipient_spki: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, InvalidPublicKey> {
    let recipient = Recipient::from_spki(recipient_spki)?;
    let mut key = Secret::<[u8; KEY_BYTES]>::zeroed();
    BackendRandom.fill(key.expose_mut());
    let encrypted_key = recipient.encrypt_key(OaepHash::Sha256, key.expose());
    let enveloped = sequence(&[
        VERSION_2,
        &element(der::SET, &[&recipient_info(recipient_spki, &encrypted_key)]),
        &encrypted_content_info(key.expose(), plaintext),
    ]);
    let content = element(context_constructed(0), &[&enveloped]);
    Ok(sequence(&[ID_ENVELOPED_DATA, &content]))
}

/// Whether [`enveloped_for`] takes this recipient.
///
/// # Errors
/// [`InvalidPublicKey`] when it does not.
pub fn check_recipient(recipient_spki: &[u8]) -> Result<(), InvalidPublicKey> {
    Recipient::from_spki(recipient_spki).map(|_| ())
}

// RFC 5652 §6.2.1.
fn recipient_info(spki: &[u8], encrypted_key: &[u8]) -> Vec<u8> {
    sequence(&[
        VERSION_2,
        &element(context(0), &[&sha256(&[spki])]),
        &oaep_sha256(),
        &element(der::OCTET_STRING, &[encrypted_key]),
    ])
}

// RFC 4055 §4.1; the label is the default, so absent.
fn oaep_sha256() -> Vec<u8> {
    let hash = element(context_constructed(0), &[SHA256]);
    let mask = element(context_constructed(1), &[&sequence(&[ID_MGF1, SHA256])]);
    sequence(&[ID_RSAES_OAEP, &sequence(&[&hash, &mask])])
}

// RFC 5652 §6.1 and RFC 3565 §4.1.
fn encrypted_content_info(key: &[u8; KEY_BYTES], plaintext: &[u8]) -> Vec<u8> {
    let mut iv = [0; BLOCK_BYTES];
    BackendRandom.fill(&mut iv);
    let algorithm = sequence(&[ID_AES256_CBC, &element(der::OCTET_STRING, &[&iv])]);
    let content = aes_256_cbc(key, &iv, plaintext);
    sequence(&[ID_DATA, &algorithm, &element(context(0), &[&content])])
}

/// The ciphertext of the padded plaintext (SP 800-38A §6.2, RFC 5652 §6.3): 1 to 16 bytes more.
pub(crate) fn aes_256_cbc(
    key: &[u8; KEY_BYTES],
    iv: &[u8; BLOCK_BYTES],
    plaintext: &[u8],
) -> Vec<u8> {
    let key = or_abort(UnboundCipherKey::new(&AES_256, key));
    let cipher = or_abort(PaddedBlockEncryptingKey::cbc_pkcs7(key));
    // Room for the padding, so that the plaintext is not moved and left behind.
    let mut content = Vec::with_capacity(plaintext.len() + BLOCK_BYTES);
    content.extend_from_slice(plaintext);
    or_abort(cipher.less_safe_encrypt(&mut content, EncryptionContext::Iv128(iv.into())));
    content
}
