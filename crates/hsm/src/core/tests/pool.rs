//! Spare RSA key pairs: made only when RSA was asked for, taken at once, each once.

use strongroom_crypto::signature::RsaKeySize;

use super::*;
use crate::core::InLane;
use crate::core::rsa_pool::{RsaPairs, RsaPool};

fn in_lane<'a, C: Command<'a>>(core: &Core, command: &C) -> (InLane, Vec<u8>) {
    let body = encode(command);
    let request = RequestFrame {
        id: 7,
        session: 0,
        command: C::NUMBER,
        body: &body,
    };
    let mut out = Vec::new();
    let done = core.handle_in_lane(&request, &mut out);
    (done, out)
}

fn fill(core: &Core) -> usize {
    let mut made = 0;
    while core.wants_spare() {
        core.make_spare();
        made += 1;
    }
    made
}

fn rsa_2048(usage: Usage) -> GenerateKey<'static> {
    GenerateKey {
        attributes: attributes(Spec::Rsa2048, usage),
    }
}

#[test]
fn spares_are_made_once_rsa_was_asked_for_and_answer_at_once() {
    let (core, _) = open_core();
    assert!(!core.wants_spare(), "nobody asked");
    let command = rsa_2048(Usage::SignVerify);
    let (done, out) = in_lane(&core, &command);
    assert_eq!((done, out.len()), (InLane::TakesLong, 0));
    assert_eq!(fill(&core), 4, "of the size that was asked for only");

    let tokens = [(); 4].map(|()| {
        let (done, out) = in_lane(&core, &command);
        assert_eq!(done, InLane::DoneWithSpare);
        let reply: ReplyFrame<'_> = decode(&out).unwrap();
        decode::<NewKey>(reply.body).unwrap()
    });
    for (at, one) in tokens.iter().enumerate() {
        for other in &tokens[..at] {
            assert_ne!(one.material_id, other.material_id);
        }
    }
    assert_eq!(in_lane(&core, &command).0, InLane::TakesLong);
    assert!(core.wants_spare());
}

#[test]
fn a_refused_command_leaves_its_spare() {
    let (core, _) = open_core();
    let _takes_long = in_lane(&core, &rsa_2048(Usage::SignVerify));
    fill(&core);
    let (done, out) = in_lane(&core, &rsa_2048(Usage::KeyAgreement));
    assert_eq!(done, InLane::DoneWithSpare);
    let reply: ReplyFrame<'_> = decode(&out).unwrap();
    assert_eq!(reply.status, Code::UsageRefused.number());
    assert!(!core.wants_spare());
}

#[test]
fn a_key_that_signs_the_audit_log_is_no_reason_to_keep_spares() {
    let (core, _) = open_core();
    let command = rsa_2048(Usage::SignAudit);
    assert_eq!(in_lane(&core, &command).0, InLane::TakesLong);
    assert!(call(&core, &command).is_ok() && !core.wants_spare());
}

#[test]
fn only_rsa_and_argon2_take_long() {
    let core = core();
    for spec in Spec::ALL {
        let expected = match spec {
            Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096 => InLane::TakesLong,
            _ => InLane::Done,
        };
        let attributes = attributes(*spec, Usage::SignVerify);
        let wrapping = Attributes {
            usage: Usage::Unwrap,
            wrapping: Some(super::import::wrapping(WrappingScheme::OaepSha1)),
            ..attributes.clone()
        };
        let pair = GenerateDataKeyPair {
            token: b"",
            context: b"",
            spec: *spec,
            recipient: b"",
        };
        let sealed = GenerateDataKeyPairWithoutPlaintext {
            token: b"",
            context: b"",
            spec: *spec,
        };
        let found = [
            in_lane(&core, &GenerateKey { attributes }).0,
            in_lane(
                &core,
                &GenerateWrappingKey {
                    attributes: wrapping,
                },
            )
            .0,
            in_lane(&core, &pair).0,
            in_lane(&core, &sealed).0,
        ];
        assert_eq!(found, [expected; 4], "{spec:?}");
    }
    let unseal = Unseal { secret: b"x" };
    assert_eq!(in_lane(&core, &unseal).0, InLane::TakesLong);
}

#[test]
fn a_pair_of_another_size_is_not_handed_out() {
    let pool = RsaPool::default();
    assert!(RsaPairs::reserve(&pool, RsaKeySize::Rsa2048).is_none());
    pool.make_spare();
    let pairs = RsaPairs::reserve(&pool, RsaKeySize::Rsa2048).unwrap();
    assert_eq!(pairs.pair(RsaKeySize::Rsa3072).size(), RsaKeySize::Rsa3072);
}
