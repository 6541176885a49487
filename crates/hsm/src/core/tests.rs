use std::sync::{Arc, Mutex};
use std::time::Duration;

use strongroom_base::{Clock, Instant, Random, Secret, UnixMillis};
use strongroom_crypto::exchange::{self, Recipient};
use strongroom_crypto::kdf::Argon2Block;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::*;
use strongroom_hsm_api::frame::{ReplyFrame, RequestFrame};
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, TokenHeader, Usage};
use strongroom_hsm_api::scheme::{EncryptionScheme, WrappingScheme};
use strongroom_hsm_api::status::{Phase, SealKind};
use strongroom_hsm_api::wire::{List, decode, encode};

use super::{Core, Setup, WorkingMemory};

mod anchor;
mod audit;
mod every_key;
mod import;
mod pool;
mod recipients;
mod refusals;

/// Counts up: every run is the same, and no two draws are.
struct Counting(Mutex<u64>);

impl Random for Counting {
    fn fill(&self, out: &mut [u8]) {
        let mut count = self.0.lock().unwrap();
        for chunk in out.chunks_mut(8) {
            *count += 1;
            let bytes = count.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

/// Noon of 22 November 2026, for ever.
struct Frozen;

impl Clock for Frozen {
    fn now(&self) -> UnixMillis {
        UnixMillis(1_795_348_800_000)
    }

    fn monotonic(&self) -> Instant {
        Instant(Duration::ZERO)
    }
}

struct Heap;

impl WorkingMemory for Heap {
    fn lend(&mut self, kib: u32, work: &mut dyn FnMut(&mut [Argon2Block])) -> bool {
        let mut blocks = vec![Argon2Block::default(); kib as usize];
        work(&mut blocks);
        true
    }

    fn give_back(&mut self) {}
}

fn setup(self_tests_passed: Option<u32>) -> Setup {
    Setup {
        random: Arc::new(Counting(Mutex::new(0))),
        clock: Arc::new(Frozen),
        working_memory: Box::new(Heap),
        key_cache_bytes: 1 << 18,
        protections: Vec::new(),
        self_tests_passed,
    }
}

fn core_with(self_tests_passed: Option<u32>) -> Core {
    Core::new(setup(self_tests_passed))
}

fn core() -> Core {
    core_with(Some(1))
}

fn call<'a, C: Command<'a>>(core: &Core, command: &C) -> Result<C::Reply, Code> {
    call_as(core, 0, command)
}

fn call_as<'a, C: Command<'a>>(core: &Core, session: u32, command: &C) -> Result<C::Reply, Code> {
    let body = encode(command);
    let mut out = Vec::new();
    core.handle(
        &RequestFrame {
            id: 7,
            session,
            command: C::NUMBER,
            body: &body,
        },
        &mut out,
    );
    let reply: ReplyFrame<'_> = decode(&out).unwrap();
    assert_eq!(reply.id, 7);
    match decode::<Code>(&reply.status.to_be_bytes()).unwrap() {
        Code::Success => Ok(decode(reply.body).unwrap()),
        code => Err(code),
    }
}

fn boxed(core: &Core, secret: &[u8]) -> Vec<u8> {
    let status = call(core, &GetStatus {}).unwrap();
    exchange::seal_to(&status.exchange_key, PURPOSE_UNSEAL, secret).unwrap()
}

fn initialize(core: &Core, kind: SealKind, secret: &[u8]) -> (Vec<u8>, Vec<Secret<Vec<u8>>>) {
    let recipient = Recipient::generate();
    let secret = if secret.is_empty() {
        Vec::new()
    } else {
        boxed(core, secret)
    };
    let (threshold, shares) = if kind == SealKind::Shares {
        (2, 3)
    } else {
        (0, 0)
    };
    let change = call(
        core,
        &Initialize {
            kind,
            threshold,
            shares,
            secret: &secret,
            recipient: recipient.public(),
        },
    )
    .unwrap();
    let List(boxes) = call(
        core,
        &Confirm {
            version: change.version,
        },
    )
    .unwrap()
    .shares;
    (
        change.seal,
        boxes
            .iter()
            .map(|sealed| recipient.open(PURPOSE_SHARE, sealed).ok().unwrap())
            .collect(),
    )
}

fn open_core() -> (Core, Vec<u8>) {
    let core = core();
    let (seal, _) = initialize(&core, SealKind::KeyFile, &[9; 32]);
    (core, seal)
}

fn unseal(core: &Core, secret: &[u8]) -> UnsealProgress {
    call(
        core,
        &Unseal {
            secret: &boxed(core, secret),
        },
    )
    .unwrap()
}

fn reopened(seal: &[u8]) -> Core {
    let core = unsealed(seal);
    compare(&core);
    core
}

/// A core whose store was not compared with its anchor.
fn unsealed(seal: &[u8]) -> Core {
    let core = core();
    call(&core, &LoadSeal { seal }).unwrap();
    assert_eq!(unseal(&core, &[9; 32]).outcome, UnsealOutcome::Opened);
    core
}

/// Nothing but the root of an empty store.
fn nothing() -> Found<'static> {
    Found {
        root: [0; 32],
        store: b"",
        first: b"",
        second: b"",
    }
}

/// Has the core believe that its store, which no test of it looks at, fits.
fn compare(core: &Core) {
    let accepted = AcceptAnchor {
        found: nothing(),
        sequence: 0,
    };
    let statement = call(core, &accepted).unwrap().statement;
    let found = Found {
        store: &statement,
        first: &statement,
        ..nothing()
    };
    assert_eq!(call(core, &CheckAnchor { found }).unwrap().fit, Fit::Fits);
}

fn attributes(spec: Spec, usage: Usage) -> Attributes<'static> {
    Attributes {
        identity: b"000000000000/key-1",
        placement: b"us-east-1",
        owner: 0,
        spec,
        usage,
        origin: Origin::Generated,
        state: State::Enabled,
        version: 1,
        wrapping: None,
    }
}

fn new_key(core: &Core) -> NewKey {
    call(
        core,
        &GenerateKey {
            attributes: attributes(Spec::Symmetric, Usage::EncryptDecrypt),
        },
    )
    .unwrap()
}

fn encrypt(core: &Core, token: &[u8], context: &[u8], plaintext: &[u8]) -> Vec<u8> {
    call(
        core,
        &Encrypt {
            token,
            scheme: EncryptionScheme::Symmetric,
            context,
            plaintext,
        },
    )
    .unwrap()
    .ciphertext
}

fn decrypt(core: &Core, token: &[u8], context: &[u8], ciphertext: &[u8]) -> Result<Vec<u8>, Code> {
    call(
        core,
        &Decrypt {
            token,
            scheme: EncryptionScheme::Symmetric,
            recipient: b"",
            context,
            ciphertext,
        },
    )
    .map(|reply| reply.plaintext.expose().clone())
}

#[test]
fn nothing_but_status_works_without_a_domain() {
    let core = core();
    assert!(matches!(
        call(&core, &GetStatus {}).unwrap().phase,
        Phase::Empty
    ));
    assert_eq!(
        call(
            &core,
            &GenerateRandom {
                length: 8,
                recipient: b""
            }
        )
        .err(),
        Some(Code::Sealed)
    );
    assert_eq!(call(&core, &RotateDomain {}).err(), Some(Code::Sealed));
    assert_eq!(call(&core, &GetStoreKeys {}).err(), Some(Code::Sealed));
    assert_eq!(
        call(&core, &Confirm { version: 1 }).err(),
        Some(Code::NothingPending)
    );
}

#[test]
fn a_failed_self_test_stops_everything_but_status() {
    let core = core_with(None);
    assert!(matches!(
        call(&core, &GetStatus {}).unwrap().phase,
        Phase::Failed
    ));
    assert_eq!(
        call(&core, &LoadSeal { seal: b"x" }).err(),
        Some(Code::Failed)
    );
}

#[test]
fn other_sessions_are_refused() {
    let (core, _) = open_core();
    assert_eq!(
        call_as(
            &core,
            1,
            &GenerateRandom {
                length: 8,
                recipient: b""
            }
        )
        .err(),
        Some(Code::UnknownSession)
    );
    let mut foreign = attributes(Spec::Symmetric, Usage::EncryptDecrypt);
    foreign.owner = 5;
    assert_eq!(
        call(
            &core,
            &GenerateKey {
                attributes: foreign
            }
        )
        .err(),
        Some(Code::NotOwner)
    );
}

#[test]
fn a_domain_takes_effect_only_when_confirmed() {
    let core = core();
    let secret = boxed(&core, &[9; 32]);
    let change = call(
        &core,
        &Initialize {
            kind: SealKind::KeyFile,
            threshold: 0,
            shares: 0,
            secret: &secret,
            recipient: [0; 32],
        },
    )
    .unwrap();
    assert_eq!(
        call(
            &core,
            &GenerateRandom {
                length: 8,
                recipient: b""
            }
        )
        .err(),
        Some(Code::Sealed)
    );
    assert_eq!(
        call(
            &core,
            &Confirm {
                version: change.version + 1
            }
        )
        .err(),
        Some(Code::NothingPending)
    );
    call(
        &core,
        &Confirm {
            version: change.version,
        },
    )
    .unwrap();
    assert!(
        call(
            &core,
            &GenerateRandom {
                length: 8,
                recipient: b""
            }
        )
        .is_ok()
    );
}

#[test]
fn keys_outlive_the_process() {
    let (core, seal) = open_core();
    let key = new_key(&core);
    let ciphertext = encrypt(&core, &key.token, b"context", b"hello");
    let store_keys = call(&core, &GetStoreKeys {}).unwrap();
    let later = reopened(&seal);
    assert_eq!(
        decrypt(&later, &key.token, b"context", &ciphertext).unwrap(),
        b"hello"
    );
    assert!(
        call(&later, &GetStoreKeys {})
            .unwrap()
            .seal
            .matches(store_keys.seal.expose())
    );
}

#[test]
fn wrong_secrets_leave_the_domain_sealed() {
    let (_, seal) = open_core();
    let core = core();
    call(&core, &LoadSeal { seal: &seal }).unwrap();
    assert_eq!(unseal(&core, &[8; 32]).outcome, UnsealOutcome::SecretWrong);
    assert!(matches!(
        call(&core, &GetStatus {}).unwrap().phase,
        Phase::Sealed
    ));
    assert_eq!(
        call(
            &core,
            &Unseal {
                secret: b"not a box"
            }
        )
        .err(),
        Some(Code::Malformed)
    );
}

#[test]
fn a_passphrase_seals_and_unseals() {
    let first = core();
    let (seal, _) = initialize(&first, SealKind::Passphrase, b"correct horse battery");
    let core = core();
    call(&core, &LoadSeal { seal: &seal }).unwrap();
    assert_eq!(
        unseal(&core, b"correct horse batterx").outcome,
        UnsealOutcome::SecretWrong
    );
    assert_eq!(
        unseal(&core, b"correct horse battery").outcome,
        UnsealOutcome::Opened
    );
}

#[test]
fn shares_unseal_and_a_bad_one_is_named() {
    let first = core();
    let (seal, shares) = initialize(&first, SealKind::Shares, b"");
    let core = core();
    call(&core, &LoadSeal { seal: &seal }).unwrap();
    let steps = |secret: &[u8]| {
        let progress = unseal(&core, secret);
        (progress.outcome, progress.share, progress.given)
    };
    let mut wrong = crate::share::UnsealShare::from_bytes(shares[1].expose())
        .ok()
        .unwrap();
    wrong.value.expose_mut()[0] ^= 1;
    assert_eq!(steps(b"garbage"), (UnsealOutcome::SecretWrong, 0, 0));
    assert_eq!(
        steps(shares[2].expose()),
        (UnsealOutcome::ShareAccepted, 3, 1)
    );
    assert_eq!(steps(shares[2].expose()), (UnsealOutcome::ShareKnown, 3, 1));
    assert_eq!(
        steps(wrong.to_bytes().expose()),
        (UnsealOutcome::ShareWrong, 2, 1)
    );
    assert_eq!(steps(shares[0].expose()).0, UnsealOutcome::Opened);
}

#[test]
fn every_flipped_byte_of_the_seal_keeps_it_shut() {
    let (_, seal) = open_core();
    for at in 0..seal.len() {
        let mut flipped = seal.clone();
        flipped[at] ^= 1;
        let core = core();
        let opened = call(&core, &LoadSeal { seal: &flipped }).is_ok()
            && unseal(&core, &[9; 32]).outcome == UnsealOutcome::Opened;
        assert!(!opened, "byte {at}");
    }
}

#[test]
fn every_flipped_byte_of_a_token_is_refused_even_when_the_key_is_cached() {
    let (core, _) = open_core();
    let key = new_key(&core);
    encrypt(&core, &key.token, b"", b"warm");
    for at in 0..key.token.len() {
        let mut flipped = key.token.clone();
        flipped[at] ^= 1;
        let answer = call(
            &core,
            &Encrypt {
                token: &flipped,
                scheme: EncryptionScheme::Symmetric,
                context: b"",
                plaintext: b"x",
            },
        );
        assert_eq!(answer.err(), Some(Code::TokenRefused), "byte {at}");
    }
}

#[test]
fn every_altered_ciphertext_or_context_is_one_refusal() {
    let (core, _) = open_core();
    let key = new_key(&core);
    let ciphertext = encrypt(&core, &key.token, b"context", b"hello");
    assert_eq!(ciphertext.len(), 5 + 114);
    assert_eq!(
        decrypt(&core, &key.token, b"context", &ciphertext).unwrap(),
        b"hello"
    );
    for at in 0..ciphertext.len() {
        let mut flipped = ciphertext.clone();
        flipped[at] ^= 1;
        // Bytes 2 (2 and 3 differ in one bit) stays well formed and must fail by authentication.
        assert_eq!(
            decrypt(&core, &key.token, b"context", &flipped).err(),
            Some(Code::CiphertextRefused),
            "byte {at}"
        );
        assert_eq!(
            decrypt(&core, &key.token, b"context", &ciphertext[..at]).err(),
            Some(Code::CiphertextRefused),
            "cut {at}"
        );
    }
    assert_eq!(
        decrypt(&core, &key.token, b"other", &ciphertext).err(),
        Some(Code::CiphertextRefused)
    );
    assert_eq!(
        decrypt(&core, &new_key(&core).token, b"context", &ciphertext).err(),
        Some(Code::CiphertextRefused)
    );
}

#[test]
fn the_state_in_the_token_decides() {
    let (core, _) = open_core();
    let key = new_key(&core);
    let disabled = call(
        &core,
        &SetState {
            token: &key.token,
            state: State::Disabled,
        },
    )
    .unwrap()
    .token;
    let refused = call(
        &core,
        &Encrypt {
            token: &disabled,
            scheme: EncryptionScheme::Symmetric,
            context: b"",
            plaintext: b"x",
        },
    );
    assert_eq!(refused.err(), Some(Code::KeyStateRefused));
    let enabled = call(
        &core,
        &SetState {
            token: &disabled,
            state: State::Enabled,
        },
    )
    .unwrap()
    .token;
    let ciphertext = encrypt(&core, &enabled, b"", b"x");
    assert_eq!(decrypt(&core, &enabled, b"", &ciphertext).unwrap(), b"x");
    let pending = call(
        &core,
        &SetState {
            token: &enabled,
            state: State::PendingDeletion,
        },
    )
    .unwrap()
    .token;
    assert_eq!(
        decrypt(&core, &pending, b"", &ciphertext).err(),
        Some(Code::KeyStateRefused)
    );
}

#[test]
fn data_keys_decrypt_and_one_form_shows_no_plaintext() {
    let (core, _) = open_core();
    let token = new_key(&core).token;
    let both = call(
        &core,
        &GenerateDataKey {
            token: &token,
            recipient: b"",
            context: b"c",
            length: 32,
        },
    )
    .unwrap();
    assert_eq!(
        &decrypt(&core, &token, b"c", &both.ciphertext).unwrap(),
        both.plaintext.expose()
    );
    assert_eq!(both.ciphertext[..5], [1, 2, 3, 0, 0x78]);
    let only = call(
        &core,
        &GenerateDataKeyWithoutPlaintext {
            token: &token,
            context: b"c",
            length: 16,
        },
    )
    .unwrap();
    assert_eq!(
        decrypt(&core, &token, b"c", &only.ciphertext)
            .unwrap()
            .len(),
        16
    );
    for length in [0, 1025] {
        assert_eq!(
            call(
                &core,
                &GenerateDataKey {
                    token: &token,
                    recipient: b"",
                    context: b"",
                    length
                }
            )
            .err(),
            Some(Code::Malformed)
        );
    }
}

#[test]
fn re_encryption_moves_between_keys() {
    let (core, _) = open_core();
    let (one, two) = (new_key(&core).token, new_key(&core).token);
    let ciphertext = encrypt(&core, &one, b"a", b"hello");
    let moved = call(
        &core,
        &ReEncrypt {
            source: &one,
            source_scheme: EncryptionScheme::Symmetric,
            source_context: b"a",
            ciphertext: &ciphertext,
            destination: &two,
            destination_scheme: EncryptionScheme::Symmetric,
            destination_context: b"b",
        },
    );
    let moved = moved.unwrap().ciphertext;
    assert_eq!(decrypt(&core, &two, b"b", &moved).unwrap(), b"hello");
    assert_eq!(
        decrypt(&core, &one, b"a", &moved).err(),
        Some(Code::CiphertextRefused)
    );
}

#[test]
fn rotation_keeps_old_tokens_until_their_epoch_is_retired() {
    let (core, _) = open_core();
    let old = new_key(&core).token;
    let ciphertext = encrypt(&core, &old, b"", b"x");
    let change = call(&core, &RotateDomain {}).unwrap();
    assert_eq!(
        call(&core, &RotateDomain {}).err(),
        Some(Code::ChangePending)
    );
    call(
        &core,
        &Confirm {
            version: change.version,
        },
    )
    .unwrap();
    let rewrapped = call(&core, &Rewrap { token: &old }).unwrap().token;
    assert_eq!(decrypt(&core, &old, b"", &ciphertext).unwrap(), b"x");
    assert_eq!(
        call(&core, &RetireEpoch { epoch: 2 }).err(),
        Some(Code::EpochRefused),
        "current"
    );
    let change = call(&core, &RetireEpoch { epoch: 1 }).unwrap();
    assert_eq!(
        decrypt(&core, &old, b"", &ciphertext).unwrap(),
        b"x",
        "not before it is confirmed"
    );
    call(
        &core,
        &Confirm {
            version: change.version,
        },
    )
    .unwrap();
    assert_eq!(
        decrypt(&core, &old, b"", &ciphertext).err(),
        Some(Code::TokenRefused)
    );
    assert_eq!(decrypt(&core, &rewrapped, b"", &ciphertext).unwrap(), b"x");
    assert_eq!(
        decrypt(&reopened(&change.seal), &rewrapped, b"", &ciphertext).unwrap(),
        b"x"
    );
}

#[test]
fn an_abandoned_change_has_no_effect() {
    let (core, _) = open_core();
    let change = call(&core, &RotateDomain {}).unwrap();
    call(
        &core,
        &Abandon {
            version: change.version,
        },
    )
    .unwrap();
    assert_eq!(call(&core, &GetStatus {}).unwrap().epoch, 1);
    assert_eq!(
        call(
            &core,
            &Confirm {
                version: change.version
            }
        )
        .err(),
        Some(Code::NothingPending)
    );
}

#[test]
fn signing_keys_follow_the_chain_of_four_labels() {
    let (core, _) = open_core();
    let made = call(
        &core,
        &GenerateSecret {
            attributes: attributes(Spec::SigningSecret, Usage::DeriveSigningKey),
        },
    )
    .unwrap();
    assert_eq!(made.secret.expose().len(), SECRET_TEXT_LENGTH);
    let derive = DeriveSigningKey {
        token: &made.token,
        prefix: b"AWS4",
        first: b"20261122",
        second: b"us-east-1",
        third: b"kms",
        fourth: b"aws4_request",
    };
    let derived = call(&core, &derive).unwrap();
    let mut expected = [b"AWS4", made.secret.expose().as_slice()].concat();
    for label in ["20261122", "us-east-1", "kms", "aws4_request"] {
        expected = strongroom_crypto::hmac::HmacSha256::new(&expected)
            .sign(&[label.as_bytes()])
            .to_vec();
    }
    assert!(derived.key.matches(&expected));
    let other_day = DeriveSigningKey {
        first: b"20271122",
        ..derive
    };
    assert_eq!(call(&core, &other_day).err(), Some(Code::UsageRefused));
}

#[test]
fn material_ids_depend_on_identity_and_not_on_placement() {
    let (core, _) = open_core();
    let material = [1; 32];
    let id = |identity| super::material::material_id(Spec::Symmetric, &material, identity);
    assert_ne!(id(b"a"), id(b"b"));
    assert_ne!(new_key(&core).material_id, new_key(&core).material_id);
}

#[test]
fn hostile_bodies_never_panic() {
    let (core, _) = open_core();
    let body = encode(&Encrypt {
        token: &new_key(&core).token,
        scheme: EncryptionScheme::Symmetric,
        context: b"c",
        plaintext: b"p",
    });
    for (number, _) in TABLE {
        for length in 0..body.len() {
            let mut out = Vec::new();
            core.handle(
                &RequestFrame {
                    id: 1,
                    session: 0,
                    command: *number,
                    body: &body[..length],
                },
                &mut out,
            );
            assert!(decode::<ReplyFrame<'_>>(&out).is_ok());
        }
    }
}
