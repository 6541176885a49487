//! What only somebody with the message key could forge.

use strongroom_base::Random;
use strongroom_crypto::hmac::HmacSha256;
use strongroom_crypto::{Unauthentic, aead};

use super::{
    COMMITMENT_LENGTH, HEADER_LENGTH, Header, Maker, MessageKey, NONCE_LENGTH, open, seal,
};

const CONTEXT: &[u8] = b"context";

struct Sevens;

impl Random for Sevens {
    fn fill(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

fn message_key() -> MessageKey {
    MessageKey {
        kdf: HmacSha256::new(&[1; 32]),
        identity: b"key".to_vec(),
        material_id: [2; 32],
    }
}

/// The ciphertext with another header, and the tag that GCM gives to that header.
fn with_header(key: &MessageKey, header: &[u8]) -> Vec<u8> {
    let parts = Header::read(header).unwrap();
    let mut forged = header.to_vec();
    aead::seal(
        key.derive(parts.salt).encryption_key.expose(),
        parts.nonce,
        &[header, CONTEXT].concat(),
        b"plaintext",
        &mut forged,
    );
    forged
}

/// The tag of GCM fits under more than one key; the commitment is what names the key that was meant.
#[test]
fn a_commitment_to_another_key_is_refused_though_the_tag_fits() {
    let key = message_key();
    let sealed = seal(&key, Maker::Encrypt, CONTEXT, b"plaintext", &Sevens);
    let header = &sealed[..HEADER_LENGTH];
    assert_eq!(with_header(&key, header), sealed);
    assert_eq!(open(&key, CONTEXT, &sealed).unwrap().expose(), b"plaintext");
    let commitment = HEADER_LENGTH - NONCE_LENGTH - COMMITMENT_LENGTH;
    for byte in 0..COMMITMENT_LENGTH {
        let mut header = header.to_vec();
        header[commitment + byte] ^= 1;
        let forged = with_header(&key, &header);
        assert_eq!(open(&key, CONTEXT, &forged).err(), Some(Unauthentic));
    }
}
