//! The codec as both processes use it: round trips, golden bytes and hostile input.

use proptest::prelude::*;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::checkpoint::Checkpoint;
use strongroom_hsm_api::command::{
    Command, Encrypt, GetStatus, TABLE, UnsealOutcome, UnsealProgress,
};
use strongroom_hsm_api::context::canonical;
use strongroom_hsm_api::frame::{ReplyFrame, RequestFrame, append_reply, append_request, frames};
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, TokenHeader, Usage, Wrapping};
use strongroom_hsm_api::scheme::{EncryptionScheme, WrappingScheme};
use strongroom_hsm_api::wire::{Field, Malformed, decode, encode};

fn attributes() -> Attributes<'static> {
    Attributes {
        identity: b"me",
        placement: b"here",
        owner: 0,
        spec: Spec::Symmetric,
        usage: Usage::EncryptDecrypt,
        origin: Origin::Generated,
        state: State::Enabled,
        version: 1,
        wrapping: None,
    }
}

fn wrapping() -> Attributes<'static> {
    Attributes {
        spec: Spec::Rsa4096,
        usage: Usage::Unwrap,
        wrapping: Some(Wrapping {
            scheme: WrappingScheme::AesSha256,
            not_after: 0x0102_0304,
        }),
        ..attributes()
    }
}

#[test]
fn wrapping_keys_and_no_others_say_how_and_until_when() {
    let bytes = encode(&wrapping());
    assert!(bytes.ends_with(&[9, 0, 1, 4, 10, 0, 8, 0, 0, 0, 0, 1, 2, 3, 4]));
    assert_eq!(decode::<Attributes<'_>>(&bytes), Ok(wrapping()));
    let unsound = [
        Attributes {
            wrapping: None,
            ..wrapping()
        },
        Attributes {
            wrapping: wrapping().wrapping,
            ..attributes()
        },
    ];
    for attributes in unsound {
        assert_eq!(
            decode::<Attributes<'_>>(&encode(&attributes)),
            Err(Malformed)
        );
    }
}

#[test]
fn the_signed_bytes_of_a_checkpoint_do_not_change() {
    let checkpoint = Checkpoint {
        writer: [0x11; 16],
        boot: [0x22; 16],
        time: 0x0102_0304_0506_0708,
        sequence: 0x1112_1314_1516_1718,
        link: [0x33; 32],
    };
    let expected = [
        b"strongroom audit checkpoint v1".as_slice(),
        &[0x11; 16],
        &[0x22; 16],
        &[1, 2, 3, 4, 5, 6, 7, 8],
        &[0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18],
        &[0x33; 32],
    ];
    assert_eq!(checkpoint.signed_bytes(), expected.concat());
}

#[test]
fn the_table_has_no_number_twice() {
    let mut numbers: Vec<u8> = TABLE.iter().map(|(number, _)| *number).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), TABLE.len());
    assert_eq!(GetStatus::NUMBER, 1);
}

#[test]
fn token_header_bytes_do_not_change() {
    let bytes = TokenHeader::write(7, &[0xaa; 24], &attributes());
    let expected = concat!(
        "01",
        "00000007",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "002f",
        "0100026d65",
        "02000468657265",
        "03000400000000",
        "0400020001",
        "05000101",
        "06000101",
        "07000101",
        "0800080000000000000001",
    );
    assert_eq!(strongroom_base::hex::encode(&bytes), expected);
    let header = TokenHeader::read(&bytes).unwrap();
    assert_eq!(
        (header.epoch, header.length, header.attributes),
        (7, bytes.len(), attributes())
    );
}

#[test]
fn attribute_lists_must_be_ascending_complete_and_known() {
    let valid = encode(&attributes());
    let list = &valid[2..];
    let with = |extra: &[u8], at_end: bool| {
        let body = if at_end {
            [list, extra].concat()
        } else {
            [extra, list].concat()
        };
        encode(&body.as_slice())
    };
    assert!(
        decode::<Attributes<'_>>(&with(&[200, 0, 1, 9], true)).is_ok(),
        "not critical"
    );
    for (bytes, why) in [
        (with(&[100, 0, 1, 9], true), "unknown critical"),
        (with(&[1, 0, 2, b'm', b'e'], true), "twice"),
        (with(&[200, 0, 1, 9], false), "descending"),
        (encode(&list[5..].as_ref()), "identity missing"),
        (valid[..valid.len() - 1].to_vec(), "cut"),
    ] {
        assert_eq!(
            decode::<Attributes<'_>>(&bytes).err(),
            Some(Malformed),
            "{why}"
        );
    }
}

#[test]
fn frames_of_a_message_come_back_in_order_and_stop_at_the_first_bad_one() {
    let mut message = Vec::new();
    append_request(&mut message, 1, 0, 32, |out| out.extend_from_slice(b"ab"));
    append_request(&mut message, 2, 0, 1, |_| {});
    message.extend_from_slice(&[0, 0, 0, 9, 1]);
    let read: Vec<Result<RequestFrame<'_>, Malformed>> = frames(&message).collect();
    assert_eq!(read.len(), 3);
    assert!(
        matches!(&read[0], Ok(frame) if frame.id == 1 && frame.command == 32 && frame.body == b"ab")
    );
    assert!(matches!(&read[1], Ok(frame) if frame.id == 2 && frame.body.is_empty()));
    assert!(read[2].is_err());
}

#[test]
fn replies_round_trip() {
    let mut message = Vec::new();
    let progress = UnsealProgress {
        outcome: UnsealOutcome::ShareAccepted,
        share: 3,
        given: 1,
        needed: 2,
    };
    append_reply(&mut message, 9, Code::Success, |out| progress.write(out));
    let frame: ReplyFrame<'_> = decode(&message).unwrap();
    let read: UnsealProgress = decode(frame.body).unwrap();
    assert_eq!(
        (frame.id, frame.status, read.share, read.outcome),
        (9, 0, 3, UnsealOutcome::ShareAccepted)
    );
}

#[test]
fn canonical_contexts_are_sorted_and_unambiguous() {
    let form = |pairs: &[(&'static str, &'static str)]| canonical(pairs.iter().copied());
    assert_eq!(
        form(&[("b", "2"), ("a", "1")]),
        form(&[("a", "1"), ("b", "2")])
    );
    assert_eq!(form(&[("a", "1")]), [0, 0, 0, 1, b'a', 0, 0, 0, 1, b'1']);
    assert_ne!(form(&[("a", "1b2")]), form(&[("a", "1"), ("b", "2")]));
    assert!(form(&[]).is_empty());
}

proptest! {
    #[test]
    fn nothing_panics_on_hostile_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = TokenHeader::read(&bytes);
        let _ = decode::<Encrypt<'_>>(&bytes);
        let _ = frames::<RequestFrame<'_>>(&bytes).count();
        let _ = decode::<strongroom_hsm_api::status::Status>(&bytes);
    }

    #[test]
    fn what_decodes_encodes_to_the_same_bytes(token in proptest::collection::vec(any::<u8>(), 0..50), plaintext in proptest::collection::vec(any::<u8>(), 0..50)) {
        let bytes = encode(&Encrypt {
            token: &token,
            scheme: EncryptionScheme::Symmetric,
            context: &[],
            plaintext: &plaintext,
        });
        let read: Encrypt<'_> = decode(&bytes).unwrap();
        prop_assert_eq!(read.token, token.as_slice());
        prop_assert_eq!(encode(&read), bytes);
    }
}
