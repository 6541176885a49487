//! Elliptic curve Diffie-Hellman. What becomes of the shared secret is the caller's business.

use aws_lc_sys::{EVP_PKEY_derive, EVP_PKEY_derive_init, EVP_PKEY_derive_set_peer};
use strongroom_base::Secret;

use super::{Context, PKey, Refused, succeeded};

/// The length of the longest shared secret in bytes, that on P-521.
const SHARED_BYTES_MAX: usize = 66;

impl PKey {
    /// The x-coordinate that this private key and `peer`, a public key on the same curve, share
    /// (SP 800-56A §5.7.1.2), as long as the field.
    pub(crate) fn agree(&self, peer: &Self) -> Result<Secret<Vec<u8>>, Refused> {
        let context = Context::with(self)?;
        // SAFETY: the context is fresh.
        succeeded(unsafe { EVP_PKEY_derive_init(context.as_ptr()) })?;
        // SAFETY: the context was just set up, and shares the peer by its reference count.
        succeeded(unsafe { EVP_PKEY_derive_set_peer(context.as_ptr(), peer.as_ptr()) })?;
        let mut shared = Secret::new(vec![0; SHARED_BYTES_MAX]);
        let (bytes, mut length) = (shared.expose_mut(), SHARED_BYTES_MAX);
        // SAFETY: the context has both keys, and writes at most `length` bytes.
        succeeded(unsafe { EVP_PKEY_derive(context.as_ptr(), bytes.as_mut_ptr(), &mut length) })?;
        bytes.truncate(length);
        Ok(shared)
    }
}
