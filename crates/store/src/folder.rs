//! The data folder: who may use it, which version wrote it, and how its files are replaced. Never
//! changes a folder that it did not make or that another process uses.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};

/// The version of the folder's layout that this program writes and knows.
pub const FORMAT_VERSION: u32 = 1;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
const LOCK_FILE: &str = "lock";
const FORMAT_FILE: &str = "format";
const FORMAT_BYTES_MAX: u64 = 256;
const FORMAT_TITLE: &str = "strongroom-data";
/// Marks a file that was being written when the process ended.
const UNFINISHED: &str = ".new";

/// What made a folder; neither opens the other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `strongroom dev`: unseals itself.
    Dev,
    /// `strongroom init`: unsealed by an operator.
    Server,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Server => "server",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        [Self::Dev, Self::Server]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// Why a folder cannot be used.
#[derive(Debug)]
pub enum FolderError {
    /// Another process holds the lock.
    InUse,
    /// The layout is newer than [`FORMAT_VERSION`].
    Newer {
        /// The version the folder states.
        found: u32,
    },
    /// The folder was made for the other kind of server.
    OtherKind {
        /// What the folder is.
        found: Kind,
    },
    /// The folder has no `format` file.
    NoFormat,
    /// The `format` file is not one that any strongroom writes.
    UnknownFormat,
    /// To be created, but it already holds something.
    NotEmpty,
    /// There is no such folder.
    Missing,
    /// The operating system refused.
    Io(io::Error),
}

impl std::fmt::Display for FolderError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InUse => write!(
                out,
                "another strongroom uses this data folder; stop it, or choose another folder"
            ),
            Self::Newer { found } => write!(
                out,
                "this data folder was written by a newer strongroom \
                 (format {found}, this one knows {FORMAT_VERSION}); start that version"
            ),
            Self::OtherKind {
                found: Kind::Server,
            } => write!(
                out,
                "dev refuses a folder made by init; choose another folder, or use serve"
            ),
            Self::OtherKind { found: Kind::Dev } => write!(
                out,
                "serve refuses a folder made by dev; make one with strongroom init"
            ),
            Self::NoFormat => write!(
                out,
                "this folder holds files but no format file, so it is no data folder; \
                 choose an empty folder"
            ),
            Self::UnknownFormat => write!(
                out,
                "the format file of this data folder is not understood; restore it from a backup"
            ),
            Self::NotEmpty => write!(out, "this folder is not empty; choose an empty folder"),
            Self::Missing => write!(
                out,
                "there is no data folder here; check the path, or make one with strongroom init"
            ),
            Self::Io(error) => write!(
                out,
                "the data folder cannot be used ({error}); check its path, owner and disk"
            ),
        }
    }
}

impl std::error::Error for FolderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for FolderError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A data folder that this process alone uses, until the last clone of its lock is dropped.
pub struct Folder {
    path: PathBuf,
    kind: Kind,
    lock: Arc<Lock>,
}

/// The locked `lock` file.
pub(crate) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a process that is just being forked still holds the file. If
        // unlocking fails, the lock goes with that process.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl Folder {
    /// Makes a folder for `kind` at `path`, with mode 0700; an empty folder there is used as it is.
    pub fn create(path: &Path, kind: Kind) -> Result<Self, FolderError> {
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(path)?;
        if !is_fresh(path)? {
            return Err(FolderError::NotEmpty);
        }
        let lock = take_lock(path)?;
        // Another process may have made the folder between the look and the lock.
        if !is_fresh(path)? {
            return Err(FolderError::NotEmpty);
        }
        let text = format!("{FORMAT_TITLE} {} {FORMAT_VERSION}\n", kind.word());
        replace_file(path, FORMAT_FILE, text.as_bytes())?;
        sync_parent(path)?;
        Ok(Self::locked(path, kind, lock))
    }

    /// Opens the folder at `path`, which must have been made for `kind`.
    pub fn open(path: &Path, kind: Kind) -> Result<Self, FolderError> {
        if !path.try_exists()? {
            return Err(FolderError::Missing);
        }
        // Before the lock, so that a folder that is none of ours is left untouched.
        check_format(path, kind)?;
        let lock = take_lock(path)?;
        check_format(path, kind)?;
        Ok(Self::locked(path, kind, lock))
    }

    /// Opens the folder at `path`, or makes it if there is none or an empty one.
    pub fn open_or_create(path: &Path, kind: Kind) -> Result<Self, FolderError> {
        let absent = !path.try_exists()?;
        if absent || is_fresh(path)? {
            match Self::create(path, kind) {
                Err(FolderError::NotEmpty) => {}
                other => return other,
            }
        }
        Self::open(path, kind)
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the folder was made for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Replaces the file `name` in this folder, see [`replace_file`].
    pub fn replace_file(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        replace_file(&self.path, name, bytes)
    }

    /// The content of the file `name`, or `None` when there is none; an error when it is longer
    /// than `bytes_max`.
    pub fn read_file(&self, name: &str, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
        read_file(&self.path.join(name), bytes_max)
    }

    /// Keeps the folder locked while the returned value lives.
    pub(crate) fn share_lock(&self) -> Arc<Lock> {
        Arc::clone(&self.lock)
    }

    fn locked(path: &Path, kind: Kind, lock: Lock) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            lock: Arc::new(lock),
        }
    }
}

/// Replaces the file `name` in `folder` by `bytes` (mode 0600): after a crash there is either the
/// old file or the new one, and once this returns it is the new one.
///
/// An error leaves the old file in place. When the folder cannot be flushed after the new file got its
/// name, it is open which of the two survives a crash: that ends the process.
pub fn replace_file(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    if name.contains('/') || name.is_empty() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let unfinished = folder.join(format!("{name}{UNFINISHED}"));
    // A file left by a crash may have any mode; a new one has ours.
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = create_file(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    if sync_folder(folder).is_err() {
        std::process::abort();
    }
    Ok(())
}

/// Makes `folder` with mode 0700 unless it is there; once this returns its name is durable. The folder above it must
/// be there.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(FOLDER_MODE).create(folder) {
        Ok(()) => sync_folder(folder.parent().unwrap_or(folder)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes a file that only its owner may read, and that must not exist.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(FILE_MODE)
        .open(path)
}

/// Makes the names in `folder` durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.canonicalize()?.parent() {
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

fn read_file(path: &Path, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let mut bytes = Vec::new();
    file.take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= bytes_max) {
        Ok(Some(bytes))
    } else {
        Err(io::ErrorKind::FileTooLarge.into())
    }
}

/// Whether the folder holds nothing, or only what a [`Folder::create`] cut short leaves behind.
fn is_fresh(path: &Path) -> io::Result<bool> {
    let unfinished = format!("{FORMAT_FILE}{UNFINISHED}");
    for file in fs::read_dir(path)? {
        let name = file?.file_name();
        if name != LOCK_FILE && name != unfinished.as_str() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn take_lock(path: &Path) -> Result<Lock, FolderError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(path.join(LOCK_FILE))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Lock(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(FolderError::InUse),
        Err(error) => Err(FolderError::Io(error.into())),
    }
}

fn check_format(path: &Path, kind: Kind) -> Result<(), FolderError> {
    let bytes = match read_file(&path.join(FORMAT_FILE), FORMAT_BYTES_MAX) {
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
            return Err(FolderError::UnknownFormat);
        }
        read => read?.ok_or(FolderError::NoFormat)?,
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| FolderError::UnknownFormat)?;
    let (found, version) = parse_format(text).ok_or(FolderError::UnknownFormat)?;
    if version > FORMAT_VERSION {
        return Err(FolderError::Newer { found: version });
    }
    let found = found
        .filter(|_| version == FORMAT_VERSION)
        .ok_or(FolderError::UnknownFormat)?;
    if found == kind {
        Ok(())
    } else {
        Err(FolderError::OtherKind { found })
    }
}

/// The kind, if it is one we know, and the version. A newer version may add words and kinds.
fn parse_format(text: &str) -> Option<(Option<Kind>, u32)> {
    let mut words = text.strip_suffix('\n')?.split(' ');
    if words.next()? != FORMAT_TITLE {
        return None;
    }
    let kind = Kind::from_word(words.next()?);
    let version = words.next()?.parse().ok()?;
    if version <= FORMAT_VERSION && words.next().is_some() {
        return None;
    }
    Some((kind, version))
}
