//! Frames between the processes, and the body of every command: what is read is written as bytes that read the same, and are
//! no longer.

use strongroom_hsm_api::command::*;
use strongroom_hsm_api::frame::{MESSAGE_LENGTH_MAX, ReplyFrame, RequestFrame, frames};
use strongroom_hsm_api::status::Status;
use strongroom_hsm_api::wire::{Field, decode, encode};

/// A value, written and read again: what that writes.
macro_rules! check {
    ($type:ty, $bytes:expr) => {{
        let bytes: &[u8] = $bytes;
        if let Ok(value) = decode::<$type>(bytes) {
            let written = encode(&value);
            // Attributes that may be skipped are not written again.
            assert!(written.len() <= bytes.len());
            let again = decode::<$type>(&written).expect("what is written can be read");
            assert_eq!(encode(&again), written);
        }
    }};
}

macro_rules! commands {
    ($number:ident, $body:ident: $($name:ident)*) => {
        match $number {
            $($name::NUMBER => check!($name, $body),)*
            _ => {}
        }
    };
}

pub(crate) fn run(data: &[u8]) {
    if data.len() > MESSAGE_LENGTH_MAX {
        return;
    }
    let mut written = Vec::new();
    for frame in frames::<RequestFrame<'_>>(data) {
        let Ok(frame) = frame else { break };
        frame.write(&mut written);
        check_body(frame.command, frame.body);
    }
    assert!(data.starts_with(&written), "requests are written as others");
    let mut written = Vec::new();
    for frame in frames::<ReplyFrame<'_>>(data).map_while(Result::ok) {
        frame.write(&mut written);
        check!(Status, frame.body);
    }
    assert!(data.starts_with(&written), "replies are written as others");
    if let Some((command, body)) = data.split_first() {
        check_body(*command, body);
    }
}

fn check_body(number: u8, body: &[u8]) {
    commands!(number, body:
        GetStatus Initialize LoadSeal Unseal Confirm Abandon RotateDomain RetireEpoch GetStoreKeys GenerateKey SetState
        Rewrap GetPublicKey Replicate GenerateWrappingKey ImportKey Encrypt Decrypt ReEncrypt GenerateDataKey
        GenerateDataKeyWithoutPlaintext GenerateRandom GenerateSecret DeriveSigningKey GenerateDataKeyPair
        GenerateDataKeyPairWithoutPlaintext Sign Verify GenerateMac VerifyMac DeriveSharedSecret Encapsulate Decapsulate
        SignCheckpoint SignDigest);
}
