//! The key process in every phase, given any commands: no panic, one reply to each of a known code, no key in any. The first
//! byte chooses the phase; then come commands: a number, a length of two bytes, a body. `@@` and a digit in a body stand for
//! the field of that token, `##` for the field of the ciphertext, so that commands get past the tokens.

use strongroom_hsm::core::{Core, InLane};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{
    Command, GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext, GenerateKey,
    GenerateWrappingKey, ImportKey, Initialize, Unseal,
};
use strongroom_hsm_api::frame::{FRAME_LENGTH_MAX, ReplyFrame, RequestFrame};
use strongroom_hsm_api::wire::{Field, decode};

use crate::hsm::{self, KNOWN};

const COMMANDS_MAX: usize = 8;
/// What makes a key pair: for RSA, seconds. What takes long is tried only of the others.
const SLOW: &[u8] = &[
    GenerateKey::NUMBER,
    GenerateWrappingKey::NUMBER,
    GenerateDataKeyPair::NUMBER,
    GenerateDataKeyPairWithoutPlaintext::NUMBER,
];

pub(crate) fn run(data: &[u8]) {
    let Some((phase, mut rest)) = data.split_first() else {
        return;
    };
    let core = match phase % 4 {
        0 => hsm::empty(),
        1 => hsm::sealed(&KNOWN.seal).expect("our own seal"),
        _ => hsm::open(),
    };
    for id in 0..COMMANDS_MAX {
        let Some(([command, high, low], after)) = rest.split_first_chunk::<3>() else {
            break;
        };
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(after.len());
        let (body, after) = after.split_at(length);
        rest = after;
        check(&core, id as u64, *command, &filled(body));
    }
}

fn check(core: &Core, id: u64, command: u8, body: &[u8]) {
    if body.len() > FRAME_LENGTH_MAX {
        return;
    }
    let request = RequestFrame {
        id,
        session: 0,
        command,
        body,
    };
    let mut out = b"before".to_vec();
    match core.handle_in_lane(&request, &mut out) {
        InLane::Done | InLane::DoneWithSpare => {}
        InLane::TakesLong => {
            assert_eq!(out, b"before");
            assert!(is_known_slow(command), "command {command} takes long");
            if SLOW.contains(&command) {
                return;
            }
            core.handle(&request, &mut out);
        }
    }
    let reply = out.strip_prefix(b"before").expect("what was there stays");
    let reply: ReplyFrame<'_> = decode(reply).expect("one reply");
    assert_eq!(reply.id, id);
    let code: Code = decode(&reply.status.to_be_bytes()).expect("a code");
    assert!(
        code == Code::Success || reply.body.is_empty(),
        "a refusal says more than its code"
    );
    hsm::check_no_secret(body, &out);
}

fn is_known_slow(command: u8) -> bool {
    SLOW.contains(&command)
        || [Initialize::NUMBER, Unseal::NUMBER, ImportKey::NUMBER].contains(&command)
}

/// The body with tokens and the ciphertext in their places.
pub(crate) fn filled(body: &[u8]) -> Vec<u8> {
    let known = &*KNOWN;
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((first, after)) = rest.split_first() {
        let (field, after) = match rest {
            [b'@', b'@', digit @ b'0'..=b'7', after @ ..] => {
                (Some(&known.tokens[usize::from(*digit - b'0')]), after)
            }
            [b'#', b'#', after @ ..] => (Some(&known.ciphertext), after),
            _ => (None, after),
        };
        match field {
            Some(bytes) => bytes.write(&mut out),
            None => out.push(*first),
        }
        rest = after;
    }
    out
}
