use strongroom_hsm_api::command::{Decrypt, Encrypt, GenerateKey};
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, Usage};
use strongroom_hsm_api::scheme::EncryptionScheme;
use tokio::task::JoinSet;

use super::{CALLS_WAITING_MAX, CallError};
use crate::workbench::Bench;

const ATTRIBUTES: Attributes<'static> = Attributes {
    identity: b"a key",
    placement: b"",
    owner: 0,
    spec: Spec::Symmetric,
    usage: Usage::EncryptDecrypt,
    origin: Origin::Generated,
    state: State::Enabled,
    version: 1,
    wrapping: None,
};

/// Six megabytes, where the sockets have room for one.
const CALLS: usize = 1500;

/// More at once than the sockets have room for, in both directions: neither side may wait for the other.
#[tokio::test]
async fn a_flood_of_calls_is_answered_to_the_last() {
    let bench = Bench::new().await;
    let key_process = &bench.kms.key_process;
    let made = key_process.call(&GenerateKey {
        attributes: ATTRIBUTES,
    });
    let token = made.await.unwrap().token;
    let mut calls = JoinSet::new();
    for number in 0..CALLS {
        let plaintext = [number.to_be_bytes().as_slice(), &[0; 4088]].concat();
        let command = Encrypt {
            token: &token,
            scheme: EncryptionScheme::Symmetric,
            context: &[],
            plaintext: &plaintext,
        };
        let answer = key_process.call(&command);
        calls.spawn(async move { (plaintext, answer.await) });
    }
    while let Some(joined) = calls.join_next().await {
        let (plaintext, answer) = joined.unwrap();
        let ciphertext = answer.unwrap().ciphertext;
        let command = Decrypt {
            token: &token,
            scheme: EncryptionScheme::Symmetric,
            context: &[],
            ciphertext: &ciphertext,
            recipient: &[],
        };
        let opened = key_process.call(&command).await.unwrap();
        assert!(opened.plaintext.matches(&plaintext));
    }
}

#[tokio::test]
async fn one_call_more_than_may_wait_is_refused() {
    let bench = Bench::new().await;
    let key_process = &bench.kms.key_process;
    let made = key_process.call(&GenerateKey {
        attributes: ATTRIBUTES,
    });
    let token = made.await.unwrap().token;
    let call = || {
        key_process.call(&Encrypt {
            token: &token,
            scheme: EncryptionScheme::Symmetric,
            context: &[],
            plaintext: b"x",
        })
    };
    let waiting: Vec<_> = (0..CALLS_WAITING_MAX).map(|_| call()).collect();
    assert_eq!(call().await.err(), Some(CallError::Overloaded));
    for answer in waiting {
        answer.await.unwrap();
    }
    call().await.unwrap();
}
