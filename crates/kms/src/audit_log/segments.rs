//! The files of the log: `DATA/audit/<number>.log`, each begun with a header of the chain. Never changes a
//! segment but at its end.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use strongroom_audit::Chain;
use strongroom_audit::log::SEGMENT_BYTES_MAX;
use strongroom_base::UnixMillis;

const SUFFIX: &str = "log";

/// The segments in `folder` with their numbers, oldest first.
///
/// # Errors
/// When the folder cannot be read.
pub fn segments(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let number = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .and_then(|stem| stem.parse().ok());
        if let (Some(number), Some(true)) = (
            number,
            path.extension().map(|extension| extension == SUFFIX),
        ) {
            found.push((number, path));
        }
    }
    found.sort();
    Ok(found)
}

/// The segment that is written to.
pub(super) struct Segment {
    folder: PathBuf,
    file: File,
    number: u64,
    length: u64,
}

impl Segment {
    /// Begins segment `number` with a header that goes on from `chain`. When that fails there is no such segment
    /// and the chain is as it was.
    pub(super) fn create(
        folder: &Path,
        number: u64,
        chain: &mut Chain,
        time: UnixMillis,
    ) -> io::Result<Self> {
        let path = folder.join(format!("{number:012}.{SUFFIX}"));
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let mut segment = Self {
            folder: folder.to_owned(),
            file,
            number,
            length: 0,
        };
        let before = chain.clone();
        let header = chain.header(number, time.0);
        if let Err(error) = segment.append(&header) {
            *chain = before;
            // An empty segment that stays is passed over by whoever reads.
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        // The header is durable before anything that follows it: it says which end was gone on from.
        segment.sync();
        if File::open(folder)?.sync_all().is_err() {
            std::process::abort();
        }
        Ok(segment)
    }

    /// The segment after this one. When it cannot be begun this one is gone on with, and the number is passed
    /// over.
    pub(super) fn next(&mut self, chain: &mut Chain, time: UnixMillis) -> io::Result<Self> {
        let number = self.number.saturating_add(1);
        let created = Self::create(&self.folder, number, chain, time);
        if created.is_err() {
            self.number = number;
        }
        created
    }

    /// Whether so many bytes more still belong into it.
    pub(super) fn has_room(&self, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.length.saturating_add(bytes) <= SEGMENT_BYTES_MAX
    }

    /// Appends `bytes`, or nothing.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            self.cut();
            return Err(error);
        }
        let added = u64::try_from(bytes.len()).unwrap_or(0);
        self.length = self.length.saturating_add(added);
        Ok(())
    }

    /// Removes what a failed write left, so that the next frame begins where one should.
    fn cut(&self) {
        if self.file.set_len(self.length).is_err() {
            std::process::abort();
        }
    }

    /// Brings everything appended to the disk. What a failed sync left there is unknown, so the process ends and
    /// the next start finds out.
    pub(super) fn sync(&self) {
        if self.file.sync_data().is_err() {
            std::process::abort();
        }
    }
}
