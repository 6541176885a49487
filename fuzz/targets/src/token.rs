//! Exported key tokens. A header that is read is written as it was, but for attributes that may be skipped; a token is opened
//! only if the domain made it, to the byte.

use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{Encrypt, Rewrap};
use strongroom_hsm_api::key::TokenHeader;
use strongroom_hsm_api::scheme::EncryptionScheme;

use crate::hsm::{self, KNOWN};

pub(crate) fn run(data: &[u8]) {
    if let Ok(header) = TokenHeader::read(data) {
        assert!(header.length <= data.len());
        let written = TokenHeader::write(header.epoch, &header.salt, &header.attributes);
        let again =
            TokenHeader::read(&written).unwrap_or_else(|_| panic!("what is written is a header"));
        assert!(again.attributes == header.attributes && again.length == written.len());
        assert!(written.len() <= header.length);
    }
    let core = hsm::open();
    let is_ours = KNOWN.tokens.iter().any(|token| token == data);
    let encrypt = Encrypt {
        token: data,
        scheme: EncryptionScheme::Symmetric,
        context: &[],
        plaintext: b"p",
    };
    if data.len() > usize::from(u16::MAX) {
        return;
    }
    let encrypted = hsm::call(&core, &encrypt).err();
    assert!(
        is_ours || encrypted == Some(Code::TokenRefused),
        "opened what nobody wrapped: {encrypted:?}"
    );
    let rewrapped = hsm::call(&core, &Rewrap { token: data }).err();
    assert!(
        is_ours || rewrapped == Some(Code::TokenRefused),
        "rewrapped what nobody wrapped: {rewrapped:?}"
    );
}
