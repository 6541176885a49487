//! `strongroom audit verify FOLDER`: whether delivered files are what was delivered, offline, with nothing but public
//! keys. Reads only; follows no link out of the folder.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use strongroom_audit::digest::Place;
use strongroom_audit::exported::{self, Exported, Object, PublicKeys, Report, Scope};
use strongroom_aws::time::iso8601;
use strongroom_base::UnixMillis;
use strongroom_kms::delivery::folder::METADATA_SUFFIX;

use super::verify::Verdict;
use crate::Failed;

/// The most files in the folder.
const FILES_MAX: usize = 4_000_000;
/// The deepest that files lie: the prefix of a trail may have 100 folders, and CloudTrail adds 9.
const DEPTH_MAX: usize = 120;
/// The longest metadata of a file, in bytes.
const METADATA_BYTES_MAX: u64 = 64 * 1024;
/// The longest file of public keys, in bytes.
const KEYS_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// What is verified, and with what.
pub(super) struct Asked<'a> {
    pub(super) folder: &'a Path,
    /// Files that `aws cloudtrail list-public-keys` printed.
    pub(super) public_keys: &'a [PathBuf],
    /// Only digests whose period ends after this.
    pub(super) since: Option<&'a str>,
    /// The signature of a digest that was kept elsewhere.
    pub(super) digest: Option<&'a str>,
}

pub(super) fn run(asked: &Asked<'_>) -> Result<Verdict, Failed> {
    let scope = Scope {
        since: asked.since.map(time).transpose()?,
        kept: asked.digest.map(str::to_ascii_lowercase),
    };
    let keys = trusted(asked.public_keys)?;
    let report = exported::verify(&Folder(asked.folder), &keys, &scope)?;
    show(&report);
    show_limits(asked, &report);
    if !report.is_intact() {
        return Ok(Verdict::Fault);
    }
    if report.digests_valid == 0 {
        return Err("there are no digests in this folder: nothing was verified".into());
    }
    println!("intact");
    Ok(Verdict::Intact)
}

fn time(text: &str) -> Result<UnixMillis, Failed> {
    let time: Timestamp = text
        .parse()
        .map_err(|_| format!("{text}: no time such as 2026-11-22T09:00:00Z"))?;
    Ok(UnixMillis(time.as_millisecond()))
}

/// CloudTrail API, ListPublicKeys, as its clients print it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    public_key_list: Vec<ListedKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListedKey {
    value: String,
}

fn trusted(files: &[PathBuf]) -> Result<PublicKeys, Failed> {
    if files.is_empty() {
        return Err(
            "delivered files need --public-key: what `aws cloudtrail list-public-keys` printed, as JSON"
                .into(),
        );
    }
    let mut keys = PublicKeys::default();
    for path in files {
        let fault = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
        let bytes = read(path, KEYS_BYTES_MAX).map_err(|error| fault(&error))?;
        let listed: Listed = serde_json::from_slice(&bytes).map_err(|error| fault(&error))?;
        for key in listed.public_key_list {
            let value = STANDARD.decode(key.value).map_err(|error| fault(&error))?;
            keys.trust(&value);
        }
    }
    Ok(keys)
}

fn show(report: &Report) {
    let Report {
        digests_valid,
        digests_invalid,
        logs_valid,
        logs_invalid,
        ..
    } = report;
    let (digests, logs) = (digests_valid + digests_invalid, logs_valid + logs_invalid);
    println!("digests      {digests_valid}/{digests} valid");
    println!("logs         {logs_valid}/{logs} valid");
    for (place, signature) in &report.newest {
        println!("newest       {} {signature}", told(place));
    }
    for gap in &report.gaps {
        let (start, end) = (iso8601(gap.start), iso8601(gap.end));
        println!("gap          no log files were delivered between {start} and {end}");
    }
    for fault in &report.faults {
        println!("FAULT        {fault}");
    }
    if report.is_kept_missing {
        println!(
            "FAULT        the digest that was kept is not among these: the end was cut, or it is of another trail"
        );
    }
}

/// What an answer of "intact" does not say.
fn show_limits(asked: &Asked<'_>, report: &Report) {
    if report.logs_uncovered > 0 {
        println!(
            "caution      {} log files are named by no digest: they are newer than the last one, or were put there",
            report.logs_uncovered
        );
    }
    if asked.digest.is_none() {
        println!(
            "caution      that the newest digests were removed cannot be seen without --digest"
        );
    }
}

fn told(place: &Place) -> String {
    format!(
        "s3://{}/{}",
        place.bucket.escape_debug(),
        place.key.escape_debug()
    )
}

/// A folder of buckets.
struct Folder<'a>(&'a Path);

impl Exported for Folder<'_> {
    fn list(&self) -> io::Result<Vec<Place>> {
        let mut places = Vec::new();
        for bucket in entries(self.0)? {
            if let Some(name) = folder_name(&bucket)? {
                walk(&bucket.path(), &name, "", DEPTH_MAX, &mut places)?;
            }
        }
        Ok(places)
    }

    fn open(&self, place: &Place) -> io::Result<Option<Object>> {
        let Some(path) = self.path(place) else {
            return Ok(None);
        };
        let file = match File::open(&path) {
            Err(error) if is_absent(&error) => return Ok(None),
            opened => opened?,
        };
        Ok(Some(Object {
            body: Box::new(file),
            metadata: metadata(&path)?,
        }))
    }
}

impl Folder<'_> {
    /// Where an object lies; nothing for a name that leads out of the folder.
    fn path(&self, place: &Place) -> Option<PathBuf> {
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        let mut path = self.0.to_owned();
        if place.bucket.contains('/') {
            return None;
        }
        for part in std::iter::once(place.bucket.as_str()).chain(place.key.split('/')) {
            is_plain(part).then(|| path.push(part))?;
        }
        Some(path)
    }
}

fn walk(
    folder: &Path,
    bucket: &str,
    above: &str,
    depth: usize,
    places: &mut Vec<Place>,
) -> io::Result<()> {
    let too_much = || {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "more files than can be verified",
        )
    };
    let depth = depth.checked_sub(1).ok_or_else(too_much)?;
    for entry in entries(folder)? {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let key = format!("{above}{name}");
        if folder_name(&entry)?.is_some() {
            walk(&entry.path(), bucket, &format!("{key}/"), depth, places)?;
        } else if entry.file_type()?.is_file() {
            let bucket = bucket.to_owned();
            places.push(Place { bucket, key });
        }
        if places.len() > FILES_MAX {
            return Err(too_much());
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<fs::DirEntry>> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    Ok(entries)
}

/// The name of what is a folder, and no link to one.
fn folder_name(entry: &fs::DirEntry) -> io::Result<Option<String>> {
    if !entry.file_type()?.is_dir() {
        return Ok(None);
    }
    Ok(entry.file_name().into_string().ok())
}

/// The metadata beside a file; none when there is no such file, or it is no object of texts.
fn metadata(path: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(METADATA_SUFFIX);
    match read(Path::new(&beside), METADATA_BYTES_MAX) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(error) if is_absent(&error) => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

fn read(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= bytes_max => Ok(bytes),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "too long")),
    }
}
