use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_base::{UnixMillis, hex};
use strongroom_crypto::rsa_public_key::pkcs1_of_spki;
use strongroom_crypto::signature::{Hash, Input, RsaPadding, Scheme, verify};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::checkpoint::Checkpoint;
use strongroom_store::Expect;

use super::upkeep::look_after_digest_keys;
use super::{Signature, Unsigned, look_after_checkpoint_keys};
use crate::key_process::CallError;
use crate::records::{AuditKeyRecord, AuditKeyUse, Millis};
use crate::repository::{AUDIT_KEYS_MAX, Changes, Stored};
use crate::workbench::{Bench, DAY};

const WRITER: [u8; 16] = [1; 16];
const LINK: [u8; 32] = [2; 32];
const MESSAGE: &[u8] = b"2026-11-22T10:00:00Z\nbucket/key\nhash\nnull";

async fn sign(bench: &Bench, sequence: u64) -> Result<Signature, Unsigned> {
    let keys = &bench.kms.audit_keys;
    keys.sign_checkpoint(WRITER, sequence, LINK).await
}

async fn look_after_both(bench: &Bench) {
    let kms = &bench.kms;
    look_after_checkpoint_keys(kms, &bench.log()).await.unwrap();
    look_after_digest_keys(kms).await.unwrap();
}

fn stored(bench: &Bench, signs: AuditKeyUse) -> Vec<Stored<AuditKeyRecord>> {
    let mut keys = bench.kms.records.list_audit_keys().unwrap();
    keys.retain(|stored| stored.record.signs == signs);
    keys.sort_by_key(|stored| stored.record.created);
    keys
}

/// The files beside the log, with the public halves they hold.
fn published(bench: &Bench) -> Vec<(PathBuf, Vec<u8>)> {
    let files = std::fs::read_dir(bench.log().join("keys")).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let body = text
            .strip_prefix("-----BEGIN PUBLIC KEY-----\n")
            .and_then(|rest| rest.strip_suffix("\n-----END PUBLIC KEY-----\n"))
            .unwrap();
        assert!(body.lines().all(|line| line.len() <= 64));
        let spki = STANDARD.decode(body.replace('\n', "")).unwrap();
        (path, spki)
    };
    paths.into_iter().map(read).collect()
}

/// Whether what was signed is what the file of its key vouches for.
fn is_vouched_for(bench: &Bench, signed: &Signature, sequence: u64) -> bool {
    let name = format!("{}.pem", hex::encode(&signed.key));
    let all = published(bench);
    let (_, spki) = all.iter().find(|(path, _)| path.ends_with(&name)).unwrap();
    let checkpoint = Checkpoint {
        writer: WRITER,
        boot: signed.boot,
        time: signed.time,
        sequence,
        link: LINK,
    };
    let bytes = checkpoint.signed_bytes();
    let message = Input::Message(&bytes);
    verify(Scheme::Ed25519, spki, message, &signed.signature).is_ok()
}

#[tokio::test]
async fn the_file_beside_the_log_verifies_checkpoints() {
    let bench = Bench::new().await;
    assert_eq!(sign(&bench, 1).await, Err(Unsigned::NoKey));
    look_after_both(&bench).await;
    let signed = sign(&bench, 1).await.unwrap();
    assert!(is_vouched_for(&bench, &signed, 1));
    assert!(!is_vouched_for(&bench, &signed, 2));
    let now = bench.kms.env.clock.now();
    assert_eq!(i64::try_from(signed.time), Ok(now.0));
}

#[tokio::test]
async fn a_service_that_was_taken_over_gets_no_earlier_checkpoint() {
    let bench = Bench::new().await;
    look_after_both(&bench).await;
    sign(&bench, 7).await.unwrap();
    let refused = Unsigned::KeyProcess(CallError::Refused(Code::CheckpointRefused));
    for sequence in [7, 6, 0] {
        assert_eq!(sign(&bench, sequence).await, Err(refused), "{sequence}");
    }
    let keys = &bench.kms.audit_keys;
    let other = keys.sign_checkpoint([9; 16], 8, LINK).await;
    assert_eq!(other, Err(refused));
    // Nor by a new key, nor once the service started again.
    let mut bench = bench;
    lose_tokens(&bench).await;
    look_after_both(&bench).await;
    assert_eq!(sign(&bench, 7).await, Err(refused));
    bench.restart().await;
    look_after_both(&bench).await;
    assert_eq!(sign(&bench, 7).await, Err(refused));
    let signed = sign(&bench, 8).await.unwrap();
    assert!(is_vouched_for(&bench, &signed, 8));
}

#[tokio::test]
async fn the_keys_outlive_the_service_and_the_domain_key() {
    let mut bench = Bench::new().await;
    look_after_both(&bench).await;
    let now = bench.kms.env.clock.now();
    let first = sign(&bench, 1).await.unwrap();
    let digest = bench.kms.audit_keys.sign_digest(now, MESSAGE).await;
    let (files, tokens) = (published(&bench), tokens(&bench));

    bench.restart().await;
    assert_eq!(sign(&bench, 2).await, Err(Unsigned::NoKey));
    look_after_both(&bench).await;
    assert_eq!(sign(&bench, 2).await.unwrap().key, first.key);

    let bench = bench.replace_domain_key().await;
    assert!(self::tokens(&bench).iter().all(|new| !tokens.contains(new)));
    let rotated = sign(&bench, 3).await.unwrap();
    assert_eq!(rotated.key, first.key);
    assert!(is_vouched_for(&bench, &rotated, 3));
    // RSASSA-PKCS1-v1_5 is deterministic: the key is the same.
    let again = bench.kms.audit_keys.sign_digest(now, MESSAGE).await;
    assert_eq!(again, digest);

    look_after_both(&bench).await;
    assert_eq!(self::tokens(&bench).len(), 2, "none was made anew");
    assert_eq!(published(&bench), files);
}

fn tokens(bench: &Bench) -> Vec<Vec<u8>> {
    let all = bench.kms.records.list_audit_keys().unwrap().into_iter();
    all.filter_map(|stored| stored.record.token).collect()
}

/// Makes every token one that the key process does not open.
async fn lose_tokens(bench: &Bench) {
    let records = &bench.kms.records;
    for Stored { version, record } in records.list_audit_keys().unwrap() {
        let mut record = record;
        record.token = record.token.map(|_| b"not a token".to_vec());
        let changes = Changes::default().put_audit_key(Expect::At(version), &record);
        records.commit(changes).await.unwrap();
    }
}

#[tokio::test]
async fn a_key_that_is_lost_is_replaced_and_its_public_half_stays() {
    let bench = Bench::new().await;
    look_after_both(&bench).await;
    let first = sign(&bench, 1).await.unwrap();
    bench.clock.run(Duration::from_secs(1));
    lose_tokens(&bench).await;
    look_after_both(&bench).await;
    let second = sign(&bench, 2).await.unwrap();
    assert_ne!(first.key, second.key);
    assert!(is_vouched_for(&bench, &first, 1) && is_vouched_for(&bench, &second, 2));
    for signs in [AuditKeyUse::Checkpoints, AuditKeyUse::Digests] {
        let keys = stored(&bench, signs);
        let usable: Vec<_> = keys.iter().map(|key| key.record.token.is_some()).collect();
        assert_eq!(usable, [false, true], "{signs:?}");
    }
}

#[tokio::test]
async fn a_public_half_that_was_altered_is_written_again() {
    let bench = Bench::new().await;
    look_after_both(&bench).await;
    let files = published(&bench);
    let (path, _) = files.first().unwrap();
    for damage in [Some("another key"), None] {
        match damage {
            Some(text) => std::fs::write(path, text).unwrap(),
            None => std::fs::remove_file(path).unwrap(),
        }
        look_after_both(&bench).await;
        assert_eq!(published(&bench), files);
    }
}

#[tokio::test]
async fn no_key_is_made_while_those_that_exist_cannot_be_read() {
    let bench = Bench::new().await;
    let damaged = digest_record(0, b"no key".to_vec());
    put_all(&bench, &[damaged]).await;
    let kms = &bench.kms;
    let checkpoint = look_after_checkpoint_keys(kms, &bench.log()).await;
    assert!(checkpoint.is_err() && look_after_digest_keys(kms).await.is_err());
    assert_eq!(kms.records.list_audit_keys().unwrap().len(), 1);
}

fn digest_record(number: u16, public: Vec<u8>) -> AuditKeyRecord {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    AuditKeyRecord {
        id,
        signs: AuditKeyUse::Digests,
        token: None,
        public,
        created: Millis(i64::from(number)),
        expires: Some(Millis(i64::from(number) + 1)),
    }
}

async fn put_all(bench: &Bench, records: &[AuditKeyRecord]) {
    for some in records.chunks(200) {
        let put = |changes: Changes, record| changes.put_audit_key(Expect::Absent, record);
        let changes = some.iter().fold(Changes::default(), put);
        bench.kms.records.commit(changes).await.unwrap();
    }
}

#[tokio::test]
async fn the_oldest_digest_key_makes_room_for_a_new_one() {
    let bench = Bench::new().await;
    look_after_both(&bench).await;
    let public = stored(&bench, AuditKeyUse::Digests)[0]
        .record
        .public
        .clone();
    let many = u16::try_from(AUDIT_KEYS_MAX).unwrap() - 2;
    let old: Vec<_> = (0..many)
        .map(|number| digest_record(number, public.clone()))
        .collect();
    put_all(&bench, &old).await;
    bench.clock.run(29 * DAY);
    look_after_digest_keys(&bench.kms).await.unwrap();
    let left = stored(&bench, AuditKeyUse::Digests);
    assert_eq!(left.len(), AUDIT_KEYS_MAX - 1);
    assert_eq!(
        left[0].record.created,
        Millis(1),
        "of 0, 1, 2 … the first went"
    );
    assert_eq!(
        left.iter().filter(|key| key.record.token.is_some()).count(),
        2
    );
    assert!(sign(&bench, 1).await.is_ok());
}

/// The fingerprints of the keys that are told for a period of days.
fn told(bench: &Bench, start: UnixMillis, days: (u32, u32)) -> Vec<String> {
    let at = |days| start.plus(days * DAY);
    let keys = bench.kms.audit_keys.public_keys(at(days.0), at(days.1));
    keys.into_iter().map(|key| key.fingerprint).collect()
}

#[tokio::test]
async fn a_digest_is_signed_by_the_key_of_its_time() {
    let bench = Bench::new().await;
    let start = bench.kms.env.clock.now();
    let keys = &bench.kms.audit_keys;
    assert_eq!(keys.sign_digest(start, MESSAGE).await, Err(Unsigned::NoKey));
    look_after_both(&bench).await;
    bench.clock.run(28 * DAY - Duration::from_secs(1));
    look_after_both(&bench).await;
    let [first] = told(&bench, start, (0, 100)).try_into().unwrap();
    bench.clock.run(Duration::from_secs(1));
    look_after_both(&bench).await;
    let [_, second] = <[_; 2]>::try_from(told(&bench, start, (0, 100))).unwrap();
    for (day, expected) in [(0, &first), (27, &first), (28, &second), (30, &second)] {
        let time = start.plus(day * DAY);
        let signed = keys.sign_digest(time, MESSAGE).await.unwrap();
        assert_eq!(&signed.fingerprint, expected, "{day}");
        // Who asks for the keys of that time finds it, and it verifies.
        assert!(told(&bench, start, (day, day)).contains(&signed.fingerprint));
        let public = public_half(&bench, &signed.fingerprint);
        let scheme = Scheme::Rsa(RsaPadding::Pkcs1, Hash::Sha256);
        let valid = |message| verify(scheme, &public, Input::Message(message), &signed.signature);
        assert!(valid(MESSAGE).is_ok() && valid(b"other").is_err());
    }
    for (days, expected) in [
        ((0, 27), vec![&first]),
        ((27, 28), vec![&first, &second]),
        ((31, 40), vec![&second]),
        ((59, 99), vec![]),
    ] {
        let told = told(&bench, start, days);
        assert_eq!(told.iter().collect::<Vec<_>>(), expected, "{days:?}");
    }
    // A month after its end nothing is signed with the first any more, but it is still told.
    bench.clock.run(33 * DAY);
    look_after_both(&bench).await;
    let late = keys.sign_digest(start, MESSAGE).await.unwrap();
    assert!(late.fingerprint != first && late.fingerprint != second);
    assert_eq!(told(&bench, start, (0, 5)), [first]);
}

fn public_half(bench: &Bench, fingerprint: &str) -> Vec<u8> {
    let told = bench
        .kms
        .audit_keys
        .public_keys(UnixMillis(0), UnixMillis(i64::MAX));
    let key = told
        .into_iter()
        .find(|key| key.fingerprint == fingerprint)
        .unwrap();
    let records = stored(bench, AuditKeyUse::Digests).into_iter();
    let mut halves = records.map(|stored| stored.record.public);
    halves
        .find(|public| pkcs1_of_spki(public) == Ok(&key.value))
        .unwrap()
}

#[tokio::test]
async fn a_clock_that_was_set_back_gets_a_key_of_its_time() {
    let bench = Bench::new().await;
    bench.clock.jump(100 * DAY);
    look_after_both(&bench).await;
    bench.clock.jump_back(90 * DAY);
    look_after_both(&bench).await;
    let now = bench.kms.env.clock.now();
    let [of_now] = <[_; 1]>::try_from(told(&bench, now, (0, 0))).unwrap();
    let keys = &bench.kms.audit_keys;
    let signed = keys.sign_digest(now, MESSAGE).await.unwrap();
    assert_eq!(signed.fingerprint, of_now);
}
