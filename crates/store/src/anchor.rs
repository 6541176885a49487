//! What ties a store to a place outside of it: identities of rows, the root of a whole store, and whom an engine asks
//! for a statement of it. Knows no statement's content, and never says that two stores are one.

use std::io;
use std::num::NonZero;

use strongroom_base::Secret;
use strongroom_crypto::digest::sha256;
use strongroom_crypto::hmac::HmacSha256;

use crate::engine::StoreError;

/// The longest statement.
pub const STATEMENT_BYTES_MAX: usize = 1024;

/// How much of a value tells it from every other of its key: format and salt.
pub(crate) const HEAD_BYTES: usize = 25;

/// Names one content of one key: SHA-256(key ‖ version (u64, big endian) ‖ the value's first 25 bytes), truncated to
/// 128 bits. Of a value that is shorter, as no sealed one is, SHA-256(key) takes the place of the key: the row of a longer
/// key could have the same bytes. None is zero, so that an optional one takes no more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity(NonZero<u128>);

impl Identity {
    /// The identity of `value`, or of its first 25 bytes, at `version` of `key`.
    pub(crate) fn of(key: &[u8], version: u64, value: &[u8]) -> Self {
        let version = version.to_be_bytes();
        let [half @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
            match value.get(..HEAD_BYTES) {
                Some(head) => sha256(&[key, &version, head]),
                None => sha256(&[&sha256(&[key]), &version, value]),
            };
        Self(NonZero::new(u128::from_be_bytes(half)).unwrap_or(NonZero::<u128>::MAX))
    }
}

/// Stands for all rows of a store: the sum, in four lanes modulo 2^64, of HMAC-SHA-256(anchor key, identity). Of an
/// empty store 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Root([u64; 4]);

impl Root {
    /// Its 32 bytes, each lane big endian.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (out, lane) in bytes.chunks_exact_mut(8).zip(self.0) {
            out.copy_from_slice(&lane.to_be_bytes());
        }
        bytes
    }

    fn combine(&mut self, other: Self, combine: fn(u64, u64) -> u64) {
        for (lane, other) in self.0.iter_mut().zip(other.0) {
            *lane = combine(*lane, other);
        }
    }
}

/// A root, and the key that moves it.
pub(crate) struct Rooted {
    key: HmacSha256,
    pub(crate) root: Root,
}

impl Rooted {
    /// The root of rows with these identities.
    pub(crate) fn of(key: &Secret<[u8; 32]>, identities: impl Iterator<Item = Identity>) -> Self {
        let mut rooted = Self {
            key: HmacSha256::new(key.expose()),
            root: Root::default(),
        };
        let mut root = Root::default();
        for identity in identities {
            root.combine(rooted.share(identity), u64::wrapping_add);
        }
        rooted.root = root;
        rooted
    }

    /// Where the root goes when each pair's first row becomes its second.
    pub(crate) fn moved(
        &self,
        changes: impl Iterator<Item = (Option<Identity>, Option<Identity>)>,
    ) -> Root {
        let mut root = self.root;
        for (before, after) in changes {
            if let Some(before) = before {
                root.combine(self.share(before), u64::wrapping_sub);
            }
            if let Some(after) = after {
                root.combine(self.share(after), u64::wrapping_add);
            }
        }
        root
    }

    fn share(&self, identity: Identity) -> Root {
        let tag = self.key.sign(&[&identity.0.get().to_be_bytes()]);
        let mut root = Root::default();
        for (lane, bytes) in root.0.iter_mut().zip(tag.as_chunks::<8>().0) {
            *lane = u64::from_be_bytes(*bytes);
        }
        root
    }
}

/// What the key process says of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its sequence.
    pub sequence: u64,
    /// All of it: at most [`STATEMENT_BYTES_MAX`].
    pub bytes: Vec<u8>,
}

/// Where a store is anchored. Its calls may block, and are made by the one thread that writes.
pub trait Anchor: Send + Sync {
    /// A statement of a store with this `root` that follows the statement of sequence `base`. An error is what the
    /// commits are answered, of which then nothing happened.
    fn advance(&self, base: u64, root: &Root) -> Result<Statement, StoreError>;

    /// Makes `statement` durable in the other place. It may be there already. After an error nobody knows what is there:
    /// the engine ends the process.
    fn publish(&self, statement: &Statement) -> io::Result<()>;
}

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The root of its rows.
    pub root: Root,
    /// The statement that lies in it, if one does.
    pub statement: Option<Vec<u8>>,
    /// How many rows it has.
    pub rows: u64,
}

#[cfg(test)]
mod tests;
