//! Signatures over the audit log: what they say, and that none goes back.

use strongroom_crypto::signature::{Hash, Input, RsaPadding, Scheme, verify};
use strongroom_hsm_api::checkpoint::Checkpoint;

use super::every_key::{generate, public};
use super::*;

const WRITER: [u8; 16] = [7; 16];
const LINK: [u8; 32] = [8; 32];

fn ask(
    core: &Core,
    token: &[u8],
    writer: [u8; 16],
    sequence: u64,
) -> Result<SignedCheckpoint, Code> {
    let command = SignCheckpoint {
        token,
        writer,
        sequence,
        link: LINK,
    };
    call(core, &command)
}

#[test]
fn a_checkpoint_is_signed_with_the_boot_and_the_clock_of_the_key_process() {
    let (core, _) = open_core();
    let token = generate(&core, Spec::Ed25519, Usage::SignAudit);
    let reply = ask(&core, &token, WRITER, 5).unwrap();
    assert_eq!(reply.time, 1_795_348_800_000);
    let signed = Checkpoint {
        writer: WRITER,
        boot: reply.boot,
        time: reply.time,
        sequence: 5,
        link: LINK,
    };
    let bytes = signed.signed_bytes();
    let input = Input::Message(&bytes);
    let public = public(&core, &token);
    assert!(verify(Scheme::Ed25519, &public, input, &reply.signature).is_ok());
    let next = ask(&core, &token, WRITER, 6).unwrap();
    assert_eq!(next.boot, reply.boot);
}

#[test]
fn no_checkpoint_of_a_life_goes_back() {
    let (core, _) = open_core();
    let token = generate(&core, Spec::Ed25519, Usage::SignAudit);
    let other = generate(&core, Spec::Ed25519, Usage::SignAudit);
    let refused = Some(Code::CheckpointRefused);
    for (token, writer, sequence, expected) in [
        (&token, WRITER, 5, None),
        (&token, WRITER, 5, refused),
        (&token, WRITER, 4, refused),
        (&token, WRITER, 0, refused),
        (&token, [9; 16], 6, refused),
        // The position is that of the process, not of a key.
        (&other, WRITER, 5, refused),
        (&other, WRITER, 6, None),
        (&token, WRITER, 6, refused),
        (&token, WRITER, u64::MAX, None),
        (&token, WRITER, u64::MAX, refused),
    ] {
        let answer = ask(&core, token, writer, sequence).err();
        assert_eq!(answer, expected, "{writer:?} {sequence}");
    }
}

#[test]
fn what_is_refused_does_not_count() {
    let (core, _) = open_core();
    let token = generate(&core, Spec::Ed25519, Usage::SignAudit);
    let other = generate(&core, Spec::Ed25519, Usage::SignVerify);
    assert_eq!(
        ask(&core, &other, [9; 16], 9).err(),
        Some(Code::UsageRefused)
    );
    assert_eq!(ask(&core, &token, WRITER, 0).err(), None);
}

#[test]
fn a_change_of_the_ring_does_not_let_checkpoints_go_back() {
    let (core, _) = open_core();
    let token = generate(&core, Spec::Ed25519, Usage::SignAudit);
    ask(&core, &token, WRITER, 5).unwrap();
    let version = call(&core, &RotateDomain {}).unwrap().version;
    call(&core, &Confirm { version }).unwrap();
    let token = call(&core, &Rewrap { token: &token }).unwrap().token;
    let refused = Some(Code::CheckpointRefused);
    assert_eq!(ask(&core, &token, WRITER, 5).err(), refused);
    assert_eq!(ask(&core, &token, WRITER, 6).err(), None);
}

#[test]
fn each_life_draws_its_boot() {
    let boot = |drawn_before| {
        let core = Core::new(Setup {
            random: Arc::new(Counting(Mutex::new(drawn_before))),
            ..setup(Some(1))
        });
        initialize(&core, SealKind::KeyFile, &[9; 32]);
        let token = generate(&core, Spec::Ed25519, Usage::SignAudit);
        ask(&core, &token, WRITER, 0).unwrap().boot
    };
    assert_ne!(boot(0), boot(100));
}

#[test]
fn a_digest_is_signed_as_cloudtrail_signs_it() {
    let (core, _) = open_core();
    let token = generate(&core, Spec::Rsa2048, Usage::SignAudit);
    let token = token.as_slice();
    let sign = |message| call(&core, &SignDigest { token, message });
    let signature = sign(b"digest").unwrap().signature;
    let scheme = Scheme::Rsa(RsaPadding::Pkcs1, Hash::Sha256);
    let valid = |message| verify(scheme, &public(&core, token), message, &signature).is_ok();
    assert!(valid(Input::Message(b"digest")) && !valid(Input::Message(b"digests")));
    assert!(sign(&[b'm'; MESSAGE_LENGTH_MAX]).is_ok());
    let long = sign(&[b'm'; MESSAGE_LENGTH_MAX + 1]).err();
    assert_eq!(long, Some(Code::Malformed));
}

#[test]
fn a_key_that_signs_the_log_is_never_imported() {
    let (core, _) = open_core();
    for spec in [Spec::Ed25519, Spec::Rsa2048] {
        let command = ImportKey {
            wrapping: b"w",
            wrapped: b"m",
            attributes: Attributes {
                origin: Origin::Imported,
                ..attributes(spec, Usage::SignAudit)
            },
        };
        assert_eq!(call(&core, &command).err(), Some(Code::UsageRefused));
    }
}
