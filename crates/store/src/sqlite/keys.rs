//! Which rows exist, kept apart from the file, since SQLite has no page checksums: a damaged index would otherwise turn
//! a record into one that never was, and an older genuine row would pass for the present one.

use std::collections::HashMap;

use strongroom_crypto::digest::sha256;

use crate::anchor::Identity;

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

/// What is known of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Its row is the one with this identity; any other is damaged.
    Row(Identity),
    /// The index has it, the table did not: whatever is found is damaged.
    Lost,
}

/// The keys that exist and the identities of their rows: about 55 bytes of memory each.
#[derive(Default)]
pub(super) struct KeySet(HashMap<KeyHash, Known>);

impl KeySet {
    pub(super) fn insert(&mut self, key: KeyHash, known: Known) {
        self.0.insert(key, known);
    }

    pub(super) fn remove(&mut self, key: KeyHash) {
        self.0.remove(&key);
    }

    pub(super) fn get(&self, key: KeyHash) -> Option<Known> {
        self.0.get(&key).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn identities(&self) -> impl Iterator<Item = Identity> {
        self.0.values().filter_map(|known| match known {
            Known::Row(identity) => Some(*identity),
            Known::Lost => None,
        })
    }
}
