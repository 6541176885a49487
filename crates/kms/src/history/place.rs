//! Where a look-up goes on, as NextToken carries it: tied to its query, so that one query's token is never taken for
//! another's. It is no secret and gives no right: whoever makes one up is shown their own events only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_crypto::digest::sha256;

/// The version of the token's form.
const FORMAT: u8 = 1;
const DIGEST_BYTES: usize = 16;
/// Format, digest, segment, offset.
const TOKEN_BYTES: usize = 1 + DIGEST_BYTES + 8 + 8;

/// A place in the log: what stands before it is still to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The number of the segment.
    pub segment: u64,
    /// Bytes from its start.
    pub offset: u64,
}

impl Place {
    /// The token of this place for the query that `asked` describes.
    pub(crate) fn token(self, asked: &[u8]) -> String {
        let mut bytes = vec![FORMAT];
        bytes.extend(digest(asked));
        bytes.extend(self.segment.to_be_bytes());
        bytes.extend(self.offset.to_be_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place of a token that was given for the query that `asked` describes.
    pub(crate) fn of_token(token: &str, asked: &[u8]) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let bytes: [u8; TOKEN_BYTES] = bytes.try_into().ok()?;
        let rest = bytes.strip_prefix(&[FORMAT])?;
        let rest = rest.strip_prefix(&digest(asked))?;
        let (segment, offset) = rest.split_first_chunk()?;
        Some(Self {
            segment: u64::from_be_bytes(*segment),
            offset: u64::from_be_bytes(offset.try_into().ok()?),
        })
    }
}

fn digest(asked: &[u8]) -> [u8; DIGEST_BYTES] {
    let whole = sha256(&[b"strongroom lookup v1\0", asked]);
    let mut digest = [0; DIGEST_BYTES];
    digest
        .iter_mut()
        .zip(whole)
        .for_each(|(to, from)| *to = from);
    digest
}
