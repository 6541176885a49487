//! What the key process signs of the log: that after so many records the chain had this link, at this time of
//! its own clock, in this life of its own. Public keys come from outside; none is trusted for lying beside the log.

use std::fmt;
use std::str::FromStr;

use strongroom_base::hex;
use strongroom_crypto::Unauthentic;
use strongroom_crypto::signature::{Input, Scheme, verify};

use super::Link;

/// The first byte of a checkpoint's payload. Another layout takes another byte.
pub(super) const FORMAT: u8 = 0x81;
/// The longest id of a key, in bytes.
pub const KEY_ID_BYTES_MAX: usize = 64;
const SIGNED_LABEL: &[u8] = b"strongroom audit checkpoint v1";
const FIXED_BYTES: usize = 1 + 16 + 16 + 8 + 8 + 32 + 64 + 1;
const LINE_TITLE: &str = "strongroom-audit-checkpoint-1";

/// The id of the key that signed a checkpoint: 1 to [`KEY_ID_BYTES_MAX`] letters, digits and hyphens, so that it
/// is a file's name too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckpointId(String);

/// The text or the bytes are no checkpoint, or no key's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACheckpoint;

impl CheckpointId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CheckpointId {
    type Err = NotACheckpoint;

    fn from_str(text: &str) -> Result<Self, NotACheckpoint> {
        let suits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=KEY_ID_BYTES_MAX).contains(&text.len()) || !text.bytes().all(suits) {
            return Err(NotACheckpoint);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for CheckpointId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A signed checkpoint: `0x81 ‖ writer (16) ‖ boot (16) ‖ time u64 ‖ sequence u64 ‖ link (32) ‖ signature (64) ‖
/// length of the key id u8 ‖ key id`, big endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log it is of.
    pub writer: [u8; 16],
    /// The life of the key process, random.
    pub boot: [u8; 16],
    /// When it was signed, by the key process's clock, in milliseconds since the epoch.
    pub time: u64,
    /// The records it covers: all from the first on.
    pub sequence: u64,
    /// The link of the last of them.
    pub link: Link,
    /// The key that signed it.
    pub key: CheckpointId,
    /// The Ed25519 signature over [`Checkpoint::signed_bytes`].
    pub signature: [u8; 64],
}

impl Checkpoint {
    /// What is signed: `"strongroom audit checkpoint v1" ‖ writer ‖ boot ‖ time u64 ‖ sequence u64 ‖ link`, big
    /// endian.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let parts: [&[u8]; 6] = [
            SIGNED_LABEL,
            &self.writer,
            &self.boot,
            &self.time.to_be_bytes(),
            &self.sequence.to_be_bytes(),
            &self.link,
        ];
        parts.concat()
    }

    /// Verifies the signature under the public key `spki`, a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`Unauthentic`] when it is not valid, or `spki` is no Ed25519 key.
    pub fn verify(&self, spki: &[u8]) -> Result<(), Unauthentic> {
        let message = self.signed_bytes();
        verify(
            Scheme::Ed25519,
            spki,
            Input::Message(&message),
            &self.signature,
        )
    }

    /// The payload's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let key = self.key.as_str().as_bytes();
        let parts: [&[u8]; 9] = [
            &[FORMAT],
            &self.writer,
            &self.boot,
            &self.time.to_be_bytes(),
            &self.sequence.to_be_bytes(),
            &self.link,
            &self.signature,
            &[u8::try_from(key.len()).unwrap_or(u8::MAX)],
            key,
        ];
        parts.concat()
    }

    /// The checkpoint that `payload` is, all of it.
    ///
    /// # Errors
    /// [`NotACheckpoint`] of any other bytes.
    pub fn from_bytes(payload: &[u8]) -> Result<Self, NotACheckpoint> {
        read(payload).ok_or(NotACheckpoint)
    }
}

/// Whether a whole frame of a checkpoint, but for its check, stands anywhere in `bytes` but at their start. One is written only once
/// what it covers was written, so no crash of the writer leaves it behind something torn.
pub(super) fn stands_in(bytes: &[u8]) -> bool {
    let lengths = FIXED_BYTES + 1..=FIXED_BYTES + KEY_ID_BYTES_MAX;
    let begins = |at: usize| -> Option<bool> {
        let (head, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*head)).ok()?;
        Some(lengths.contains(&length) && read(rest.get(..length)?).is_some())
    };
    (1..bytes.len()).any(|at| begins(at).unwrap_or(false))
}

fn read(payload: &[u8]) -> Option<Checkpoint> {
    let rest = payload.strip_prefix(&[FORMAT])?;
    let (writer, rest) = rest.split_first_chunk()?;
    let (boot, rest) = rest.split_first_chunk()?;
    let (time, rest) = rest.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (link, rest) = rest.split_first_chunk()?;
    let (signature, rest) = rest.split_first_chunk()?;
    let (length, key) = rest.split_first()?;
    if usize::from(*length) != key.len() {
        return None;
    }
    Some(Checkpoint {
        writer: *writer,
        boot: *boot,
        time: u64::from_be_bytes(*time),
        sequence: u64::from_be_bytes(*sequence),
        link: *link,
        key: std::str::from_utf8(key).ok()?.parse().ok()?,
        signature: *signature,
    })
}

/// One line, to be kept elsewhere: a title and `name=value` for each member, bytes in hexadecimal.
impl fmt::Display for Checkpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{LINE_TITLE} writer={} boot={} time={} sequence={} link={} key={} signature={}",
            hex::encode(&self.writer),
            hex::encode(&self.boot),
            self.time,
            self.sequence,
            hex::encode(&self.link),
            self.key,
            hex::encode(&self.signature),
        )
    }
}

/// Reads the line that [`Checkpoint`] prints.
impl FromStr for Checkpoint {
    type Err = NotACheckpoint;

    fn from_str(line: &str) -> Result<Self, NotACheckpoint> {
        read_line(line).ok_or(NotACheckpoint)
    }
}

fn read_line(line: &str) -> Option<Checkpoint> {
    let mut words = line.split_ascii_whitespace();
    if words.next()? != LINE_TITLE {
        return None;
    }
    let mut value = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
    let checkpoint = Checkpoint {
        writer: bytes(value("writer")?)?,
        boot: bytes(value("boot")?)?,
        time: value("time")?.parse().ok()?,
        sequence: value("sequence")?.parse().ok()?,
        link: bytes(value("link")?)?,
        key: value("key")?.parse().ok()?,
        signature: bytes(value("signature")?)?,
    };
    words.next().is_none().then_some(checkpoint)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text)?.try_into().ok()
}
