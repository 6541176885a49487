//! What a checkpoint of the audit log says, as the bytes that the key process signs. They never change their
//! meaning: logs are verified years later.

/// What the bytes begin with, so that no other message of an Ed25519 key is taken for a checkpoint.
const LABEL: &[u8; 30] = b"strongroom audit checkpoint v1";
/// The length of the signed bytes.
const SIGNED_LENGTH: usize = LABEL.len() + 16 + 16 + 8 + 8 + 32;

/// Where a log stood, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Who writes the log.
    pub writer: [u8; 16],
    /// The life of the key process that signs.
    pub boot: [u8; 16],
    /// When it signs by its own clock, in milliseconds since the Unix epoch.
    pub time: u64,
    /// How many records the writer has written.
    pub sequence: u64,
    /// The link of the chain after them.
    pub link: [u8; 32],
}

impl Checkpoint {
    /// The bytes that are signed: label ‖ writer ‖ boot ‖ time ‖ sequence ‖ link, integers big endian.
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIGNED_LENGTH);
        bytes.extend_from_slice(LABEL);
        bytes.extend_from_slice(&self.writer);
        bytes.extend_from_slice(&self.boot);
        bytes.extend_from_slice(&self.time.to_be_bytes());
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(&self.link);
        bytes
    }
}
