//! The segments that a command reads, in the order in which they were written.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use strongroom_kms::audit_log::segments;
use strongroom_kms::service::audit_folder;

use crate::Failed;

/// The segments of a data folder.
pub(super) fn of_data(data: &Path) -> Result<Vec<(u64, PathBuf)>, Failed> {
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

/// Opens a segment for reading.
pub(super) fn open(path: &Path) -> Result<BufReader<File>, Failed> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(BufReader::new(file))
}
