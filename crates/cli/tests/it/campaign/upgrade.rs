//! The data folder of every earlier version opens, keeps what it holds and goes on; one of a later version is refused and
//! stays as it was found. The folders lie in `vectors/data-folders`, with a list of what must be found in each.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use strongroom_audit::{Begins, Chain, CheckpointKeyId, Verifier};
use strongroom_testkit::{Client, Image, Server, now};

use super::Plan;
use super::opened::recorded;
use crate::{copy_folder, program, scratch};

const SCHEMA_VERSION_OFFSET: usize = 60;
const SEAL_FORMAT_OFFSET: usize = 6;
const NEWER: u8 = 99;
/// Written by who serves the folder, whatever comes of it, and telling nothing.
const UNTOLD: &[&str] = &["lock", "store.db-shm"];

fn folders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/data-folders")
}

/// The names of the folders.
fn names() -> BTreeSet<String> {
    let entries = fs::read_dir(folders()).unwrap();
    let names = entries.filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".tar.gz").map(str::to_owned)
    });
    names.collect()
}

fn unpack(name: &str, into: &Path) {
    let packed = folders().join(format!("{name}.tar.gz"));
    let unpacked = Command::new("tar")
        .arg("-xzf")
        .arg(packed)
        .arg("-C")
        .arg(into)
        .status();
    assert!(unpacked.unwrap().success());
}

/// What must be found in a folder.
struct Known {
    facts: Vec<(String, Value, Value)>,
    users: Vec<(String, String)>,
}

impl Known {
    fn read(name: &str) -> Self {
        let text = fs::read(folders().join(format!("{name}.json"))).unwrap();
        let all: Value = serde_json::from_slice(&text).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let facts = all["facts"].as_array().unwrap().iter();
        let users = all["users"].as_array().unwrap().iter();
        Self {
            facts: facts
                .map(|fact| (text(&fact[0]), fact[1].clone(), fact[2].clone()))
                .collect(),
            users: users
                .map(|user| (text(&user["access_key_id"]), text(&user["secret"])))
                .collect(),
        }
    }

    /// Checks a server's answers; how many were checked.
    fn check(&self, server: &Server, name: &str) -> usize {
        let mut client = server.client();
        for (operation, input, right) in &self.facts {
            let (status, found) = client.call(operation, input);
            assert!(
                status == 200 && holds(&found, right),
                "{name}: {operation} {input}: {found}, not {right}"
            );
        }
        for (access_key_id, secret) in &self.users {
            let told = server
                .client_as(access_key_id, secret)
                .call("ListKeys", &json!({}));
            assert_eq!(told.0, 200, "{name}: {}", told.1);
        }
        self.facts.len() + self.users.len()
    }
}

/// Whether everything in `right` is in `found`.
fn holds(found: &Value, right: &Value) -> bool {
    match (found, right) {
        (Value::Object(found), Value::Object(right)) => right
            .iter()
            .all(|(name, right)| found.get(name).is_some_and(|found| holds(found, right))),
        (Value::Array(found), Value::Array(right)) => right
            .iter()
            .all(|right| found.iter().any(|found| holds(found, right))),
        (Value::String(found), Value::String(right)) => {
            found == right || is_same_document(found, right)
        }
        _ => found == right,
    }
}

/// Whether both are the same JSON: a policy is told in another layout than it was put.
fn is_same_document(found: &str, right: &str) -> bool {
    let document = |text| serde_json::from_str::<Value>(text).ok();
    document(found).is_some_and(|found| document(right) == Some(found))
}

/// A key of today in a folder of yesterday: it can be used, and is there at the next start.
fn make(client: &mut Client) -> Known {
    let key = client.create_key();
    let sealed = client.ok("Encrypt", &json!({"KeyId": key, "Plaintext": "QUJD"}));
    let input = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    Known {
        facts: vec![(
            "Decrypt".to_owned(),
            input,
            json!({"KeyId": key, "Plaintext": "QUJD"}),
        )],
        users: Vec::new(),
    }
}

fn check_folder(name: &str) -> usize {
    let (folder, data) = scratch();
    unpack(name, folder.path());
    let known = Known::read(name);
    let mut server = Server::dev(&program(), &data);
    let mut checked = known.check(&server, name);
    let made = make(&mut server.client());
    assert!(server.terminate().success(), "{name}: {}", server.stderr());
    server.restart();
    checked += known.check(&server, name) + made.check(&server, name);
    assert!(server.terminate().success(), "{name}: {}", server.stderr());
    let path = data.display().to_string();
    program()
        .run(["audit", "list", "--data", &path])
        .succeeded();
    assert!(!recorded(&data).unwrap().is_empty());
    checked
}

/// What of a folder a later version wrote, and what is said of it.
struct Later {
    what: &'static str,
    change: fn(&Path),
    refusal: &'static str,
}

const LATER: &[Later] = &[
    Later {
        what: "layout",
        change: |data| fs::write(data.join("format"), "strongroom-data dev 99 more\n").unwrap(),
        refusal: "this data folder was written by a newer strongroom (format 99",
    },
    Later {
        what: "schema of the store",
        change: |data| set(&data.join("store.db"), SCHEMA_VERSION_OFFSET + 3),
        refusal: "store.db was written by a newer strongroom (schema 99",
    },
    Later {
        what: "seal",
        change: |data| set(&data.join("hsm.seal"), SEAL_FORMAT_OFFSET + 1),
        refusal: "hsm.seal is damaged, or was written by a newer strongroom",
    },
];

fn set(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] = NEWER;
    fs::write(path, bytes).unwrap();
}

fn kept(data: &Path) -> Image {
    let mut image = Image::read(data);
    image
        .files
        .retain(|path, _| !UNTOLD.iter().any(|untold| path == Path::new(untold)));
    image
}

fn check_later(origin: &Path, folder: &Path, later: &Later) {
    let data = folder.join("later");
    copy_folder(origin, &data);
    (later.change)(&data);
    let before = kept(&data);
    let Err(ending) = Server::try_dev(&program(), &data) else {
        panic!("{}: not refused", later.what);
    };
    assert!(
        ending.stderr.contains(later.refusal),
        "{}: {}",
        later.what,
        ending.stderr
    );
    let mut after = kept(&data);
    // The audit log is opened before the key process reads the seal: it may have an empty segment more.
    after
        .files
        .retain(|path, _| before.files.contains_key(path) || !path.starts_with("audit"));
    let names = |image: &Image| image.files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&after), names(&before), "{}", later.what);
    assert!(after == before, "{}: the folder was changed", later.what);
    fs::remove_dir_all(data).unwrap();
}

/// A record of a later format, well chained, is told as one that cannot be read; what is around it stays readable.
fn check_later_record() {
    let mut chain = Chain::new([7; 16]);
    let mut segment = chain.header(1, 0);
    segment.extend(chain.append(&[NEWER; 40]).unwrap());
    let no_keys = |_: &CheckpointKeyId| None;
    let mut verifier = Verifier::new(&no_keys, Begins::AtTheStart);
    verifier
        .segment(1, segment.as_slice(), &mut |_| {})
        .unwrap();
    let report = verifier.finish().unwrap();
    assert_eq!((report.records, report.notes.len()), (1, 1), "{report:?}");

    let (folder, data) = scratch();
    fs::create_dir_all(data.join("audit")).unwrap();
    fs::write(data.join("audit/000000000001.log"), &segment).unwrap();
    let path = data.display().to_string();
    let told = program().run(["audit", "list", "--data", &path]).failed();
    assert!(told.contains("000000000001.log: at byte "), "{told}");
    assert_eq!(
        fs::read(data.join("audit/000000000001.log")).unwrap(),
        segment
    );
    drop(folder);
}

#[test]
fn earlier_folders_open_and_later_ones_are_refused() {
    let plan = Plan::of_environment();
    println!("campaign upgrade: for {:?}", plan.time);
    let (folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    make(&mut server.client());
    assert!(server.terminate().success());
    let (start, mut folders, mut facts, mut refused) = (now(), 0, 0, 0);
    loop {
        for name in names() {
            facts += check_folder(&name);
            folders += 1;
        }
        for later in LATER {
            check_later(&data, folder.path(), later);
            refused += 1;
        }
        check_later_record();
        refused += 1;
        if now().since(start) >= plan.time {
            break;
        }
    }
    assert!(folders >= 5 && facts > folders);
    println!("counts: folders={folders} facts={facts} refused={refused} lost=0");
}

#[test]
fn an_answer_that_lacks_something_is_noticed() {
    let found = json!({"a": [{"b": 1, "c": 2}], "d": true, "f": "{\"g\": 1}"});
    for (right, is_held) in [
        (json!({}), true),
        (json!({"d": true}), true),
        (json!({"a": [{"c": 2}]}), true),
        (json!({"a": [{"c": 3}]}), false),
        (json!({"e": true}), false),
        (json!({"d": false}), false),
        (json!({"f": "{ \"g\" : 1 }"}), true),
        (json!({"f": "{\"g\": 2}"}), false),
        (json!({"f": "g"}), false),
    ] {
        assert_eq!(holds(&found, &right), is_held, "{right}");
    }
}
