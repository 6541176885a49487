//! The Authorization header: `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.

use super::{ALGORITHM, AuthFailure};
use crate::text::auth as text;

/// The header taken apart. Nothing in it has been checked against the request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) credential: Credential<'a>,
    /// Names in the order of the header.
    pub(super) signed_headers: Vec<&'a str>,
    pub(super) signature: &'a str,
}

/// `keyid/date/region/service/term`
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credential<'a> {
    pub(super) access_key_id: &'a str,
    pub(super) date: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) terminator: &'a str,
}

/// Takes the header apart. Another scheme than AWS's is no token at all.
pub(super) fn parse(header: &str) -> Result<Authorization<'_>, AuthFailure> {
    let (algorithm, parameters) = header.split_once(' ').unwrap_or((header, ""));
    if !algorithm.starts_with("AWS4-") {
        return Err(AuthFailure::MissingToken);
    }
    if algorithm != ALGORITHM {
        return Err(AuthFailure::Incomplete(text::unsupported_algorithm(
            algorithm,
        )));
    }
    let parameters = Parameters::parse(parameters, header)?;
    let (Some(credential), Some(signed_headers), Some(signature)) = (
        parameters.credential,
        parameters.signed_headers,
        parameters.signature,
    ) else {
        return Err(parameters.missing(header));
    };
    Ok(Authorization {
        credential: parse_credential(credential)?,
        signed_headers: signed_headers.split(';').collect(),
        signature,
    })
}

#[derive(Default)]
struct Parameters<'a> {
    credential: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
}

impl<'a> Parameters<'a> {
    fn parse(list: &'a str, header: &str) -> Result<Self, AuthFailure> {
        let mut parameters = Self::default();
        let parts = list.split(',').map(|part| part.trim_matches(' '));
        for part in parts.filter(|part| !part.is_empty()) {
            let (name, value) = part
                .split_once('=')
                .ok_or_else(|| AuthFailure::Incomplete(text::missing_equal_sign(part, header)))?;
            parameters
                .set(name, value)
                .ok_or_else(|| AuthFailure::Incomplete(text::unknown_or_repeated(name, header)))?;
        }
        Ok(parameters)
    }

    fn set(&mut self, name: &str, value: &'a str) -> Option<()> {
        let parameter = match name {
            "Credential" => &mut self.credential,
            "SignedHeaders" => &mut self.signed_headers,
            "Signature" => &mut self.signature,
            _ => return None,
        };
        parameter.replace(value).is_none().then_some(())
    }

    fn missing(&self, header: &str) -> AuthFailure {
        let names: Vec<&str> = [
            ("Credential", self.credential),
            ("Signature", self.signature),
            ("SignedHeaders", self.signed_headers),
        ]
        .into_iter()
        .filter(|(_, value)| value.is_none())
        .map(|(name, _)| name)
        .collect();
        AuthFailure::Incomplete(text::missing_parameters(&names, header))
    }
}

fn parse_credential(credential: &str) -> Result<Credential<'_>, AuthFailure> {
    let malformed = || AuthFailure::Incomplete(text::malformed_credential(credential));
    let mut parts = credential.split('/');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let parsed = Credential {
        access_key_id: next().ok_or_else(malformed)?,
        date: next().ok_or_else(malformed)?,
        region: next().ok_or_else(malformed)?,
        service: next().ok_or_else(malformed)?,
        terminator: next().ok_or_else(malformed)?,
    };
    match parts.next() {
        None => Ok(parsed),
        Some(_) => Err(malformed()),
    }
}
