//! Bytes of the store change while the server is stopped: it refuses to start, or never answers wrongly.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use strongroom_testkit::{Client, Server};

use crate::{copy_folder, program, scratch};

const KEYS: usize = 100;
/// Places that are changed in each file, spread evenly.
const PLACES: usize = 12;
/// How many of them may leave unproved that no guardrail limits the account: in development its record is absent,
/// and absence cannot be proved where the end of the log is damaged.
const CLOSED_MAX: usize = PLACES;
const REFUSALS: &[&str] = &[
    "strongroom: store.db is damaged (",
    "strongroom: the store lost commits that were acknowledged; restore it from a backup, or delete store.mark to go on without them",
    "strongroom: store.db was written by a newer strongroom (schema ",
    "strongroom: the store could not be read (Internal(Store(Damaged)))",
];

pub(crate) struct Known {
    pub(crate) key: String,
    pub(crate) alias: String,
    pub(crate) ciphertext: Value,
}

#[derive(Debug, Default)]
struct Counts {
    right: usize,
    refused: BTreeMap<String, usize>,
    /// Starts after which the store did not fit its anchor.
    sealed: usize,
    internal: usize,
    harmed: usize,
    unharmed: usize,
    /// Starts after which it could not be told whether a guardrail limits the account.
    closed: usize,
}

impl Counts {
    fn refuse(&mut self, stderr: &str) {
        let line = stderr.lines().last().unwrap_or_default();
        let expected = REFUSALS.iter().any(|refusal| line.starts_with(refusal));
        assert!(expected, "{stderr}");
        *self.refused.entry(line.to_owned()).or_default() += 1;
    }

    /// The anchor tells that the store is not what it was, and nothing else keeps it from being opened.
    fn seal(&mut self, server: &Server) {
        let log = server.stderr();
        assert!(log.contains("records of the store were put back"), "{log}");
        self.sealed += 1;
    }
}

pub(crate) fn fill(server: &Server, keys: usize) -> Vec<Known> {
    let mut client = server.client();
    (0..keys)
        .map(|number| {
            let made = client.ok("CreateKey", &json!({"Description": number.to_string()}));
            let key = made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
            let alias = format!("alias/{number}");
            client.ok(
                "CreateAlias",
                &json!({"AliasName": alias, "TargetKeyId": key}),
            );
            let sealed = client.ok("Encrypt", &json!({"KeyId": key, "Plaintext": "QUJD"}));
            Known {
                key,
                alias,
                ciphertext: sealed["CiphertextBlob"].clone(),
            }
        })
        .collect()
}

/// Whether the answer is right; panics when it is wrong.
pub(crate) fn is_right(
    client: &mut Client,
    operation: &str,
    input: &Value,
    right: &[(&str, &Value)],
) -> bool {
    let (status, answer) = client.call(operation, input);
    if status == 500 {
        assert_eq!(
            answer["__type"], "KMSInternalException",
            "{operation} {input}"
        );
        return false;
    }
    assert_eq!(status, 200, "{operation} {input}: {answer}");
    for (pointer, value) in right {
        assert_eq!(answer.pointer(pointer), Some(*value), "{operation} {input}");
    }
    true
}

fn check_answers(server: &Server, known: &[Known], counts: &mut Counts) {
    let mut client = server.client();
    let mut internal = 0;
    for (
        number,
        Known {
            key,
            alias,
            ciphertext,
        },
    ) in known.iter().enumerate()
    {
        let (arn, description) = (json!(key), json!(number.to_string()));
        let metadata = [
            ("/KeyMetadata/Arn", &arn),
            ("/KeyMetadata/Description", &description),
        ];
        let plaintext = json!("QUJD");
        let opened = [("/Plaintext", &plaintext), ("/KeyId", &arn)];
        let rights = [
            is_right(
                &mut client,
                "DescribeKey",
                &json!({"KeyId": alias}),
                &metadata,
            ),
            is_right(
                &mut client,
                "DescribeKey",
                &json!({"KeyId": key}),
                &metadata,
            ),
            is_right(
                &mut client,
                "Decrypt",
                &json!({"CiphertextBlob": ciphertext}),
                &opened,
            ),
        ];
        counts.right += rights.iter().filter(|right| **right).count();
        internal += rights.iter().filter(|right| !**right).count();
    }
    counts.internal += internal;
    match internal {
        0 => counts.unharmed += 1,
        _ => counts.harmed += 1,
    }
    // One byte harms the records of one page at most. Where it cannot be told whether a guardrail limits the
    // account, nobody is let in.
    if internal == known.len() * 3 {
        counts.closed += 1;
        return;
    }
    assert!(
        internal < known.len(),
        "{internal} answers of {} lost",
        known.len() * 3
    );
}

/// Whether it refuses every call: what tells a row from others is damaged.
pub(crate) fn is_sealed(server: &Server) -> bool {
    let (status, _) = server.client().call("ListKeys", &json!({}));
    status == 503
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[offset] ^= 0x41;
    fs::write(path, bytes).unwrap();
}

/// Where to change a file of `length` bytes: evenly spread, at different places of their pages, and its header.
fn offsets(length: usize, places: usize) -> Vec<usize> {
    let spread = (0..places).map(|place| (length / places * place + place * 293 + 100) % length);
    spread.chain([20, 60]).collect()
}

#[test]
fn a_changed_byte_is_noticed_or_changes_no_answer() {
    let (folder, data) = scratch();
    let killed = folder.path().join("killed");
    let mut server = Server::dev(&program(), &data);
    let known = fill(&server, KEYS);
    server.kill();
    copy_folder(&data, &killed);
    server.restart();
    server.terminate();
    drop(server);
    let mut counts = Counts::default();
    // After an orderly end everything is in the store's file, after a kill the newest is in its log.
    for (original, file, places) in [
        (&data, "store.db", PLACES),
        (&killed, "store.db-wal", PLACES),
        (&killed, "store.db", 2),
        (&data, "store.mark", 2),
    ] {
        let length = usize::try_from(fs::metadata(original.join(file)).unwrap().len()).unwrap();
        println!("{file}: {length} bytes");
        for offset in offsets(length, places) {
            let copy = folder.path().join("copy");
            copy_folder(original, &copy);
            flip(&copy.join(file), offset);
            match Server::try_dev(&program(), &copy) {
                Ok(server) if is_sealed(&server) => counts.seal(&server),
                Ok(server) => check_answers(&server, &known, &mut counts),
                Err(ending) => counts.refuse(&ending.stderr),
            }
            fs::remove_dir_all(copy).unwrap();
        }
    }
    assert!(
        counts.right > 0 && counts.harmed + counts.sealed > 0,
        "{counts:?}"
    );
    assert!(counts.closed <= CLOSED_MAX, "{counts:?}");
    println!("damage: {counts:?}, wrong=0");
}
