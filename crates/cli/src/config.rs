//! The configuration file of production, and of development the identity providers: TOML, unknown fields refused, secrets only as files.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde::Deserialize;

use crate::Failed;
use crate::delivery::Configured;

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
    /// Whose tokens begin sessions of roles.
    #[serde(default)]
    pub(crate) oidc: Vec<IdentityProvider>,
    /// How the audit is kept.
    #[serde(default)]
    pub(crate) audit: Audit,
    /// Where the store is anchored.
    #[serde(default)]
    pub(crate) anchor: Anchor,
    /// Services on this machine that may act for callers, and for themselves.
    #[serde(default)]
    pub(crate) service: Vec<ServiceOnSocket>,
    /// Where metrics, health and readiness are told; nowhere without it.
    pub(crate) metrics: Option<Metrics>,
    /// Where the audit log is delivered to; nowhere without it.
    pub(crate) delivery: Option<Configured>,
    /// How the log is written.
    #[serde(default)]
    pub(crate) log: Log,
}

/// Where programs that watch the server ask.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metrics {
    /// Where to listen. Nobody authenticates there.
    pub(crate) listen: SocketAddr,
}

/// The log on standard error.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    /// How lines are written.
    #[serde(default)]
    pub(crate) format: LogFormat,
}

/// How lines of the log are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// Where the store is anchored.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Anchor {
    /// The anchor file, best on another disk than the data; a relative path is relative to the configuration file.
    /// `anchor` in the data folder without it.
    pub(crate) file: Option<PathBuf>,
}

/// How the audit is kept.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Audit {
    /// Whether every call waits until its audit record is on the disk.
    #[serde(default)]
    pub(crate) strict: bool,
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

/// An OpenID Connect provider.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityProvider {
    /// The issuer as its tokens write it, an https URL.
    pub(crate) issuer: String,
    /// Its public keys, as a file with a JWK set, read when the server starts.
    pub(crate) keys: PathBuf,
    /// Those whom tokens may be issued to: their aud.
    pub(crate) audiences: Vec<String>,
}

/// The file of `strongroom dev --oidc`: the `[[oidc]]` tables of a configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityProviders {
    oidc: Vec<IdentityProvider>,
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
    let mut config: Config = read_toml(path)?;
    let folder = folder(path);
    config.data = folder.join(&config.data);
    if let Some(tls) = &mut config.tls {
        tls.certificate = folder.join(&tls.certificate);
        tls.key = folder.join(&tls.key);
    }
    if let Some(roots) = &mut config.attestation_roots {
        *roots = folder.join(&roots);
    }
    if let Some(delivery) = &mut config.delivery {
        delivery.place(folder);
    }
    config.anchor.file = config.anchor.file.map(|file| folder.join(file));
    place_keys(&mut config.oidc, folder);
    for service in &mut config.service {
        service.socket = config.data.join(&service.socket);
    }
    Ok(config)
}

/// Reads the identity providers in the file at `path`; without one there are none.
pub(crate) fn read_identity_providers(
    path: Option<&Path>,
) -> Result<Vec<IdentityProvider>, Failed> {
    let Some(path) = path else {
        return Ok(Vec::new());
    };
    let IdentityProviders { mut oidc } = read_toml(path)?;
    place_keys(&mut oidc, folder(path));
    Ok(oidc)
}

/// The file of `strongroom dev --delivery-config`: the `[delivery]` table of a configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OnlyDelivery {
    delivery: Configured,
}

/// Reads the table `[delivery]` in the file at `path`.
pub(crate) fn read_delivery(path: &Path) -> Result<Configured, Failed> {
    let OnlyDelivery { mut delivery } = read_toml(path)?;
    delivery.place(folder(path));
    Ok(delivery)
}

/// Relative paths are relative to the file that names them.
fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn place_keys(providers: &mut [IdentityProvider], folder: &Path) {
    for provider in providers {
        provider.keys = folder.join(&provider.keys);
    }
}

fn read_toml<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Failed> {
    let fault =
        |reason: &dyn std::fmt::Display| format!("the configuration {}: {reason}", path.display());
    let length = std::fs::metadata(path)
        .map_err(|error| fault(&error))?
        .len();
    if length > CONFIG_BYTES_MAX {
        return Err(fault(&"longer than 64 KiB").into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| fault(&error))?;
    Ok(toml::from_str(&text).map_err(|error| fault(&error))?)
}

#[cfg(test)]
mod tests;
