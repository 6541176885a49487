//! ML-KEM keys that come from their seed, which the back end's Rust half cannot restore. It owns the
//! back end's objects and frees them, which wipes them; it knows nothing of encodings or sizes.

use std::ptr::{self, NonNull};

use aws_lc_sys::{
    CBS, EVP_PKEY, EVP_PKEY_CTX, EVP_PKEY_CTX_free, EVP_PKEY_CTX_new, EVP_PKEY_decapsulate,
    EVP_PKEY_encapsulate, EVP_PKEY_free, EVP_PKEY_get_private_seed, EVP_PKEY_get_raw_public_key,
    EVP_parse_private_key,
};

/// The back end refused, or wanted buffers of other lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// A private key of the back end.
pub(crate) struct PrivateKey(NonNull<EVP_PKEY>);

// SAFETY: the object has no ties to the thread that made it; its count of references is atomic.
unsafe impl Send for PrivateKey {}
// SAFETY: a key that is only read may be used by any number of threads (include/openssl/evp.h), and
// no function here changes it.
unsafe impl Sync for PrivateKey {}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        // SAFETY: this value owns the pointer, which came from the back end, and ends here.
        unsafe { EVP_PKEY_free(self.0.as_ptr()) }
    }
}

impl PrivateKey {
    /// The key that `der`, a PrivateKeyInfo, holds. What follows it is ignored.
    pub(crate) fn parse(der: &[u8]) -> Result<Self, Refused> {
        let mut input = CBS {
            data: der.as_ptr(),
            len: der.len(),
        };
        // SAFETY: `input` points to `der`, which outlives the call and is only read.
        let key = unsafe { EVP_parse_private_key(&mut input) };
        NonNull::new(key).map(Self).ok_or(Refused)
    }

    /// Writes the seed, which must be as long as `out`.
    pub(crate) fn write_seed(&self, out: &mut [u8]) -> Result<(), Refused> {
        let mut written = out.len();
        // SAFETY: the key lives; `out` is writable for the length that `written` says.
        let outcome =
            unsafe { EVP_PKEY_get_private_seed(self.0.as_ptr(), out.as_mut_ptr(), &mut written) };
        succeeded(outcome, &[(written, out.len())])
    }

    /// Writes the encapsulation key, which must be as long as `out`.
    pub(crate) fn write_public(&self, out: &mut [u8]) -> Result<(), Refused> {
        let mut written = out.len();
        // SAFETY: the key lives; `out` is writable for the length that `written` says.
        let outcome =
            unsafe { EVP_PKEY_get_raw_public_key(self.0.as_ptr(), out.as_mut_ptr(), &mut written) };
        succeeded(outcome, &[(written, out.len())])
    }

    /// Writes a fresh shared secret and its ciphertext, which must be as long as their buffers.
    pub(crate) fn encapsulate(
        &self,
        ciphertext: &mut [u8],
        shared: &mut [u8],
    ) -> Result<(), Refused> {
        let context = Context::of(self)?;
        let (mut ciphertext_written, mut shared_written) = (ciphertext.len(), shared.len());
        // SAFETY: the context lives; both buffers are writable for the lengths that are passed.
        let outcome = unsafe {
            EVP_PKEY_encapsulate(
                context.0.as_ptr(),
                ciphertext.as_mut_ptr(),
                &mut ciphertext_written,
                shared.as_mut_ptr(),
                &mut shared_written,
            )
        };
        let lengths = [
            (ciphertext_written, ciphertext.len()),
            (shared_written, shared.len()),
        ];
        succeeded(outcome, &lengths)
    }

    /// Writes the shared secret of `ciphertext`, which must be as long as `shared`.
    pub(crate) fn decapsulate(&self, ciphertext: &[u8], shared: &mut [u8]) -> Result<(), Refused> {
        let context = Context::of(self)?;
        let mut written = shared.len();
        // SAFETY: the context lives; `shared` is writable and `ciphertext` readable for the lengths
        // that are passed.
        let outcome = unsafe {
            EVP_PKEY_decapsulate(
                context.0.as_ptr(),
                shared.as_mut_ptr(),
                &mut written,
                ciphertext.as_ptr(),
                ciphertext.len(),
            )
        };
        succeeded(outcome, &[(written, shared.len())])
    }
}

/// One operation with a key.
struct Context(NonNull<EVP_PKEY_CTX>);

impl Context {
    fn of(key: &PrivateKey) -> Result<Self, Refused> {
        // SAFETY: the key lives, and the context takes a reference of its own; there is no engine.
        let context = unsafe { EVP_PKEY_CTX_new(key.0.as_ptr(), ptr::null_mut()) };
        NonNull::new(context).map(Self).ok_or(Refused)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: this value owns the pointer, which came from the back end, and ends here.
        unsafe { EVP_PKEY_CTX_free(self.0.as_ptr()) }
    }
}

/// Whether the call succeeded and filled each buffer: pairs of what was written and its length.
fn succeeded(outcome: i32, lengths: &[(usize, usize)]) -> Result<(), Refused> {
    if outcome == 1 && lengths.iter().all(|(written, length)| written == length) {
        Ok(())
    } else {
        Err(Refused)
    }
}
