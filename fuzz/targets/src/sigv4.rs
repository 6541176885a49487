//! Signatures. The input is a request as text after four bytes that choose a change. What our signer signs, our verifier
//! takes, if it takes it for a claim at all; with one character changed of anything that is signed it takes it no more.
//! What the input says of itself in an `authorization` header is nobody's signature.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use strongroom_aws::sigv4::{AuthFailure, Claim, Credentials, Expected, Request, SigningKey, sign};
use strongroom_crypto::digest::sha256;

use crate::split::message;

/// 2025-01-01T00:10:00Z
const NOW: i64 = 1_735_690_200;
const SECRET: &[u8] = b"secret";
const ACCESS_KEY_ID: &str = "AKIAEXAMPLE";

#[derive(Clone)]
struct Message {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Vec<u8>,
}

pub(crate) fn run(data: &[u8]) {
    let Some((change, rest)) = data.split_first_chunk::<4>() else {
        return;
    };
    let Some(mut message) = Message::read(rest) else {
        return;
    };
    assert!(message.verify().is_err(), "a signature that nobody made");
    if message.sign().is_err() {
        return;
    }
    match message.verify() {
        Ok(()) => {}
        Err(AuthFailure::SignatureMismatch) => panic!("signed and verified are two requests"),
        // Signed, but not a claim: a header that stands twice, say.
        Err(_) => return,
    }
    if let Some(changed) = message.changed(change) {
        assert!(
            changed.verify().is_err(),
            "changed after it was signed, and taken"
        );
    }
}

impl Message {
    fn read(data: &[u8]) -> Option<Self> {
        let (parts, body) = message(data)?.into_parts();
        Some(Self {
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body: body.to_vec(),
        })
    }

    fn sign(&mut self) -> Result<(), AuthFailure> {
        let credentials = Credentials {
            access_key_id: ACCESS_KEY_ID,
            secret_access_key: SECRET,
            session_token: Some("token"),
        };
        let hash = sha256(&[&self.body]);
        let scope = ("eu-west-1", "kms");
        sign(
            &self.method,
            &self.uri,
            &mut self.headers,
            hash,
            &credentials,
            scope,
            NOW,
        )
    }

    fn verify(&self) -> Result<(), AuthFailure> {
        let request = Request {
            method: &self.method,
            uri: &self.uri,
            headers: &self.headers,
            body_sha256: sha256(&[&self.body]),
        };
        let expected = Expected {
            services: &["kms"],
            region: &|_| true,
        };
        let claim = Claim::parse(&request, &expected, NOW)?;
        if claim.access_key_id != ACCESS_KEY_ID || claim.session_token.as_deref() != Some("token") {
            return Err(AuthFailure::UnknownAccessKey);
        }
        let (date, region) = (&claim.date, claim.region.as_str());
        claim.verify(&SigningKey::derive(SECRET, date, region, &claim.service))
    }

    /// The message with one character replaced by one that means something else wherever it stands; nothing where that
    /// cannot be.
    fn changed(&self, [part, place, letter, header]: &[u8; 4]) -> Option<Self> {
        let mut changed = self.clone();
        let place = usize::from(*place);
        match part % 4 {
            0 => changed.body = replaced(&self.body, place, *letter)?,
            1 => {
                let method = replaced(self.method.as_str().as_bytes(), place, *letter)?;
                changed.method = Method::from_bytes(&method).ok()?;
            }
            2 => {
                let target = self.uri.to_string();
                // A segment that is taken out again is not signed, nor is a scheme.
                if target.contains("..") || self.uri.scheme().is_some() {
                    return None;
                }
                changed.uri = Uri::try_from(replaced(target.as_bytes(), place, *letter)?).ok()?;
            }
            _ => {
                let names: Vec<&HeaderName> = self.headers.keys().collect();
                let name = names[usize::from(*header) % names.len()].clone();
                let value = replaced(self.headers[&name].as_bytes(), place, *letter)?;
                changed
                    .headers
                    .insert(name, HeaderValue::from_bytes(&value).ok()?);
            }
        }
        Some(changed)
    }
}

/// `bytes` with the letter or digit at `place` replaced by another, which is more than another case: hexadecimal digits
/// have none.
fn replaced(bytes: &[u8], place: usize, letter: u8) -> Option<Vec<u8>> {
    let place = place.checked_rem(bytes.len())?;
    let old = bytes[place];
    let is_other = letter.is_ascii_alphanumeric() && !letter.eq_ignore_ascii_case(&old);
    if !is_other || !old.is_ascii_alphanumeric() {
        return None;
    }
    let mut bytes = bytes.to_vec();
    bytes[place] = letter;
    Some(bytes)
}
