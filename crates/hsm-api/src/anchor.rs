//! How far a store is, and the statement that says so. Anyone can read a statement; whether it is genuine only the key
//! process can tell.

use crate::wire::{Field, Malformed, Reader, decode};

/// The length of a statement: what is signed, and 32 bytes of HMAC-SHA-256.
pub const STATEMENT_LENGTH: usize = SIGNED_LENGTH + TAG_LENGTH;

const MAGIC: &[u8; 8] = b"SRANCHOR";
const FORMAT: u16 = 1;
const SIGNED_LENGTH: usize = MAGIC.len() + 2 + 16 + 4 + 8 + 32 + 8 + 8;
const TAG_LENGTH: usize = 32;

/// How far a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// How often a store was accepted that did not fit.
    pub epoch: u32,
    /// Counts the commits, those that were given up too.
    pub sequence: u64,
    /// The root of the store's rows.
    pub root: [u8; 32],
    /// The sequence of the position that this one follows.
    pub base: u64,
    /// The version of `hsm.seal`.
    pub seal: u64,
}

impl Position {
    /// Orders the positions of a domain: by epoch, then sequence.
    pub fn age(&self) -> (u32, u64) {
        (self.epoch, self.sequence)
    }
}

/// A statement as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Whose store it is about.
    pub domain: [u8; 16],
    /// How far that is.
    pub position: Position,
    /// HMAC-SHA-256, under a key of the key process, of all before it.
    pub tag: [u8; TAG_LENGTH],
}

impl Statement {
    /// What the tag is made of: `SRANCHOR` ‖ format ‖ domain ‖ epoch ‖ sequence ‖ root ‖ base ‖ seal, integers big
    /// endian.
    pub fn signed_bytes(domain: &[u8; 16], position: &Position) -> Vec<u8> {
        let mut out = Vec::with_capacity(STATEMENT_LENGTH);
        out.extend_from_slice(MAGIC);
        FORMAT.write(&mut out);
        domain.write(&mut out);
        position.epoch.write(&mut out);
        position.sequence.write(&mut out);
        position.root.write(&mut out);
        position.base.write(&mut out);
        position.seal.write(&mut out);
        out
    }

    /// The statement in `bytes`, which may hold zeros after it, as a slot of the anchor file does.
    ///
    /// # Errors
    /// [`Malformed`] when it is none that this version can read.
    pub fn read_padded(bytes: &[u8]) -> Result<Self, Malformed> {
        let (statement, rest) = bytes.split_at_checked(STATEMENT_LENGTH).ok_or(Malformed)?;
        if rest.iter().any(|byte| *byte != 0) {
            return Err(Malformed);
        }
        decode(statement)
    }
}

impl Field<'_> for Statement {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        if reader.take(MAGIC.len())? != MAGIC || reader.field::<u16>()? != FORMAT {
            return Err(Malformed);
        }
        Ok(Self {
            domain: reader.field()?,
            position: Position {
                epoch: reader.field()?,
                sequence: reader.field()?,
                root: reader.field()?,
                base: reader.field()?,
                seal: reader.field()?,
            },
            tag: reader.field()?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(Self::signed_bytes(&self.domain, &self.position));
        self.tag.write(out);
    }
}
