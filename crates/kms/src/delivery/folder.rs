//! Delivers into a folder: `ROOT/BUCKET/KEY`, metadata beside it. Files are whole or not there, and no name leads
//! out of the folder.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use strongroom_store::make_folder;

use super::sink::{Object, Putting, Sink, SinkError};

/// What the name of an object's metadata ends with.
pub const METADATA_SUFFIX: &str = ".metadata.json";

const UNFINISHED: &str = ".unfinished";
const FILE_MODE: u32 = 0o600;

/// A folder that objects are put into.
pub struct FolderSink {
    root: PathBuf,
}

impl FolderSink {
    /// The sink in `root`, which is made if need be; the folder above it must be there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(root: &Path) -> io::Result<Self> {
        make_folder(root)?;
        let root = root.to_owned();
        Ok(Self { root })
    }
}

impl Sink for FolderSink {
    fn put<'a>(&'a self, object: &'a Object) -> Putting<'a> {
        let (root, object) = (self.root.clone(), object.clone());
        Box::pin(async move {
            let write = tokio::task::spawn_blocking(move || write(&root, &object));
            write
                .await
                .unwrap_or_else(|_| Err(SinkError::new("InternalError")))
        })
    }
}

fn write(root: &Path, object: &Object) -> Result<(), SinkError> {
    let parts: Vec<&str> = object.key.split('/').collect();
    let all = std::iter::once(object.bucket.as_str()).chain(parts.iter().copied());
    if !all.clone().all(is_plain) || object.bucket.contains('/') {
        return Err(SinkError::invalid_name());
    }
    let (name, folders) = parts.split_last().ok_or_else(SinkError::invalid_name)?;
    let mut folder = root.to_owned();
    for part in std::iter::once(object.bucket.as_str()).chain(folders.iter().copied()) {
        folder.push(part);
        make_folder(&folder).map_err(|error| failed(&error))?;
    }
    put_files(&folder, name, object).map_err(|error| failed(&error))
}

/// The metadata first: an object that is there has its own.
fn put_files(folder: &Path, name: &str, object: &Object) -> io::Result<()> {
    if !object.metadata.is_empty() {
        let metadata = object.metadata.iter().cloned();
        let json = serde_json::Value::from_iter(metadata).to_string();
        put_file(folder, &format!("{name}{METADATA_SUFFIX}"), json.as_bytes())?;
    }
    put_file(folder, name, &object.body)?;
    File::open(folder)?.sync_all()
}

fn put_file(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!("{name}{UNFINISHED}"));
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(FILE_MODE);
    let mut file = options.open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, folder.join(name))
}

/// Whether `part` is the name of something in the folder it is looked up in: prefixes are chosen by clients.
fn is_plain(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.contains('\0') && !part.ends_with(UNFINISHED)
}

fn failed(error: &io::Error) -> SinkError {
    SinkError::new(match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => "AccessDenied",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "StorageFull",
        io::ErrorKind::InvalidFilename | io::ErrorKind::NotADirectory => "InvalidObjectName",
        io::ErrorKind::NotFound => "NoSuchBucket",
        _ => "InternalError",
    })
}

#[cfg(test)]
mod tests;
