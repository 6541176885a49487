//! The segments that a command reads, in the order in which they were written.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use strongroom_audit::{LogError, LogReader, Record};
use strongroom_kms::audit_log::segments;
use strongroom_kms::service::audit_folder;

use crate::Failed;

/// The segments of a data folder.
pub(in crate::commands) fn of_data(data: &Path) -> Result<Vec<(u64, PathBuf)>, Failed> {
    let folder = audit_folder(data);
    let found = segments(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(found)
}

/// These files, which are named as segments are.
pub(super) fn of_files(files: &[PathBuf]) -> Result<Vec<(u64, PathBuf)>, Failed> {
    let mut found = Vec::new();
    for path in files {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let number = stem.and_then(|stem| stem.parse().ok());
        let number = number.ok_or_else(|| {
            format!(
                "{}: a segment's file is named by its number",
                path.display()
            )
        })?;
        found.push((number, path.clone()));
    }
    found.sort();
    Ok(found)
}

/// Gives the records of a segment to `take`, up to what a crash tore off its end or is being written: what was answered
/// comes before that. Errors: what cannot be read, and damage, with the segment's name; those of `take`.
pub(in crate::commands) fn read(
    path: &Path,
    take: &mut impl FnMut(&Record) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    for frame in LogReader::new(open(path)?) {
        let frame = match frame {
            Ok(frame) => frame,
            Err(LogError::Torn { .. }) => return Ok(()),
            Err(error) => return Err(named(&error).into()),
        };
        if !frame.is_record() {
            continue;
        }
        let at = |error| named(&format!("at byte {}: {error}", frame.offset));
        let record = Record::decode(&frame.payload).map_err(at)?;
        take(&record)?;
    }
    Ok(())
}

/// Opens a segment for reading.
pub(super) fn open(path: &Path) -> Result<BufReader<File>, Failed> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(BufReader::new(file))
}
