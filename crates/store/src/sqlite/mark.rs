//! `store.mark`: the sequence of the last acknowledged commit, kept outside the store, so that a
//! store that lost the end of its write-ahead log is noticed.
//!
//! Two slots of 32 bytes, written in turn: title (8) ‖ sequence (8, big-endian) ‖ SHA-256 of these
//! 16 truncated to 16. A slot that does not add up is void. The file is not flushed: after a power
//! failure it may be older than the store, never newer.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use strongroom_crypto::digest::sha256;

use crate::folder::{create_file, sync_folder};

use super::MARK_FILE;

const SLOT_BYTES: usize = 32;
const TITLE: [u8; 8] = *b"srmark\x00\x01";

pub(super) struct Mark(File);

impl Mark {
    /// Opens the mark of `folder` and the sequence it holds; makes it, void, if there is none.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Option<u64>)> {
        let path = folder.join(MARK_FILE);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok((Self(make(folder, &path)?), None));
            }
            opened => opened?,
        };
        let sequence = [0, 1]
            .into_iter()
            .filter_map(|slot| read_slot(&file, slot))
            .max();
        Ok((Self(file), sequence))
    }

    /// Notes that the commits up to `sequence` may be acknowledged.
    pub(super) fn advance(&self, sequence: u64) -> io::Result<()> {
        self.0.write_all_at(&encode(sequence), offset(sequence % 2))
    }

    /// Makes what was noted survive a power failure.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

fn make(folder: &Path, path: &Path) -> io::Result<File> {
    let file = create_file(path)?;
    file.write_all_at(&[0; 2 * SLOT_BYTES], 0)?;
    file.sync_all()?;
    sync_folder(folder)?;
    Ok(file)
}

fn read_slot(file: &File, slot: u64) -> Option<u64> {
    let mut bytes = [0; SLOT_BYTES];
    file.read_exact_at(&mut bytes, offset(slot)).ok()?;
    let [
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        sequence @ ..,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
        _,
    ] = bytes;
    let sequence = u64::from_be_bytes(sequence);
    (bytes == encode(sequence)).then_some(sequence)
}

fn encode(sequence: u64) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    let sequence = sequence.to_be_bytes();
    let check = sha256(&[&TITLE, &sequence]);
    let content = TITLE.iter().chain(&sequence).chain(&check);
    for (byte, value) in slot.iter_mut().zip(content) {
        *byte = *value;
    }
    slot
}

fn offset(slot: u64) -> u64 {
    if slot == 0 { 0 } else { 32 }
}
