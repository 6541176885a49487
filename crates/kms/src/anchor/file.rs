//! The anchor file: two slots of 4096 bytes, each a statement and zeros, written in turn. A slot that was answered is
//! never written before the other holds a later one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use strongroom_hsm_api::anchor::{Position, Statement};
use strongroom_store::replace_file;

/// A slot of its own for the disk, so that a write cut short harms no other.
const SLOT_BYTES: usize = 4096;
const SLOT_OFFSETS: [u64; 2] = [0, 4096];
const FILE_BYTES: usize = 2 * SLOT_BYTES;

/// An anchor file in use.
pub(crate) struct AnchorFile {
    file: File,
    slots: Mutex<[Vec<u8>; 2]>,
}

impl AnchorFile {
    /// Both slots of the file at `path`, each empty when it cannot be read in full.
    pub(crate) fn read(path: &Path) -> io::Result<[Vec<u8>; 2]> {
        match File::open(path) {
            Ok(file) => Ok(SLOT_OFFSETS.map(|offset| read_slot(&file, offset))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok([Vec::new(), Vec::new()]),
            Err(error) => Err(error),
        }
    }

    /// Makes the anchor of a new domain, in place of one that never had a commit.
    ///
    /// # Errors
    /// Those of the file, and `AlreadyExists` when it is the anchor of a store in use, or no anchor.
    pub(crate) fn begin(path: &Path, statement: &[u8]) -> io::Result<()> {
        let length = length_for_anchor(path)?;
        let slots = Self::read(path)?;
        match slots.iter().filter_map(|slot| age(slot)).max() {
            None if length > 0 => Err(no_anchor()),
            Some(newest) if newest > (0, 0) => {
                let told = "it is the anchor of another store; name another file, or remove it";
                Err(io::Error::new(ErrorKind::AlreadyExists, told))
            }
            _ => make(path, statement),
        }
    }

    /// Opens the file at `path`, or makes an empty one. What it holds is durable when this returns.
    ///
    /// # Errors
    /// Those of the file, and `AlreadyExists` when it cannot be an anchor, not even a damaged one.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        length_for_anchor(path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        let file = match options.open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                make(path, &[])?;
                options.open(path)?
            }
            opened => opened?,
        };
        // A slot may be there without having been synced, if its writer ended in between.
        file.sync_data()?;
        let slots = Mutex::new(SLOT_OFFSETS.map(|offset| read_slot(&file, offset)));
        Ok(Self { file, slots })
    }

    /// Writes `statement`, the newest there is, into the older slot, durably, unless a slot has it.
    pub(crate) fn publish(&self, statement: &[u8]) -> io::Result<()> {
        let slot = slot_of(statement)?;
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.contains(&slot) {
            return Ok(());
        }
        let ([first, second], [start, middle]) = (&mut *slots, SLOT_OFFSETS);
        let (held, offset) = if goes_first(first, second, statement) {
            (first, start)
        } else {
            (second, middle)
        };
        self.file.write_all_at(&slot, offset)?;
        self.file.sync_data()?;
        *held = slot;
        Ok(())
    }
}

/// The length of what is at `path`, 0 when nothing is; an error when that is no file, or too long to have been an anchor.
fn length_for_anchor(path: &Path) -> io::Result<u64> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() && found.len() <= FILE_BYTES as u64 => Ok(found.len()),
        Ok(_) => Err(no_anchor()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error),
    }
}

fn no_anchor() -> io::Error {
    let told = "something else is there, which is no anchor; name another file";
    io::Error::new(ErrorKind::AlreadyExists, told)
}

/// Whether `statement`, the newest there is, goes into the first of two slots: the older one.
pub(crate) fn goes_first(first: &[u8], second: &[u8], statement: &[u8]) -> bool {
    // What claims to be newer than the newest is damaged, or of another domain.
    let rank = |slot: &[u8]| age(slot).filter(|claimed| Some(*claimed) <= age(statement));
    rank(first) <= rank(second)
}

fn make(path: &Path, statement: &[u8]) -> io::Result<()> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or(ErrorKind::InvalidInput)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut bytes = slot_of(statement)?;
    bytes.resize(FILE_BYTES, 0);
    replace_file(folder, name, &bytes)
}

fn slot_of(statement: &[u8]) -> io::Result<Vec<u8>> {
    let mut slot = statement.to_vec();
    if slot.len() > SLOT_BYTES {
        return Err(ErrorKind::InvalidInput.into());
    }
    slot.resize(SLOT_BYTES, 0);
    Ok(slot)
}

fn read_slot(file: &File, offset: u64) -> Vec<u8> {
    let mut slot = vec![0; SLOT_BYTES];
    match file.read_exact_at(&mut slot, offset) {
        Ok(()) => slot,
        Err(_) => Vec::new(),
    }
}

/// How new what a slot holds says it is; less than anything when it holds no statement.
fn age(slot: &[u8]) -> Option<(u32, u64)> {
    let statement = Statement::read_padded(slot).ok()?;
    Some(Position::age(&statement.position))
}

#[cfg(test)]
mod tests;
