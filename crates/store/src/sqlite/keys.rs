//! Which keys exist, kept apart from the file, since SQLite has no page checksums: a damaged index
//! would otherwise turn a record into one that never was.

use std::collections::HashSet;

use strongroom_crypto::digest::sha256;

/// Stands for a key: its SHA-256, truncated to 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct KeyHash(u128);

impl KeyHash {
    pub(super) fn of(key: &[u8]) -> Self {
        let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = sha256(&[key]);
        Self(u128::from_be_bytes(head))
    }
}

/// How many keys there are, and the sum modulo 2^128 of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyDigest {
    pub(super) count: u64,
    pub(super) sum: u128,
}

impl KeyDigest {
    pub(super) fn add(&mut self, key: KeyHash) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(key.0);
    }

    pub(super) fn remove(&mut self, key: KeyHash) {
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(key.0);
    }
}

/// The keys that exist: about 36 bytes of memory each.
#[derive(Default)]
pub(super) struct KeySet(HashSet<KeyHash>);

impl KeySet {
    pub(super) fn insert(&mut self, key: KeyHash) {
        self.0.insert(key);
    }

    pub(super) fn remove(&mut self, key: KeyHash) {
        self.0.remove(&key);
    }

    pub(super) fn contains(&self, key: KeyHash) -> bool {
        self.0.contains(&key)
    }
}
