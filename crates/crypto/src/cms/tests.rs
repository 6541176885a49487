use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use cms::cert::x509::der::asn1::{AnyRef, OctetStringRef};
use cms::cert::x509::der::{Decode, Encode};
use cms::cert::x509::spki::{AlgorithmIdentifierOwned, ObjectIdentifier};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::enveloped_data::{
    EncryptedContentInfo, EnvelopedData, KeyTransRecipientInfo, RecipientIdentifier, RecipientInfo,
};

use super::enveloped_for;
use crate::InvalidPublicKey;
use crate::digest::sha256;
use crate::rsa_encryption::{OaepHash, RsaDecryptingKey};
use crate::signature::{Curve, EcKeyPair, RsaKeySize};
use crate::test_vectors::bytes;

const RSA_KEY: &[u8] = include_bytes!("../self_test/rsa_2048_test_key.pk8");

/// The message is what Nitro enclaves are sent, and its plaintext is `plaintext`.
fn check(key: &RsaDecryptingKey, plaintext: &[u8]) {
    let message = enveloped_for(&key.public_spki(), plaintext).expect("an RSA key");
    let content = ContentInfo::from_der(&message).expect("a ContentInfo in DER");
    assert_eq!(content.content_type, oid("1.2.840.113549.1.7.3"));
    assert_eq!(content.to_der().expect("it is written again"), message);
    let enveloped: EnvelopedData = content.content.decode_as().expect("an EnvelopedData");
    assert_eq!(enveloped.version, CmsVersion::V2);
    assert!(enveloped.originator_info.is_none() && enveloped.unprotected_attrs.is_none());
    let [RecipientInfo::Ktri(recipient)] = enveloped.recip_infos.0.as_slice() else {
        panic!("one recipient of a transported key");
    };
    let content_key = transported_key(key, recipient);
    let opened = opened_content(&content_key, &enveloped.encrypted_content);
    assert_eq!(opened, plaintext);
}

fn transported_key(key: &RsaDecryptingKey, recipient: &KeyTransRecipientInfo) -> Vec<u8> {
    assert_eq!(recipient.version, CmsVersion::V2);
    let RecipientIdentifier::SubjectKeyIdentifier(identifier) = &recipient.rid else {
        panic!("a key identifier");
    };
    assert_eq!(identifier.0.as_bytes(), sha256(&[&key.public_spki()]));
    assert_eq!(recipient.key_enc_alg.oid, oid("1.2.840.113549.1.1.7"));
    // RFC 4055 §2.1 and §4.1: RSAES-OAEP-params with sha256Identifier and mgf1SHA256Identifier.
    let parameters = bytes(
        "302f a00f 300d0609608648016503040201 0500
              a11c 301a06092a864886f70d010108 300d0609608648016503040201 0500",
    );
    assert_eq!(parameters_of(&recipient.key_enc_alg), parameters);
    let encrypted = recipient.enc_key.as_bytes();
    let opened = key
        .decrypt(OaepHash::Sha256, encrypted)
        .expect("for this key");
    opened.expose().clone()
}

fn opened_content(content_key: &[u8], content: &EncryptedContentInfo) -> Vec<u8> {
    assert_eq!(content.content_type, oid("1.2.840.113549.1.7.1"));
    assert_eq!(content.content_enc_alg.oid, oid("2.16.840.1.101.3.4.1.42"));
    let parameters = content.content_enc_alg.parameters.as_ref().expect("an IV");
    let iv: OctetStringRef<'_> = AnyRef::from(parameters).try_into().expect("octets");
    let iv: [u8; 16] = iv.as_bytes().try_into().expect("16 bytes");
    let encrypted = content
        .encrypted_content
        .as_ref()
        .expect("it is not detached");
    let mut buffer = encrypted.as_bytes().to_vec();
    let cipher = UnboundCipherKey::new(&AES_256, content_key)
        .and_then(PaddedBlockDecryptingKey::cbc_pkcs7)
        .expect("a key of 32 bytes");
    cipher
        .decrypt(&mut buffer, DecryptionContext::Iv128(iv.into()))
        .expect("the padding is right")
        .to_vec()
}

fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new(text).expect("an identifier")
}

fn parameters_of(algorithm: &AlgorithmIdentifierOwned) -> Vec<u8> {
    let parameters = algorithm.parameters.as_ref().expect("parameters");
    parameters.to_der().expect("they are written again")
}

#[test]
fn recipients_read_what_they_are_sent() {
    let key = RsaDecryptingKey::from_pkcs8(RSA_KEY).expect("a key");
    for length in [0, 1, 15, 16, 17, 32, 255, 4096, 70_000] {
        check(&key, &vec![3; length]);
    }
    let key = RsaDecryptingKey::generate(RsaKeySize::Rsa4096);
    check(&key, b"plaintext");
}

// The public key of a published test of a client, and how a CiphertextForRecipient that AWS KMS made for it begins
// its recipient: version, identifier and algorithm.
#[test]
fn recipients_are_named_as_by_aws_kms() {
    let spki = bytes(
        "
         30820122300d06092a864886f70d01010105000382010f003082010a0282010100c20f319564c8c2
         6e3868b12a880e65c1e1d44a6d9e78ac2b4e0dea11484e572180a3778d5d1a03f70387ce372f4bca
         ffa9f41d49d2c0f69e886d2c55f4b5367d78189d3dc80e136e435ad5922218a96a8f5949f68b350c
         2666dd54546c8168bbfe479792c9590f40de29033547642c0916673c61d4dc9a3ffb66fa75383c21
         1a011f672aac03eeca7a815d8082f7ec0d7583102c0e6f75a5738450404885643030d694c68581d3
         ac212307cbd2a59b47178f7444d3656c1dc390d4d44b6380dd8296f9af42d40749df0781cc78af69
         958aa49151790498a1a06b4699e6c6b8ca9214d8145df96bc47d79d9b1c066aa95f9a20f232db2e0
         875a4203f5549ad52b0203010001",
    );
    let beginning = bytes(
        "020102 80209631a0c659910ad5aabc1fecfc0c3e64d4c395ce9491af3a48b56694d9851803
         303c06092a864886f70d010107302fa00f300d06096086480165030402010500
         a11c301a06092a864886f70d010108300d06096086480165030402010500 04820100",
    );
    let message = enveloped_for(&spki, &[0; 32]).expect("an RSA key");
    assert!(
        message
            .windows(beginning.len())
            .any(|window| window == beginning)
    );
}

#[test]
fn no_two_messages_share_a_key_or_vector() {
    let spki = RsaDecryptingKey::from_pkcs8(RSA_KEY)
        .expect("a key")
        .public_spki();
    let [one, other] = [(); 2].map(|()| enveloped_for(&spki, &[0; 64]).expect("an RSA key"));
    assert_eq!(one.len(), other.len());
    // The padded content is 80 bytes; its initialization vector precedes it.
    let (tail, other_tail) = (&one[one.len() - 98..], &other[other.len() - 98..]);
    assert!(
        tail.chunks(16)
            .zip(other_tail.chunks(16))
            .all(|(a, b)| a != b)
    );
}

#[test]
fn other_recipients_are_refused() {
    let spki = RsaDecryptingKey::from_pkcs8(RSA_KEY)
        .expect("a key")
        .public_spki();
    for other in [
        b"".as_slice(),
        &EcKeyPair::generate(Curve::P256).public_spki(),
        &[spki.as_slice(), &[0]].concat(),
        &spki[1..],
        RSA_KEY,
    ] {
        let outcome = enveloped_for(other, b"plaintext");
        assert_eq!(outcome.err(), Some(InvalidPublicKey));
    }
}
