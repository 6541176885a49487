//! Ciphertexts. The input is a ciphertext: it is decrypted only if it is the one that was made, to the byte, and only under
//! the context it was made with.

use strongroom_hsm_api::command::{Decrypt, ReEncrypt};
use strongroom_hsm_api::scheme::EncryptionScheme;

use crate::hsm::{self, CONTEXT, KNOWN, PLAINTEXT};

pub(crate) fn run(data: &[u8]) {
    if data.len() > usize::from(u16::MAX) {
        return;
    }
    let core = hsm::open();
    let decrypt = |context| {
        let command = Decrypt {
            token: &KNOWN.tokens[0],
            scheme: EncryptionScheme::Symmetric,
            context,
            ciphertext: data,
            recipient: &[],
        };
        hsm::call(&core, &command).ok()
    };
    let is_ours = data == KNOWN.ciphertext;
    match decrypt(CONTEXT) {
        Some(reply) => assert!(
            is_ours && reply.plaintext.expose() == PLAINTEXT,
            "decrypted what nobody encrypted"
        ),
        None => assert!(!is_ours, "lost"),
    }
    assert!(decrypt(b"").is_none(), "decrypted under another context");
    let moved = ReEncrypt {
        source: &KNOWN.tokens[0],
        source_scheme: EncryptionScheme::Symmetric,
        source_context: CONTEXT,
        ciphertext: data,
        destination: &KNOWN.tokens[0],
        destination_scheme: EncryptionScheme::Symmetric,
        destination_context: &[],
    };
    assert_eq!(hsm::call(&core, &moved).is_ok(), is_ours);
}
