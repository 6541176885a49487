//! Where the audit log is delivered to, as the configuration says it. Secrets come from files alone.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use strongroom_base::{Env, Secret};
use strongroom_kms::delivery::Delivery;
use strongroom_kms::delivery::folder::FolderSink;
use strongroom_kms::delivery::s3::{self, S3Options, S3Sink};
use strongroom_kms::delivery::sink::Sink;
use strongroom_kms::delivery::syslog::{SyslogAddress, SyslogSink};

use crate::Failed;

/// The longest access key id or secret access key, in bytes.
const SECRET_BYTES_MAX: u64 = 4 * 1024;
/// The longest interval of files or digests, in seconds.
const INTERVAL_SECONDS_MAX: u64 = 24 * 60 * 60;

/// The table `[delivery]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Configured {
    /// The folder that files of trails are put into; relative to the configuration file.
    pub(crate) folder: Option<PathBuf>,
    /// The S3 endpoint that files of trails are put to.
    pub(crate) s3: Option<S3>,
    /// The syslog receiver that every event is sent to.
    pub(crate) syslog: Option<Syslog>,
    /// How often files are delivered.
    pub(crate) interval_seconds: Option<u64>,
    /// The period of a digest: an hour, but in tests.
    pub(crate) digest_seconds: Option<u64>,
}

/// The table `[delivery.s3]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct S3 {
    /// `https://host` or `http://host:port`.
    endpoint: String,
    /// The Region of signatures.
    region: String,
    access_key_id_file: PathBuf,
    secret_access_key_file: PathBuf,
    /// PEM certificates to be trusted instead of the system's.
    ca: Option<PathBuf>,
}

/// The table `[delivery.syslog]`: one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Syslog {
    /// `host:port`.
    address: Option<String>,
    /// The path of a Unix socket.
    socket: Option<PathBuf>,
}

impl Configured {
    /// Files of trails into `folder`, and nothing else.
    pub(crate) fn into_folder(folder: &Path) -> Self {
        Self {
            folder: Some(folder.to_owned()),
            s3: None,
            syslog: None,
            interval_seconds: None,
            digest_seconds: None,
        }
    }

    /// Makes relative paths relative to `folder`.
    pub(crate) fn place(&mut self, folder: &Path) {
        let s3 = self.s3.iter_mut();
        let in_s3 = s3.flat_map(|s3| {
            let ca = s3.ca.iter_mut();
            ca.chain([&mut s3.access_key_id_file, &mut s3.secret_access_key_file])
        });
        let in_syslog = (self.syslog.iter_mut()).filter_map(|syslog| syslog.socket.as_mut());
        for path in in_s3.chain(in_syslog).chain(self.folder.iter_mut()) {
            *path = folder.join(&path);
        }
    }

    /// Opens what is configured; nothing is sent yet.
    pub(crate) fn open(&self, env: &Env, usual: Duration) -> Result<Arc<Delivery>, Failed> {
        let sink = match (&self.folder, &self.s3) {
            (Some(_), Some(_)) => {
                return Err("delivery: either a folder or an S3 endpoint, not both".into());
            }
            (Some(folder), None) => Some(open_folder(folder)?),
            (None, Some(s3)) => Some(open_s3(s3, env)?),
            (None, None) => None,
        };
        Ok(Arc::new(Delivery {
            sink,
            syslog: self.syslog.as_ref().map(open_syslog).transpose()?,
            interval: interval(self.interval_seconds, usual)?,
            digest_interval: interval(
                self.digest_seconds,
                strongroom_kms::delivery::DIGEST_INTERVAL,
            )?,
        }))
    }
}

fn interval(seconds: Option<u64>, usual: Duration) -> Result<Duration, Failed> {
    match seconds {
        None => Ok(usual),
        Some(seconds @ 1..=INTERVAL_SECONDS_MAX) => Ok(Duration::from_secs(seconds)),
        Some(_) => {
            Err(format!("delivery: an interval is 1 to {INTERVAL_SECONDS_MAX} seconds").into())
        }
    }
}

fn open_folder(folder: &Path) -> Result<Arc<dyn Sink>, Failed> {
    let opened = FolderSink::open(folder);
    let fault = |error| format!("the folder of delivery, {}: {error}", folder.display());
    Ok(Arc::new(opened.map_err(fault)?))
}

fn open_s3(s3: &S3, env: &Env) -> Result<Arc<dyn Sink>, Failed> {
    let endpoint = s3.endpoint.parse();
    let access_key_id = read_secret(&s3.access_key_id_file)?;
    let access_key_id = std::str::from_utf8(access_key_id.expose())
        .map_err(|_| format!("{}: it is no text", s3.access_key_id_file.display()))?;
    let options = S3Options {
        endpoint: endpoint.map_err(|error| format!("the endpoint of delivery: {error}"))?,
        region: s3.region.clone(),
        access_key_id: access_key_id.to_owned(),
        secret_access_key: read_secret(&s3.secret_access_key_file)?,
        roots: s3.ca.as_deref().map(s3::roots).transpose()?,
        clock: Arc::clone(&env.clock),
    };
    let sink =
        S3Sink::new(options).map_err(|error| format!("the endpoint of delivery: {error}"))?;
    Ok(Arc::new(sink))
}

/// The content of a file but for the white space around it.
fn read_secret(path: &Path) -> Result<Secret<Vec<u8>>, Failed> {
    let fault = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
    let file = std::fs::File::open(path).map_err(|error| fault(&error))?;
    // Room for all of it, so that growing leaves no copies.
    let room = usize::try_from(SECRET_BYTES_MAX + 1).unwrap_or(usize::MAX);
    let mut read = Secret::new(Vec::with_capacity(room));
    let reading = file
        .take(SECRET_BYTES_MAX + 1)
        .read_to_end(read.expose_mut());
    reading.map_err(|error| fault(&error))?;
    if read.expose().len() >= room {
        return Err(fault(&"longer than 4 KiB").into());
    }
    let text = read.expose().trim_ascii();
    if text.is_empty() {
        return Err(fault(&"there is nothing in it").into());
    }
    Ok(Secret::new(text.to_vec()))
}

fn open_syslog(syslog: &Syslog) -> Result<SyslogSink, Failed> {
    let address = match (&syslog.address, &syslog.socket) {
        (Some(address), None) => SyslogAddress::Tcp(address.clone()),
        (None, Some(socket)) => SyslogAddress::Unix(socket.clone()),
        _ => return Err("delivery to syslog: either an address or a socket".into()),
    };
    let uname = rustix::system::uname();
    let host_name = uname.nodename().to_string_lossy().into_owned();
    Ok(SyslogSink::new(address, &host_name))
}
