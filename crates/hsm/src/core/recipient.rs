//! For whom a plaintext is: the caller, or the holder of a key that the caller names. What a recipient is
//! to have never leaves in the clear.

use strongroom_base::Secret;
use strongroom_crypto::cms;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::RECIPIENT_LENGTH_MAX;

/// Who gets the plaintext of a reply.
#[derive(Clone, Copy)]
pub(super) enum Recipient<'a> {
    Caller,
    /// The holder of this RSA key, a DER SubjectPublicKeyInfo.
    Holder(&'a [u8]),
}

impl<'a> Recipient<'a> {
    /// Reads the `recipient` of a command; before the command does any work, because some of it is long.
    pub(super) fn read(recipient: &'a [u8]) -> Result<Self, Code> {
        if recipient.is_empty() {
            return Ok(Self::Caller);
        }
        if recipient.len() > RECIPIENT_LENGTH_MAX {
            return Err(Code::Malformed);
        }
        cms::check_recipient(recipient).map_err(|_| Code::PublicKeyRefused)?;
        Ok(Self::Holder(recipient))
    }

    /// `plaintext` as the reply may hold it.
    pub(super) fn address(self, plaintext: Secret<Vec<u8>>) -> Result<Secret<Vec<u8>>, Code> {
        match self {
            Self::Caller => Ok(plaintext),
            Self::Holder(key) => cms::enveloped_for(key, plaintext.expose())
                .map(Secret::from)
                .map_err(|_| Code::PublicKeyRefused),
        }
    }
}
