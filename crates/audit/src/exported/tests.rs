//! A chain of three digests with log files, intact and with each thing changed that somebody who writes the
//! bucket can change.

use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::sync::LazyLock;

use strongroom_base::id::{AccountId, Region};
use strongroom_base::{UnixMillis, hex};
use strongroom_crypto::rsa_public_key::{fingerprint, pkcs1_of_spki};
use strongroom_crypto::signature::{Hash, Input, RsaKeyPair, RsaKeySize, RsaPadding};

use super::{Exported, Fault, FileKind, Object, PublicKeys, Report, Scope, What, verify};
use crate::digest::{Digest, LogFile, Place, Previous, hash};
use crate::gzip;
use crate::objects::{DigestName, LogName};

const HOUR: i64 = 3_600_000;
const START: i64 = 1_795_334_400_000;

static KEY: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(RsaKeySize::Rsa2048));
static OTHER: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(RsaKeySize::Rsa2048));

/// A bucket in memory.
#[derive(Clone, Default)]
struct Bucket(BTreeMap<Place, (Vec<u8>, BTreeMap<String, String>)>);

impl Exported for Bucket {
    fn list(&self) -> io::Result<Vec<Place>> {
        Ok(self.0.keys().cloned().collect())
    }

    fn open(&self, place: &Place) -> io::Result<Option<Object>> {
        Ok(self.0.get(place).map(|(body, metadata)| Object {
            body: Box::new(Cursor::new(body.clone())),
            metadata: metadata.clone(),
        }))
    }
}

fn place(key: String) -> Place {
    let bucket = "bucket".to_owned();
    Place { bucket, key }
}

fn ids() -> (AccountId, Region) {
    (
        "111122223333".parse().unwrap(),
        "eu-west-1".parse().unwrap(),
    )
}

fn digest_place(hour: i64) -> Place {
    let (account, region) = ids();
    let name = DigestName {
        account,
        home: region.clone(),
        region,
        trail: "trail".to_owned(),
        end: UnixMillis(START + hour * HOUR),
    };
    place(name.key(None))
}

fn log_place(number: i64) -> Place {
    let (account, region) = ids();
    let name = LogName {
        account,
        region,
        time: UnixMillis(START + number * 60_000),
        unique: "0123456789abcdef".to_owned(),
    };
    place(name.key(None))
}

fn pkcs1(key: &RsaKeyPair) -> Vec<u8> {
    pkcs1_of_spki(&key.public_spki()).unwrap().to_vec()
}

impl Bucket {
    fn put_log(&mut self, number: i64) -> LogFile {
        let content = format!("{{\"Records\":[{number}]}}");
        let place = log_place(number);
        let body = gzip::compress(content.as_bytes()).unwrap();
        self.0.insert(place.clone(), (body, BTreeMap::new()));
        LogFile {
            place,
            hash: hash(content.as_bytes()),
            newest: UnixMillis(START),
            oldest: UnixMillis(START),
        }
    }

    /// Signs and puts the digest of an hour, and returns what the next says of it.
    fn put_digest(
        &mut self,
        key: &RsaKeyPair,
        hour: i64,
        previous: Option<Previous>,
        logs: Vec<LogFile>,
    ) -> Previous {
        let digest = Digest {
            account: ids().0.as_str().to_owned(),
            start: UnixMillis(START + (hour - 1) * HOUR),
            end: UnixMillis(START + hour * HOUR),
            place: digest_place(hour),
            fingerprint: hex::encode(&fingerprint(&pkcs1(key))),
            previous,
            logs,
        };
        let json = digest.json();
        let message = digest.string_to_sign(json.as_bytes());
        let input = Input::Message(message.as_bytes());
        let signature = key.sign(RsaPadding::Pkcs1, Hash::Sha256, input).unwrap();
        let signature = hex::encode(&signature);
        let metadata = [
            ("signature".to_owned(), signature.clone()),
            ("signature-algorithm".to_owned(), "SHA256withRSA".to_owned()),
        ];
        let body = gzip::compress(json.as_bytes()).unwrap();
        self.0.insert(digest.place.clone(), (body, metadata.into()));
        Previous {
            place: digest.place,
            hash: hash(json.as_bytes()),
            signature,
        }
    }

    fn change(&mut self, place: &Place, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.0.get_mut(place).unwrap().0);
    }
}

/// Hours 1 to 3; the second is empty.
fn chain() -> Bucket {
    let mut bucket = Bucket::default();
    let logs = vec![bucket.put_log(1), bucket.put_log(2)];
    let first = bucket.put_digest(&KEY, 1, None, logs);
    let second = bucket.put_digest(&KEY, 2, Some(first), Vec::new());
    let logs = vec![bucket.put_log(3)];
    bucket.put_digest(&KEY, 3, Some(second), logs);
    bucket
}

fn verified(bucket: &Bucket, scope: &Scope) -> Report {
    let mut keys = PublicKeys::default();
    keys.trust(&pkcs1(&KEY));
    verify(bucket, &keys, scope).unwrap()
}

fn signature_of(bucket: &Bucket, hour: i64) -> String {
    bucket.0[&digest_place(hour)].1["signature"].clone()
}

#[test]
fn what_was_delivered_is_intact() {
    let mut bucket = chain();
    let report = verified(&bucket, &Scope::default());
    assert!(report.is_intact(), "{:?}", report.faults);
    let counts = (
        report.digests_valid,
        report.logs_valid,
        report.logs_uncovered,
    );
    assert_eq!(counts, (3, 3, 0));
    assert_eq!(report.newest, [(digest_place(3), signature_of(&bucket, 3))]);
    assert!(report.gaps.is_empty());

    // The hour that goes on.
    bucket.put_log(9);
    let report = verified(&bucket, &Scope::default());
    assert!(report.is_intact());
    assert_eq!(report.logs_uncovered, 1);
}

#[test]
fn every_change_is_named() {
    type Change = fn(&mut Bucket);
    let digest = |hour, what| Fault {
        kind: FileKind::Digest,
        place: digest_place(hour),
        what,
    };
    let log = |number, what| Fault {
        kind: FileKind::Log,
        place: log_place(number),
        what,
    };
    let other = hex::encode(&fingerprint(&pkcs1(&OTHER)));
    let cases: &[(Change, Vec<Fault>)] = &[
        (
            |b| drop(b.0.remove(&log_place(2))),
            vec![log(2, What::NotFound)],
        ),
        (
            |b| b.change(&log_place(2), |body| *body = gzip::compress(b"x").unwrap()),
            vec![log(2, What::Hash)],
        ),
        (
            |b| b.change(&log_place(2), |body| body.truncate(20)),
            vec![log(2, What::Format)],
        ),
        (
            |b| b.change(&log_place(2), |body| body.push(0)),
            vec![log(2, What::TrailingData)],
        ),
        (
            |b| drop(b.0.remove(&digest_place(2))),
            vec![digest(2, What::NotFound)],
        ),
        (
            |b| b.change(&digest_place(2), |body| body.truncate(20)),
            vec![digest(2, What::Format)],
        ),
        (
            |b| {
                b.change(&digest_place(2), |body| {
                    *body = gzip::compress(b"{}").unwrap()
                })
            },
            vec![digest(2, What::Format)],
        ),
        (
            |b| {
                b.change(&digest_place(2), |body| {
                    let mut json = Vec::new();
                    gzip::decompress(body.as_slice(), 1 << 20, |part| json.extend(part)).unwrap();
                    json.push(b' ');
                    *body = gzip::compress(&json).unwrap();
                });
            },
            vec![digest(2, What::Signature)],
        ),
        (
            |b| {
                b.0.get_mut(&digest_place(2)).unwrap().1.remove("signature");
            },
            vec![digest(2, What::Signature)],
        ),
        (
            |b| {
                b.0.get_mut(&digest_place(2))
                    .unwrap()
                    .1
                    .remove("signature-algorithm");
            },
            vec![digest(2, What::Signature)],
        ),
        (
            |b| {
                let first = b.0[&digest_place(1)].clone();
                b.0.insert(digest_place(2), first);
            },
            vec![digest(2, What::Moved)],
        ),
        (
            |b| drop(b.put_digest(&OTHER, 2, None, Vec::new())),
            vec![digest(2, What::UnknownKey(other))],
        ),
        // Signed by the key itself, but another than was delivered.
        (
            |b| drop(b.put_digest(&KEY, 2, None, Vec::new())),
            vec![digest(2, What::NotThePrevious)],
        ),
        (
            |b| {
                let mut between = digest_place(2);
                between.key = between.key.replace("T100000Z", "T100001Z");
                let second = b.0[&digest_place(2)].clone();
                b.0.insert(between, second);
            },
            vec![Fault {
                place: place(digest_place(2).key.replace("T100000Z", "T100001Z")),
                ..digest(2, What::Unreached)
            }],
        ),
    ];
    for (index, (change, faults)) in cases.iter().enumerate() {
        let mut bucket = chain();
        change(&mut bucket);
        let report = verified(&bucket, &Scope::default());
        assert_eq!(report.faults, *faults, "case {index}");
        assert!(!report.is_intact());
        // What is wrong in the middle does not hide the ends.
        assert_eq!(report.newest[0].0, digest_place(3));
        assert!(report.logs_valid + report.logs_invalid == 3, "case {index}");
    }
}

#[test]
fn a_cut_end_is_found_by_what_was_kept() {
    let mut bucket = chain();
    let kept = Scope {
        kept: Some(signature_of(&bucket, 3)),
        ..Scope::default()
    };
    assert!(verified(&bucket, &kept).is_intact());
    bucket.0.remove(&digest_place(3));
    assert!(verified(&bucket, &Scope::default()).is_intact());
    let report = verified(&bucket, &kept);
    assert!(report.is_kept_missing && !report.is_intact());
}

#[test]
fn a_part_of_the_time_needs_no_older_files() {
    let mut bucket = chain();
    bucket.0.remove(&digest_place(1));
    bucket.0.remove(&log_place(1));
    assert!(!verified(&bucket, &Scope::default()).is_intact());
    let scope = Scope {
        since: Some(UnixMillis(START + HOUR + 1)),
        kept: None,
    };
    let report = verified(&bucket, &scope);
    assert!(report.is_intact(), "{:?}", report.faults);
    assert_eq!(report.digests_valid, 2);
}

#[test]
fn a_new_beginning_is_told_as_a_gap() {
    let mut bucket = chain();
    bucket.put_digest(&KEY, 8, None, Vec::new());
    let report = verified(&bucket, &Scope::default());
    assert!(report.is_intact());
    let gap = &report.gaps[0];
    assert_eq!(
        (gap.start.0, gap.end.0),
        (START + 3 * HOUR, START + 7 * HOUR)
    );
}

#[test]
fn faults_are_said_as_validate_logs_says_them() {
    let fault = Fault {
        kind: FileKind::Log,
        place: place("k\n".to_owned()),
        what: What::Hash,
    };
    assert_eq!(
        fault.to_string(),
        "Log file\ts3://bucket/k\\n\tINVALID: hash value doesn't match"
    );
}
