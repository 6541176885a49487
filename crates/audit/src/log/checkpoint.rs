//! What the key process signs of the log: that after so many records the chain had this link, at this time of
//! its own clock, in this life of its own. Public keys come from outside; none is trusted for lying beside the log.

use std::fmt;
use std::str::FromStr;

use strongroom_base::hex;
use strongroom_crypto::Unauthentic;
use strongroom_crypto::digest::sha256;
use strongroom_crypto::signature::{Input, Scheme, verify};

use super::Link;

/// The first byte of a checkpoint's payload. Another layout takes another byte.
pub(super) const FORMAT: u8 = 0x81;
const SIGNED_LABEL: &[u8] = b"strongroom audit checkpoint v1";
const BYTES: usize = 1 + 16 + 16 + 8 + 8 + 32 + 16 + 64;
const LINE_TITLE: &str = "strongroom-audit-checkpoint-1";

/// Names a checkpoint key: the first 16 bytes of SHA-256 of its DER SubjectPublicKeyInfo. In file names it is lower
/// hexadecimal.
pub type CheckpointKeyId = [u8; 16];

/// The name of the public key `spki`, a DER SubjectPublicKeyInfo.
pub fn checkpoint_key_id(spki: &[u8]) -> CheckpointKeyId {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = sha256(&[spki]);
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// The text or the bytes are no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACheckpoint;

/// A signed checkpoint: `0x81 ‖ writer (16) ‖ boot (16) ‖ time u64 ‖ sequence u64 ‖ link (32) ‖ key (16) ‖
/// signature (64)`, big endian.
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
    pub key: CheckpointKeyId,
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
        let parts: [&[u8]; 8] = [
            &[FORMAT],
            &self.writer,
            &self.boot,
            &self.time.to_be_bytes(),
            &self.sequence.to_be_bytes(),
            &self.link,
            &self.key,
            &self.signature,
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
    let length = u32::try_from(BYTES).unwrap_or(u32::MAX).to_be_bytes();
    let is_frame = |window: &[u8]| {
        let payload = window.strip_prefix(&length);
        payload.is_some_and(|payload| payload.first() == Some(&FORMAT))
    };
    let behind = bytes.get(1..).unwrap_or_default();
    behind.windows(4 + BYTES).any(is_frame)
}

fn read(payload: &[u8]) -> Option<Checkpoint> {
    let rest = payload.strip_prefix(&[FORMAT])?;
    let (writer, rest) = rest.split_first_chunk()?;
    let (boot, rest) = rest.split_first_chunk()?;
    let (time, rest) = rest.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (link, rest) = rest.split_first_chunk()?;
    let (key, rest) = rest.split_first_chunk()?;
    Some(Checkpoint {
        writer: *writer,
        boot: *boot,
        time: u64::from_be_bytes(*time),
        sequence: u64::from_be_bytes(*sequence),
        link: *link,
        key: *key,
        signature: rest.try_into().ok()?,
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
            hex::encode(&self.key),
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
        key: bytes(value("key")?)?,
        signature: bytes(value("signature")?)?,
    };
    words.next().is_none().then_some(checkpoint)
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    hex::decode(text)?.try_into().ok()
}
