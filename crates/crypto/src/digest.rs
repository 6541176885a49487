//! SHA-256 (FIPS 180-4). For public data; secrets are hashed only as part of a MAC or KDF.

use aws_lc_rs::digest as backend;

#[cfg(test)]
mod tests;

/// The length of a SHA-256 digest in bytes.
pub const SHA256_BYTES: usize = 32;

/// The SHA-256 digest of the concatenation of `parts`.
pub fn sha256(parts: &[&[u8]]) -> [u8; SHA256_BYTES] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finish()
}

/// A SHA-256 digest of input that arrives in pieces.
pub struct Sha256(backend::Context);

impl Sha256 {
    /// The digest of nothing yet.
    pub fn new() -> Self {
        Self(backend::Context::new(&backend::SHA256))
    }

    /// Appends `data` to what is digested.
    pub fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    /// The digest of everything appended.
    pub fn finish(self) -> [u8; SHA256_BYTES] {
        let mut out = [0; SHA256_BYTES];
        out.copy_from_slice(self.0.finish().as_ref());
        out
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}
