//! The configuration file of production: TOML, unknown fields refused, secrets only as files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::Failed;

const CONFIG_BYTES_MAX: u64 = 64 * 1024;

/// The configuration as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The data folder; a relative path is relative to the configuration file.
    pub(crate) data: PathBuf,
    /// Where to listen.
    #[serde(default = "default_listen")]
    pub(crate) listen: SocketAddr,
    /// TLS; plain HTTP without it.
    pub(crate) tls: Option<Tls>,
    /// Whose enclaves may be recipients, as a PEM file of root certificates; AWS's without it.
    pub(crate) attestation_roots: Option<PathBuf>,
    /// Services on this machine that may act for callers, and for themselves.
    #[serde(default)]
    pub(crate) service: Vec<ServiceOnSocket>,
}

/// A service on this machine: whoever can open its socket is the service.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceOnSocket {
    /// Its name, such as `s3.amazonaws.com`.
    pub(crate) principal: String,
    /// Where its socket is to be; a relative path is relative to the data folder.
    pub(crate) socket: PathBuf,
}

/// Where the certificate chain and its private key are, as PEM files.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tls {
    /// The certificate chain, the server's own first.
    pub(crate) certificate: PathBuf,
    /// The private key.
    pub(crate) key: PathBuf,
}

/// The default of `strongroom dev` too.
pub(crate) fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 4599))
}

/// Reads the file at `path`.
pub(crate) fn read(path: &Path) -> Result<Config, Failed> {
    let fault =
        |reason: &dyn std::fmt::Display| format!("the configuration {}: {reason}", path.display());
    let length = std::fs::metadata(path)
        .map_err(|error| fault(&error))?
        .len();
    if length > CONFIG_BYTES_MAX {
        return Err(fault(&"longer than 64 KiB").into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| fault(&error))?;
    let mut config: Config = toml::from_str(&text).map_err(|error| fault(&error))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    config.data = folder.join(&config.data);
    if let Some(tls) = &mut config.tls {
        tls.certificate = folder.join(&tls.certificate);
        tls.key = folder.join(&tls.key);
    }
    if let Some(roots) = &mut config.attestation_roots {
        *roots = folder.join(&roots);
    }
    for service in &mut config.service {
        service.socket = config.data.join(&service.socket);
    }
    Ok(config)
}
