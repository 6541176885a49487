//! The roots that documents may chain to. They are the operator's decision and never come from a document.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::certificate::Certificate;
use crate::document::CERTIFICATE_BYTES_MAX;

/// The most roots.
pub const ROOTS_MAX: usize = 8;
/// The longest file of roots in bytes, with room for what people write between them.
const PEM_BYTES_MAX: usize = 64 * 1024;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// AWS Nitro Enclaves root G1; its SHA-256 fingerprint, in AWS's guide "Verifying the root of trust", begins with
/// 64:1A:03:21.
const AWS_NITRO_ROOT_G1: &[u8] = include_bytes!("aws-nitro-enclaves-root-g1.pem");

/// The roots that attestation documents may chain to.
#[derive(Clone)]
pub struct TrustRoots(Vec<Certificate>);

/// Why certificates are no trust roots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootRejected {
    /// Not PEM (RFC 7468), or longer than 64 KiB.
    NotPem,
    /// There is no certificate.
    None,
    /// There are more than [`ROOTS_MAX`].
    TooMany,
    /// This one, counted from 1, is no CA certificate of ECDSA on P-256 or P-384.
    NotAnAuthority(usize),
}

impl fmt::Display for RootRejected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RootRejected::NotPem => formatter.write_str("not certificates in PEM"),
            RootRejected::None => formatter.write_str("there is no certificate"),
            RootRejected::TooMany => {
                write!(formatter, "there are more than {ROOTS_MAX} certificates")
            }
            RootRejected::NotAnAuthority(number) => write!(
                formatter,
                "certificate {number} is not a CA certificate with a P-256 or P-384 key"
            ),
        }
    }
}

impl std::error::Error for RootRejected {}

impl TrustRoots {
    /// The certificates of `pem`, one to [`ROOTS_MAX`] blocks of CERTIFICATE; text between them is ignored.
    ///
    /// # Errors
    /// [`RootRejected`] when any of them is not a CA certificate of ECDSA; whether it has expired is not looked at.
    pub fn from_pem(pem: &[u8]) -> Result<Self, RootRejected> {
        let blocks = blocks(pem)?;
        if blocks.is_empty() {
            return Err(RootRejected::None);
        }
        let roots = blocks.iter().enumerate();
        let roots = roots.map(|(position, der)| {
            read(der).ok_or(RootRejected::NotAnAuthority(position.saturating_add(1)))
        });
        Ok(Self(roots.collect::<Result<_, _>>()?))
    }

    /// The root of all AWS Nitro Enclaves, G1, valid until October 2049.
    pub fn aws_nitro() -> Self {
        // A constant, held by a test; if it could not be read, nothing would be trusted.
        Self::from_pem(AWS_NITRO_ROOT_G1).unwrap_or(Self(Vec::new()))
    }

    pub(crate) fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.0.iter()
    }
}

fn read(der: &[u8]) -> Option<Certificate> {
    if der.len() > CERTIFICATE_BYTES_MAX {
        return None;
    }
    Certificate::read(der).filter(|certificate| certificate.may_issue(0))
}

/// The content of each block (RFC 7468 §5.1).
fn blocks(pem: &[u8]) -> Result<Vec<Vec<u8>>, RootRejected> {
    if pem.len() > PEM_BYTES_MAX {
        return Err(RootRejected::NotPem);
    }
    let text = std::str::from_utf8(pem).map_err(|_| RootRejected::NotPem)?;
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim_end);
    while let Some(line) = lines.next() {
        if line == BEGIN {
            blocks.push(content(&mut lines).ok_or(RootRejected::NotPem)?);
        } else if line.starts_with("-----") {
            // Another kind of block, such as a private key, is a mistake to tell, not to pass over.
            return Err(RootRejected::NotPem);
        }
        if blocks.len() > ROOTS_MAX {
            return Err(RootRejected::TooMany);
        }
    }
    Ok(blocks)
}

/// The content of a block up to and with its last line.
fn content<'t>(lines: &mut impl Iterator<Item = &'t str>) -> Option<Vec<u8>> {
    let mut base64 = String::new();
    loop {
        match lines.next()? {
            END => return STANDARD.decode(base64).ok(),
            line => base64.push_str(line),
        }
    }
}
