//! `strongroom audit key`: the public keys of checkpoints. Those beside the log prove nothing against whoever can
//! write there; to be kept elsewhere, and given to `verify`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use strongroom_audit::CheckpointKeyId;
use strongroom_audit::log::checkpoint_key_id;
use strongroom_kms::audit_keys::PUBLIC_KEYS_FOLDER;
use strongroom_kms::service::audit_folder;

use crate::Failed;
use crate::operator::Server;

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
const SUFFIX: &str = "pem";
/// The longest file of public keys, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Public keys by their ids, as DER SubjectPublicKeyInfo.
pub(super) type Keys = BTreeMap<CheckpointKeyId, Vec<u8>>;

pub(super) fn run(server: &Server) -> Result<(), Failed> {
    let data = server.data()?;
    let files = beside(&data)?;
    if files.is_empty() {
        let folder = audit_folder(&data).join(PUBLIC_KEYS_FOLDER);
        return Err(format!("{}: there is no public key yet", folder.display()).into());
    }
    for path in files {
        print!("{}", read(&path)?);
    }
    Ok(())
}

/// The files of public keys beside the log of a data folder.
pub(super) fn beside(data: &Path) -> Result<Vec<PathBuf>, Failed> {
    let folder = audit_folder(data).join(PUBLIC_KEYS_FOLDER);
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: {error}", folder.display()).into()),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == SUFFIX)
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The keys in these files; each may hold several.
pub(super) fn load(files: &[PathBuf]) -> Result<Keys, Failed> {
    let mut keys = Keys::new();
    for path in files {
        let text = read(path)?;
        let found = parse(&text);
        let found = found.ok_or_else(|| format!("{}: not a PEM public key", path.display()))?;
        keys.extend(
            found
                .into_iter()
                .map(|spki| (checkpoint_key_id(&spki), spki)),
        );
    }
    Ok(keys)
}

fn read(path: &Path) -> Result<String, Failed> {
    let fault = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut text = String::new();
    let file = File::open(path).map_err(fault)?;
    let read = file.take(FILE_BYTES_MAX).read_to_string(&mut text);
    read.map_err(fault)?;
    Ok(text)
}

/// The public keys in `text` (RFC 7468 §13), of which there is one at least.
fn parse(text: &str) -> Option<Vec<Vec<u8>>> {
    let mut keys = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        if line != BEGIN {
            continue;
        }
        let mut base64 = String::new();
        loop {
            match lines.next()? {
                END => break,
                line => base64.push_str(line),
            }
        }
        keys.push(STANDARD.decode(base64).ok()?);
    }
    (!keys.is_empty()).then_some(keys)
}

#[cfg(test)]
mod tests;
