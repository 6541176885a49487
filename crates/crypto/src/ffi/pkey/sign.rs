//! Signing and verifying, of messages and of digests. The caller vouches that a digest is as long as its
//! hash makes it.

use std::ptr::{NonNull, null, null_mut};

use aws_lc_sys::{
    EVP_DigestSign, EVP_DigestSignInit, EVP_DigestVerify, EVP_DigestVerifyInit, EVP_MD, EVP_MD_CTX,
    EVP_MD_CTX_free, EVP_MD_CTX_new, EVP_PKEY_CTX, EVP_PKEY_CTX_set_rsa_padding,
    EVP_PKEY_CTX_set_rsa_pss_saltlen, EVP_PKEY_CTX_set_signature_md, EVP_PKEY_sign,
    EVP_PKEY_sign_init, EVP_PKEY_size, EVP_PKEY_verify, EVP_PKEY_verify_init, EVP_sha256,
    EVP_sha384, EVP_sha512, RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_DIGEST,
};

use super::{Context, PKey, Refused, succeeded};
use crate::signature::Hash;

/// What a key alone does not say about how it signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing: Ed25519 and ML-DSA.
    Plain,
    /// The hash: ECDSA, and RSA with the padding of PKCS #1 v1.5.
    Hashed(Hash),
    /// The hash, for RSA with PSS: MGF1 with the same hash, and a salt as long as it.
    Pss(Hash),
}

impl PKey {
    /// A signature over `message`.
    pub(crate) fn sign_message(&self, mode: Mode, message: &[u8]) -> Result<Vec<u8>, Refused> {
        let context = MessageContext::new()?;
        let mut inner = null_mut();
        // SAFETY: the context is fresh, and keeps the hash, which is static, and the key by its
        // reference count.
        succeeded(unsafe {
            EVP_DigestSignInit(
                context.as_ptr(),
                &mut inner,
                mode.hash(),
                null_mut(),
                self.as_ptr(),
            )
        })?;
        // SAFETY: the context was just set up, and this part of it lives as long.
        unsafe { mode.set_padding(inner) }?;
        let mut signature = self.room_for_a_signature();
        let mut length = signature.len();
        // SAFETY: the context was set up to sign, and writes at most `length` bytes.
        succeeded(unsafe {
            EVP_DigestSign(
                context.as_ptr(),
                signature.as_mut_ptr(),
                &mut length,
                message.as_ptr(),
                message.len(),
            )
        })?;
        signature.truncate(length);
        Ok(signature)
    }

    /// A signature over what has `digest`; for ML-DSA that is the representative μ (FIPS 204 §6.2).
    pub(crate) fn sign_digest(&self, mode: Mode, digest: &[u8]) -> Result<Vec<u8>, Refused> {
        let context = Context::with(self)?;
        // SAFETY: the context is fresh.
        succeeded(unsafe { EVP_PKEY_sign_init(context.as_ptr()) })?;
        // SAFETY: the context was just set up.
        unsafe { mode.set(context.as_ptr()) }?;
        let mut signature = self.room_for_a_signature();
        let mut length = signature.len();
        // SAFETY: the context was set up to sign, and writes at most `length` bytes.
        succeeded(unsafe {
            EVP_PKEY_sign(
                context.as_ptr(),
                signature.as_mut_ptr(),
                &mut length,
                digest.as_ptr(),
                digest.len(),
            )
        })?;
        signature.truncate(length);
        Ok(signature)
    }

    /// Refuses a `signature` that is not one over `message`.
    pub(crate) fn verify_message(
        &self,
        mode: Mode,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Refused> {
        let context = MessageContext::new()?;
        let mut inner = null_mut();
        // SAFETY: the context is fresh, and keeps the hash, which is static, and the key by its
        // reference count.
        succeeded(unsafe {
            EVP_DigestVerifyInit(
                context.as_ptr(),
                &mut inner,
                mode.hash(),
                null_mut(),
                self.as_ptr(),
            )
        })?;
        // SAFETY: the context was just set up, and this part of it lives as long.
        unsafe { mode.set_padding(inner) }?;
        // SAFETY: the context was set up to verify.
        succeeded(unsafe {
            EVP_DigestVerify(
                context.as_ptr(),
                signature.as_ptr(),
                signature.len(),
                message.as_ptr(),
                message.len(),
            )
        })
    }

    /// Refuses a `signature` that is not one over what has `digest`; see [`Self::sign_digest`].
    pub(crate) fn verify_digest(
        &self,
        mode: Mode,
        digest: &[u8],
        signature: &[u8],
    ) -> Result<(), Refused> {
        let context = Context::with(self)?;
        // SAFETY: the context is fresh.
        succeeded(unsafe { EVP_PKEY_verify_init(context.as_ptr()) })?;
        // SAFETY: the context was just set up.
        unsafe { mode.set(context.as_ptr()) }?;
        // SAFETY: the context was set up to verify.
        succeeded(unsafe {
            EVP_PKEY_verify(
                context.as_ptr(),
                signature.as_ptr(),
                signature.len(),
                digest.as_ptr(),
                digest.len(),
            )
        })
    }

    fn room_for_a_signature(&self) -> Vec<u8> {
        // SAFETY: the key is alive.
        let longest = unsafe { EVP_PKEY_size(self.as_ptr()) };
        vec![0; usize::try_from(longest).unwrap_or(0)]
    }
}

impl Mode {
    /// The hash, static, or null for none.
    fn hash(self) -> *const EVP_MD {
        match self {
            Self::Plain => null(),
            // SAFETY: asks nothing.
            Self::Hashed(Hash::Sha256) | Self::Pss(Hash::Sha256) => unsafe { EVP_sha256() },
            // SAFETY: asks nothing.
            Self::Hashed(Hash::Sha384) | Self::Pss(Hash::Sha384) => unsafe { EVP_sha384() },
            // SAFETY: asks nothing.
            Self::Hashed(Hash::Sha512) | Self::Pss(Hash::Sha512) => unsafe { EVP_sha512() },
        }
    }

    /// # Safety
    /// The context is set up to sign or verify digests with a key that this mode suits.
    unsafe fn set(self, context: *mut EVP_PKEY_CTX) -> Result<(), Refused> {
        if self == Self::Plain {
            return Ok(());
        }
        // SAFETY: the caller vouches for the context, and the hash is static.
        succeeded(unsafe { EVP_PKEY_CTX_set_signature_md(context, self.hash()) })?;
        // SAFETY: forwards this function's own contract.
        unsafe { self.set_padding(context) }
    }

    /// # Safety
    /// The context is set up to sign or verify with a key that this mode suits.
    unsafe fn set_padding(self, context: *mut EVP_PKEY_CTX) -> Result<(), Refused> {
        let Self::Pss(_) = self else {
            return Ok(());
        };
        // SAFETY: the caller vouches for the context.
        succeeded(unsafe { EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) })?;
        // SAFETY: the caller vouches for the context.
        succeeded(unsafe { EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) })
    }
}

/// A message being signed or verified.
struct MessageContext(NonNull<EVP_MD_CTX>);

impl Drop for MessageContext {
    fn drop(&mut self) {
        // SAFETY: owned, and not used again.
        unsafe { EVP_MD_CTX_free(self.as_ptr()) };
    }
}

impl MessageContext {
    fn new() -> Result<Self, Refused> {
        // SAFETY: asks nothing.
        let context = unsafe { EVP_MD_CTX_new() };
        NonNull::new(context).map(Self).ok_or(Refused)
    }

    fn as_ptr(&self) -> *mut EVP_MD_CTX {
        self.0.as_ptr()
    }
}
