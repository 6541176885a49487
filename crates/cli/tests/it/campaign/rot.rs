//! Bytes of a data folder that rot while no server has it open: flipped, cut off, zeroed, swapped, put back. Each is
//! noticed or changes no answer, and what it does not touch goes on.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use strongroom_kms::anchor::ANCHOR_FILE;
use strongroom_testkit::{Image, Server, now};

use super::opened::{Contents, Seals, recorded};
use super::{Dice, Plan};
use crate::damage::{Known, fill, is_right, is_sealed};
use crate::{copy_folder, program, scratch_in_memory};

/// Corruptions of the seal and the audit log, which need no server to be judged, between two that do.
const QUICK_SHARE: usize = 40;
/// However short the time, so many corruptions are served.
const SERVED_MIN: usize = 3;
const KEYS: usize = 25;
const AREA_BYTES_MAX: usize = 600;
/// Files that nothing is read from: the server's lock, what it tells shells, and room on the disk.
const TELLS_NOTHING: &[&str] = &["lock", "aws.env", "audit/reserve", "store.db-shm"];

/// How a file rots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Decay {
    Bit,
    Byte,
    Zeros,
    Cut,
    Longer,
    /// Two stretches of the file in each other's place.
    Swap,
    /// A stretch as it was earlier.
    Stale,
    Gone,
}

const DECAYS: &[Decay] = &[
    Decay::Bit,
    Decay::Bit,
    Decay::Byte,
    Decay::Zeros,
    Decay::Cut,
    Decay::Longer,
    Decay::Swap,
    Decay::Stale,
    Decay::Gone,
];

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Refused,
    /// Some answers failed, none was wrong.
    Partly,
    Harmless,
}

/// A folder before it rots, and a while earlier.
struct Origin {
    now: PathBuf,
    earlier: PathBuf,
    files: Vec<PathBuf>,
    contents: Contents,
    /// The requests of the audit log's records.
    recorded: Vec<String>,
}

impl Origin {
    fn new(now: PathBuf, earlier: PathBuf) -> Self {
        let files = Image::read(&now).files.into_keys();
        let files = files.filter(|file| !TELLS_NOTHING.iter().any(|name| file == Path::new(name)));
        // Looking into a store moves its log.
        let looked_at = now.with_extension("looked-at");
        copy_folder(&now, &looked_at);
        Self {
            files: files.collect(),
            contents: Seals::default().contents(&looked_at).unwrap(),
            recorded: recorded(&looked_at).unwrap(),
            now,
            earlier,
        }
    }

    /// The bytes of `file` after `decay`; `None` when it is gone. The same bytes when there was nothing to change.
    fn rot(&self, file: &Path, decay: Decay, dice: &mut Dice) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.now.join(file)).unwrap();
        let length = bytes.len();
        if decay == Decay::Gone {
            return None;
        }
        if length == 0 {
            return Some(bytes);
        }
        let area = 1 + dice.below(AREA_BYTES_MAX.min(length));
        let (at, other) = (dice.below(length - area + 1), dice.below(length - area + 1));
        match decay {
            Decay::Bit => bytes[at] ^= 1 << dice.below(8),
            Decay::Byte => bytes[at] = !bytes[at],
            Decay::Zeros => bytes[at..at + area].fill(0),
            Decay::Cut => bytes.truncate(at),
            Decay::Longer => bytes.extend_from_within(at..at + area),
            Decay::Swap => {
                let first = bytes[at..at + area].to_vec();
                bytes.copy_within(other..other + area, at);
                bytes[other..other + area].copy_from_slice(&first);
            }
            Decay::Stale => {
                let earlier = fs::read(self.earlier.join(file)).unwrap_or_default();
                if let Some(stretch) = earlier.get(at..at + area) {
                    bytes[at..at + area].copy_from_slice(stretch);
                }
            }
            Decay::Gone => {}
        }
        Some(bytes)
    }
}

#[derive(Debug, Default)]
struct Counts {
    corruptions: usize,
    fates: BTreeMap<Fate, usize>,
    by_file: BTreeMap<String, usize>,
    undetected: Vec<String>,
}

struct Lab {
    origins: Vec<Origin>,
    known: Vec<Known>,
    copy: PathBuf,
    seals: Seals,
    counts: Counts,
}

impl Lab {
    /// Rots one file and judges with `judge`; whether it was changed at all.
    fn corrupt(
        &mut self,
        is_chosen: &dyn Fn(&Path) -> bool,
        judge: Judge,
        dice: &mut Dice,
    ) -> bool {
        let Self {
            origins,
            known,
            copy,
            seals,
            counts,
        } = self;
        let origin = dice.pick(origins);
        let files: Vec<&PathBuf> = origin.files.iter().filter(|file| is_chosen(file)).collect();
        let (file, decay) = (*dice.pick(&files), *dice.pick(DECAYS));
        let before = fs::read(origin.now.join(file)).unwrap();
        let after = origin.rot(file, decay, dice);
        if after.as_ref() == Some(&before) {
            return false;
        }
        copy_folder(&origin.now, copy);
        match after {
            Some(bytes) => fs::write(copy.join(file), bytes).unwrap(),
            None => fs::remove_file(copy.join(file)).unwrap(),
        }
        counts.corruptions += 1;
        *counts.by_file.entry(kind(file)).or_default() += 1;
        match judge(
            &Case {
                data: copy,
                origin,
                file,
                known,
            },
            seals,
        ) {
            Ok(fate) => *counts.fates.entry(fate).or_default() += 1,
            Err(wrong) => counts
                .undetected
                .push(format!("{} {decay:?}: {wrong}", file.display())),
        }
        fs::remove_dir_all(&*copy).unwrap();
        true
    }
}

/// A folder of which one file rotted.
struct Case<'c> {
    data: &'c Path,
    origin: &'c Origin,
    file: &'c Path,
    known: &'c [Known],
}

/// What came of a case; an error when something was not noticed.
type Judge = fn(&Case<'_>, &mut Seals) -> Result<Fate, String>;

fn kind(file: &Path) -> String {
    let kind = match file.parent().and_then(Path::to_str) {
        Some("") | None => file,
        Some(_) if is_segment(file) => Path::new("audit/*.log"),
        Some(folder) => Path::new(folder),
    };
    kind.display().to_string()
}

fn is_quick(file: &Path) -> bool {
    file == Path::new("hsm.seal") || is_segment(file)
}

fn is_segment(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "log")
}

/// The seal yields the keys it held or none; the log is faulty, or all of it that is left is as it was.
fn judge_quickly(case: &Case<'_>, seals: &mut Seals) -> Result<Fate, String> {
    if !is_segment(case.file) {
        return match seals.contents(case.data) {
            Err(_) => Ok(Fate::Refused),
            Ok(found) => {
                let right = &case.origin.contents;
                let is_same = found.digest == right.digest && found.outbox == right.outbox;
                is_same
                    .then_some(Fate::Harmless)
                    .ok_or_else(|| "other records".to_owned())
            }
        };
    }
    let Ok(found) = recorded(case.data) else {
        return Ok(Fate::Refused);
    };
    let right = &case.origin.recorded;
    // What looks like the torn end of a crash is said to be one; docs/design/audit.md, Verifying: that a log was cut is
    // found with a checkpoint that was kept.
    match right.starts_with(&found) {
        true if found.len() == right.len() => Ok(Fate::Harmless),
        true => Ok(Fate::Partly),
        false => Err("other records".to_owned()),
    }
}

/// Every answer is right or a failure, and what is not in the rotten file goes on.
fn judge_served(case: &Case<'_>, _: &mut Seals) -> Result<Fate, String> {
    let mut server = match Server::try_dev(&program(), case.data) {
        Ok(server) => server,
        Err(ending) => return refused(&ending.stderr),
    };
    if is_sealed(&server) {
        server.terminate();
        return sealed(case.file);
    }
    let mut client = server.client();
    let (mut right, mut failed) = (0, 0);
    for (number, known) in case.known.iter().enumerate() {
        let (arn, description) = (json!(known.key), json!(number.to_string()));
        let metadata = [
            ("/KeyMetadata/Arn", &arn),
            ("/KeyMetadata/Description", &description),
        ];
        let plaintext = json!("QUJD");
        let opened = [("/Plaintext", &plaintext), ("/KeyId", &arn)];
        for (operation, input, expected) in [
            ("DescribeKey", json!({"KeyId": known.alias}), metadata),
            ("DescribeKey", json!({"KeyId": known.key}), metadata),
            (
                "Decrypt",
                json!({"CiphertextBlob": known.ciphertext}),
                opened,
            ),
        ] {
            match is_right(&mut client, operation, &input, &expected) {
                true => right += 1,
                false => failed += 1,
            }
        }
    }
    server.terminate();
    match (right, failed) {
        (_, 0) => Ok(Fate::Harmless),
        _ if is_store(case.file) || right > 0 => Ok(Fate::Partly),
        _ => Err(format!(
            "{} answers failed for nothing",
            case.known.len() * 3
        )),
    }
}

/// A server that serves nothing has a store and an anchor that do not fit: docs/design/anchor.md, The start.
fn sealed(file: &Path) -> Result<Fate, String> {
    (is_store(file) || file == Path::new(ANCHOR_FILE))
        .then_some(Fate::Refused)
        .ok_or_else(|| "sealed for nothing".to_owned())
}

fn is_store(file: &Path) -> bool {
    file.display().to_string().starts_with("store.")
}

/// A refusal says why, and is none that the program did not foresee.
fn refused(stderr: &str) -> Result<Fate, String> {
    let line = stderr.lines().last().unwrap_or_default();
    let is_foreseen = line.starts_with("strongroom: ") && !stderr.contains("panicked");
    is_foreseen
        .then_some(Fate::Refused)
        .ok_or_else(|| stderr.to_owned())
}

/// A folder after an orderly end, and one after a kill: the newest is in the store's file, or in its log.
fn origins(folder: &Path, data: &Path) -> (Vec<Origin>, Vec<Known>) {
    let (ended, killed) = (folder.join("ended"), folder.join("killed"));
    let (earlier_ended, earlier_killed) =
        (folder.join("earlier-ended"), folder.join("earlier-killed"));
    let mut server = Server::dev(&program(), data);
    let mut known = fill(&server, KEYS);
    server.kill();
    keep(data, &earlier_killed);
    server.restart();
    assert!(server.terminate().success());
    keep(data, &earlier_ended);
    server.restart();
    change(&server, &mut known);
    server.kill();
    keep(data, &killed);
    server.restart();
    assert!(server.terminate().success());
    keep(data, &ended);
    let pairs = [(ended, earlier_ended), (killed, earlier_killed)];
    let origins = pairs.map(|(now, earlier)| Origin::new(now, earlier));
    (origins.into(), known)
}

/// A copy without the room that the audit log keeps free.
fn keep(data: &Path, copy: &Path) {
    copy_folder(data, copy);
    fs::remove_file(copy.join("audit/reserve")).unwrap();
}

/// Changes each record once, so that there are earlier ones.
fn change(server: &Server, known: &mut [Known]) {
    let mut client = server.client();
    for known in known {
        let key = json!(known.key);
        client.ok(
            "TagResource",
            &json!({"KeyId": key, "Tags": [{"TagKey": "later", "TagValue": "yes"}]}),
        );
        let sealed = client.ok("Encrypt", &json!({"KeyId": key, "Plaintext": "QUJD"}));
        known.ciphertext = sealed["CiphertextBlob"].clone();
    }
}

#[test]
fn whatever_rots_is_noticed_or_changes_no_answer() {
    let plan = Plan::of_environment();
    println!("campaign rot: seed {} for {:?}", plan.seed, plan.time);
    let (folder, data) = scratch_in_memory();
    let (origins, known) = origins(folder.path(), &data);
    let mut lab = Lab {
        origins,
        known,
        copy: folder.path().join("copy"),
        seals: Seals::default(),
        counts: Counts::default(),
    };
    let (start, mut dice, mut served) = (now(), Dice::new(plan.seed), 0);
    while now().since(start) < plan.time || served < SERVED_MIN {
        for _ in 0..QUICK_SHARE {
            lab.corrupt(&is_quick, judge_quickly, &mut dice);
        }
        let is_chosen: &dyn Fn(&Path) -> bool = if served % 3 == 0 {
            &|_| true
        } else {
            &is_store
        };
        served += usize::from(lab.corrupt(is_chosen, judge_served, &mut dice));
    }
    let Counts {
        corruptions,
        fates,
        by_file,
        undetected,
    } = lab.counts;
    println!("campaign rot: {served} served; {fates:?}; {by_file:?}");
    for wrong in &undetected {
        println!("UNDETECTED {wrong}");
    }
    let of = |fate: Fate| fates.get(&fate).copied().unwrap_or(0);
    let (detected, harmless) = (of(Fate::Refused) + of(Fate::Partly), of(Fate::Harmless));
    println!(
        "counts: corruptions={corruptions} detected={detected} harmless={harmless} undetected={}",
        undetected.len()
    );
    assert!(undetected.is_empty() && detected > 0);
}

#[test]
fn rot_that_nobody_notices_is_told() {
    assert!(refused("strongroom: the store is damaged\n").is_ok());
    assert!(refused("thread 'main' panicked at x\nstrongroom: fatal\n").is_err());
    assert!(refused("").is_err());
    let (folder, data) = scratch_in_memory();
    let other = folder.path().join("other");
    for data in [&data, &other] {
        let mut server = Server::dev(&program(), data);
        server.client().create_key();
        assert!(server.terminate().success());
    }
    // Another folder's parts in the place of this one's are whole, and still others.
    let origin = Origin::new(data.clone(), data);
    let case = |file: &'static str| Case {
        data: &other,
        origin: &origin,
        file: Path::new(file),
        known: &[],
    };
    for file in ["audit/000000000001.log", "hsm.seal"] {
        let told = judge_quickly(&case(file), &mut Seals::default());
        assert!(told.is_err(), "{file}: {told:?}");
    }
}
