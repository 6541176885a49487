//! RSAES-OAEP (RFC 8017 §7.1) with MGF1 over the same hash and an empty label, and what is built on it.
//! It never says why a ciphertext was refused: that would be an oracle for its plaintext.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPrivateDecryptingKey,
    OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use strongroom_base::Secret;

use crate::der::{self, NotDer};
use crate::signature::{KeyRejected, RsaKeySize};
use crate::{InvalidPublicKey, Unauthentic, key_wrap, or_abort, rsa_public_key};

#[cfg(test)]
mod tests;

/// The hash of OAEP and of its mask generation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OaepHash {
    /// SHA-1, for peers that know no other; OAEP does not need collision resistance.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl OaepHash {
    fn bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    fn backend(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}

/// A plaintext longer than [`oaep_plaintext_bytes_max`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

/// Why nothing was encrypted to a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptError {
    /// It is not an RSA key of an [`RsaKeySize`].
    InvalidPublicKey,
    /// The plaintext is longer than [`oaep_plaintext_bytes_max`].
    TooLong,
}

/// The most bytes that one encryption takes (RFC 8017 §7.1.1).
pub fn oaep_plaintext_bytes_max(size: RsaKeySize, hash: OaepHash) -> usize {
    size.bytes() - 2 * hash.bytes() - 2
}

/// Encrypts `plaintext` to the public key `spki`, a DER SubjectPublicKeyInfo (RFC 3279 §2.3.1); the
/// ciphertext is as long as the modulus.
///
/// # Errors
/// [`EncryptError`] says which of the two does not fit.
pub fn oaep_encrypt(
    spki: &[u8],
    hash: OaepHash,
    plaintext: &[u8],
) -> Result<Vec<u8>, EncryptError> {
    let recipient = Recipient::from_spki(spki).map_err(|_| EncryptError::InvalidPublicKey)?;
    let size =
        RsaKeySize::of_bits(recipient.0.key_size_bits()).ok_or(EncryptError::InvalidPublicKey)?;
    if plaintext.len() > oaep_plaintext_bytes_max(size, hash) {
        return Err(EncryptError::TooLong);
    }
    Ok(encrypt(&recipient.0, hash, plaintext))
}

/// An RSA key pair that decrypts.
pub struct RsaDecryptingKey {
    key: PrivateDecryptingKey,
    oaep: OaepPrivateDecryptingKey,
    size: RsaKeySize,
}

impl RsaDecryptingKey {
    /// A fresh key pair with the public exponent 65537. Takes 0.1 to 2 seconds.
    pub fn generate(size: RsaKeySize) -> Self {
        let key = or_abort(PrivateDecryptingKey::generate(backend_size(size)));
        let oaep = or_abort(OaepPrivateDecryptingKey::new(key.clone()));
        Self { key, oaep, size }
    }

    /// The key pair that `der`, an unencrypted PKCS#8 PrivateKeyInfo (RFC 5208 §5), holds.
    ///
    /// # Errors
    /// [`KeyRejected`] when it holds none or anything follows it, when its numbers do not fit together,
    /// its size is not an [`RsaKeySize`] or its public exponent is not 65537.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyRejected> {
        der::read_one(der::SEQUENCE, der).map_err(|_| KeyRejected)?;
        let key = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyRejected)?;
        let size = RsaKeySize::of_bits(key.key_size_bits()).ok_or(KeyRejected)?;
        let oaep = OaepPrivateDecryptingKey::new(key.clone()).map_err(|_| KeyRejected)?;
        let pair = Self { key, oaep, size };
        if read_exponent(&pair.public_spki()) == Ok(EXPONENT) {
            Ok(pair)
        } else {
            Err(KeyRejected)
        }
    }

    /// The key pair as an unencrypted PKCS#8 PrivateKeyInfo (RFC 5208 §5) of the numbers it came with;
    /// [`RsaKeyPair::to_pkcs8`](crate::signature::RsaKeyPair::to_pkcs8) has one encoding for equal keys.
    pub fn to_pkcs8(&self) -> Secret<Vec<u8>> {
        let der: Pkcs8V1Der = or_abort(self.key.as_der());
        Secret::new(der.as_ref().to_vec())
    }

    /// The public key as a DER SubjectPublicKeyInfo (RFC 5280 §4.1, RFC 3279 §2.3.1).
    pub fn public_spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der = or_abort(self.key.public_key().as_der());
        der.as_ref().to_vec()
    }

    /// The length of the modulus, which is also that of a ciphertext.
    pub fn size(&self) -> RsaKeySize {
        self.size
    }

    /// Encrypts `plaintext` to this key; the ciphertext is as long as the modulus.
    ///
    /// # Errors
    /// [`TooLong`] when it is longer than [`oaep_plaintext_bytes_max`].
    pub fn encrypt(&self, hash: OaepHash, plaintext: &[u8]) -> Result<Vec<u8>, TooLong> {
        if plaintext.len() > oaep_plaintext_bytes_max(self.size, hash) {
            return Err(TooLong);
        }
        let key = or_abort(OaepPublicEncryptingKey::new(self.key.public_key()));
        Ok(encrypt(&key, hash, plaintext))
    }

    /// The plaintext of `ciphertext`.
    ///
    /// # Errors
    /// [`Unauthentic`] when it was not encrypted to this key with this hash and an empty label.
    pub fn decrypt(
        &self,
        hash: OaepHash,
        ciphertext: &[u8],
    ) -> Result<Secret<Vec<u8>>, Unauthentic> {
        // RFC 8017 §7.1.2 step 1b.
        if ciphertext.len() != self.size.bytes() {
            return Err(Unauthentic);
        }
        let mut plaintext = Secret::new(vec![0; self.size.bytes()]);
        let length = self
            .oaep
            .decrypt(hash.backend(), ciphertext, plaintext.expose_mut(), None)
            .map_err(|_| Unauthentic)?
            .len();
        plaintext.expose_mut().truncate(length);
        Ok(plaintext)
    }

    /// The key in `wrapped`: an AES-256 key encrypted to this key pair, then the wrapped key under that
    /// (PKCS#11 v3.1 §6.1.24, CKM_RSA_AES_KEY_WRAP).
    ///
    /// # Errors
    /// [`Unauthentic`] when either part was not made for this key pair and hash.
    pub fn unwrap_aes_wrapped(
        &self,
        hash: OaepHash,
        wrapped: &[u8],
    ) -> Result<Secret<Vec<u8>>, Unauthentic> {
        let (encrypted, wrapped) = wrapped
            .split_at_checked(self.size.bytes())
            .ok_or(Unauthentic)?;
        let kek = self.decrypt(hash, encrypted)?;
        let kek = kek
            .expose()
            .as_slice()
            .try_into()
            .map_err(|_| Unauthentic)?;
        key_wrap::unwrap(kek, wrapped)
    }
}

/// A public key that a message key is encrypted to.
pub(crate) struct Recipient(OaepPublicEncryptingKey);

impl Recipient {
    /// The RSA key of 2048 to 4096 bits that `spki`, a DER SubjectPublicKeyInfo, is.
    pub(crate) fn from_spki(spki: &[u8]) -> Result<Self, InvalidPublicKey> {
        read_exponent(spki).map_err(|_| InvalidPublicKey)?;
        PublicEncryptingKey::from_der(spki)
            .ok()
            .and_then(|key| OaepPublicEncryptingKey::new(key).ok())
            .filter(|key| (2048..=4096).contains(&key.key_size_bits()))
            .map(Self)
            .ok_or(InvalidPublicKey)
    }

    /// Encrypts an AES-256 key, which is short enough for every recipient.
    pub(crate) fn encrypt_key(&self, hash: OaepHash, key: &[u8; 32]) -> Vec<u8> {
        encrypt(&self.0, hash, key)
    }
}

/// 65537.
const EXPONENT: &[u8] = &[1, 0, 1];

/// The public exponent of `spki`, which must be a SubjectPublicKeyInfo of RSA (RFC 3279 §2.3.1).
fn read_exponent(spki: &[u8]) -> Result<&[u8], NotDer> {
    let numbers = rsa_public_key::read(spki)?;
    Ok(numbers.exponent)
}

/// `plaintext` must not be too long for the key.
fn encrypt(key: &OaepPublicEncryptingKey, hash: OaepHash, plaintext: &[u8]) -> Vec<u8> {
    let mut ciphertext = vec![0; key.ciphertext_size()];
    or_abort(key.encrypt(hash.backend(), plaintext, &mut ciphertext, None));
    ciphertext
}

fn backend_size(size: RsaKeySize) -> KeySize {
    match size {
        RsaKeySize::Rsa2048 => KeySize::Rsa2048,
        RsaKeySize::Rsa3072 => KeySize::Rsa3072,
        RsaKeySize::Rsa4096 => KeySize::Rsa4096,
    }
}
