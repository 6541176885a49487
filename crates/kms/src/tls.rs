//! TLS for the endpoint: rustls with its default versions (1.2 and 1.3) and cipher suites.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys, ProtocolVersion, ServerConfig};
use strongroom_audit::Tls;
use tokio_rustls::server::TlsStream;

pub use tokio_rustls::TlsAcceptor as Acceptor;

/// An acceptor with the PEM certificate chain and private key in these files.
///
/// # Errors
/// A file that cannot be used, by its name; it is told what is missing, never what is in it.
pub fn acceptor(certificate: &Path, key: &Path) -> io::Result<Acceptor> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certified = CertifiedKey::new(chain(certificate)?, signing_key(&provider, key)?);
    match certified.keys_match() {
        // A key that does not tell its public half cannot be compared.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(Error::InconsistentKeys(_)) => {
            let other = format!(
                "this is not the key of the certificate in {}",
                certificate.display()
            );
            return Err(fault(key, &other));
        }
        Err(error) => return Err(fault(certificate, &error)),
    }
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Acceptor::from(Arc::new(config)))
}

/// TLS as a connection speaks it, in the names of CloudTrail's tlsDetails.
#[derive(Debug, PartialEq, Eq)]
pub struct Spoken {
    version: &'static str,
    cipher_suite: String,
    key_exchange: &'static str,
}

impl Spoken {
    /// How `stream` speaks it, once the handshake is done.
    pub(crate) fn on<S>(stream: &TlsStream<S>) -> Self {
        let (_, connection) = stream.get_ref();
        let suite = connection.negotiated_cipher_suite();
        let suite = suite.and_then(|suite| suite.suite().as_str());
        let group = connection.negotiated_key_exchange_group();
        Self {
            version: match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
                _ => "",
            },
            cipher_suite: cipher_suite(suite.unwrap_or_default()),
            key_exchange: group
                .and_then(|group| group.name().as_str())
                .unwrap_or_default(),
        }
    }

    /// The same for a request to `host`.
    pub(crate) fn with_host(&self, host: &str) -> Tls {
        Tls {
            version: self.version.to_owned(),
            cipher_suite: self.cipher_suite.clone(),
            key_exchange: self.key_exchange.to_owned(),
            host: host.to_owned(),
        }
    }
}

/// The name of a cipher suite as AWS writes it: of TLS 1.3 the standard's, of TLS 1.2 OpenSSL's.
fn cipher_suite(name: &str) -> String {
    if let Some(suite) = name.strip_prefix("TLS13_") {
        return format!("TLS_{suite}");
    }
    let name = name.strip_prefix("TLS_").unwrap_or(name);
    let name = name
        .replace("_WITH_", "_")
        .replace("AES_", "AES")
        .replace('_', "-");
    match name.strip_suffix("-SHA256") {
        Some(short) if short.ends_with("POLY1305") => short.to_owned(),
        _ => name,
    }
}

fn chain(path: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fault(path, &error))?;
    if chain.is_empty() {
        return Err(fault(path, &"there is no PEM certificate in it"));
    }
    Ok(chain)
}

fn signing_key(provider: &CryptoProvider, path: &Path) -> io::Result<Arc<dyn SigningKey>> {
    let key = PrivateKeyDer::from_pem_file(path).map_err(|error| match error {
        pem::Error::NoItemsFound => fault(path, &"there is no PEM private key in it"),
        error => fault(path, &error),
    })?;
    provider
        .key_provider
        .load_private_key(key)
        .map_err(|_| fault(path, &"the private key is none of RSA, ECDSA or Ed25519"))
}

fn fault(path: &Path, reason: &dyn Display) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{}: {reason}", path.display()),
    )
}

#[cfg(test)]
mod tests;
