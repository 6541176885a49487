//! A full disk: changes are refused in words, nothing succeeds without its audit record, nothing is lost.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_testkit::{Client, Server, eventually};

use crate::{Scratch, program, scratch};

const DISK_FULL: &str =
    "The request failed because the server's disk is full. Nothing was changed.";
const NOT_AUDITED: &str = "The request failed because its audit record could not be written.";

/// How long the reserve may stay away once there is room.
const RETAKE_MAX: Duration = Duration::from_secs(5);

/// A small disk, unmounted when dropped.
pub(crate) struct Disk(Scratch);

impl Disk {
    /// `None` where the test may not mount one.
    pub(crate) fn mount() -> Option<Self> {
        let (scratch, data) = scratch();
        fs::create_dir(&data).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=32m,mode=700", "tmpfs"])
            .arg(&data)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: mounting a small disk needs root");
        }
        mounted.then_some(Self(scratch))
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Leaves no more than `left` bytes.
    pub(crate) fn fill(&self, left: u64) {
        let mut filler = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.filler())
            .unwrap();
        for size in [1 << 20, 1 << 16, 1 << 12] {
            let zeros = vec![0; size];
            while free(&self.path()) >= left + size as u64 {
                if let Err(error) = filler.write_all(&zeros) {
                    assert_eq!(error.kind(), ErrorKind::StorageFull);
                    break;
                }
            }
        }
    }

    /// What the server says of the audit log's reserve.
    pub(crate) fn reserve(&self) -> String {
        let path = self.path().display().to_string();
        let status = program().run(["status", "--json", "--data", &path]);
        let status: Value = serde_json::from_str(&status.succeeded()).unwrap();
        status["audit"]["reserve"].as_str().unwrap().to_owned()
    }

    pub(crate) fn free_all(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}

fn free(path: &Path) -> u64 {
    let disk = rustix::fs::fstatvfs(File::open(path).unwrap()).unwrap();
    disk.f_bavail * disk.f_frsize
}

fn internal(text: &str) -> (u16, Value) {
    (
        500,
        json!({"__type": "KMSInternalException", "message": text}),
    )
}

/// A key with an alias, a tag and a ciphertext.
struct Kept {
    key: String,
    ciphertext: Value,
}

impl Kept {
    fn make(client: &mut Client) -> Self {
        let key = client.create_key();
        let alias = json!({"AliasName": "alias/kept", "TargetKeyId": key});
        client.ok("CreateAlias", &alias);
        let sealed = client.ok("Encrypt", &json!({"KeyId": key, "Plaintext": "QUJD"}));
        Self {
            key,
            ciphertext: sealed["CiphertextBlob"].clone(),
        }
    }

    /// Mutations, each of which would succeed if there were room.
    fn mutations(&self) -> Vec<(&'static str, Value)> {
        let key = &self.key;
        vec![
            ("CreateKey", json!({})),
            (
                "CreateAlias",
                json!({"AliasName": "alias/new", "TargetKeyId": key}),
            ),
            (
                "TagResource",
                json!({"KeyId": key, "Tags": [{"TagKey": "t", "TagValue": "v"}]}),
            ),
            ("DisableKey", json!({"KeyId": key})),
            (
                "UpdateKeyDescription",
                json!({"KeyId": key, "Description": "new"}),
            ),
            ("ScheduleKeyDeletion", json!({"KeyId": key})),
        ]
    }

    fn calls(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("DescribeKey", json!({"KeyId": "alias/kept"})),
            ("Decrypt", json!({"CiphertextBlob": self.ciphertext})),
            ("Encrypt", json!({"KeyId": self.key, "Plaintext": "QUJD"})),
        ]
    }

    /// Nothing is lost and nothing that was refused was done.
    fn check(&self, client: &mut Client) {
        let metadata =
            client.ok("DescribeKey", &json!({"KeyId": "alias/kept"}))["KeyMetadata"].clone();
        assert_eq!(metadata["Arn"], *self.key);
        assert_eq!(
            (&metadata["KeyState"], &metadata["Description"]),
            (&json!("Enabled"), &json!(""))
        );
        assert_eq!(
            client.ok("ListResourceTags", &json!({"KeyId": self.key}))["Tags"],
            json!([])
        );
        assert_eq!(
            client.ok("ListKeys", &json!({}))["Keys"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        assert_eq!(
            client.ok("ListAliases", &json!({"KeyId": self.key}))["Aliases"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        let opened = client.ok("Decrypt", &json!({"CiphertextBlob": self.ciphertext}));
        assert_eq!(opened["Plaintext"], "QUJD");
    }
}

#[test]
fn a_full_disk_refuses_changes_and_fails_closed_without_an_audit_log() {
    let Some(disk) = Disk::mount() else { return };
    let mut server = Server::dev_with(&program(), &disk.path(), &["--metrics", "127.0.0.1:0"]);
    let mut client = server.client();
    let kept = Kept::make(&mut client);

    // The store's reserve is touched: changes are refused, everything else is served and audited.
    disk.fill(4 << 20);
    for (operation, input) in kept.mutations() {
        assert_eq!(
            client.call(operation, &input),
            internal(DISK_FULL),
            "{operation}"
        );
    }
    for (operation, input) in kept.calls() {
        client.ok(operation, &input);
    }
    kept.check(&mut client);

    assert_eq!(disk.reserve(), "whole");
    check_watched(&server, 2.0, &[]);

    // Not a byte left: the audit log takes its reserve, and changes are refused for it, not for the store.
    disk.fill(0);
    let calls = kept.calls();
    let mut turns = calls.iter().cycle();
    while disk.reserve() == "whole" {
        for (operation, input) in turns.by_ref().take(20) {
            client.ok(operation, input);
        }
    }
    assert_eq!(disk.reserve(), "in-use");
    check_watched(&server, 1.0, &[]);
    for (operation, input) in kept.mutations() {
        let refused = internal(DISK_FULL);
        assert_eq!(client.call(operation, &input), refused, "{operation}");
    }
    kept.check(&mut client);

    // Nor of the reserve: what is in the log's last page still fits, then nothing succeeds.
    disk.fill(0);
    let closed = (0..2000).find(|turn| {
        let (operation, input) = &calls[turn % calls.len()];
        let answer = client.call(operation, input);
        assert!(
            answer.0 == 200 || answer == internal(NOT_AUDITED),
            "{answer:?}"
        );
        answer.0 != 200
    });
    assert!(closed.is_some(), "calls succeed without an audit log");
    // A checkpoint is shorter than a record and may still fit: then the reserve counts as in use until the next call.
    let is_used_up = || {
        let (operation, input) = &calls[0];
        client.call(operation, input);
        (disk.reserve() == "used-up").then_some(())
    };
    eventually("the end of the reserve", RETAKE_MAX, is_used_up);
    check_watched(&server, 0.0, &["audit_log"]);
    for (operation, input) in calls.iter().chain(&kept.mutations()) {
        assert_eq!(
            client.call(operation, input),
            internal(NOT_AUDITED),
            "{operation}"
        );
    }

    // With room again the reserve is taken back first, then changes are let in.
    disk.free_all();
    kept.check(&mut client);
    let is_whole = || (disk.reserve() == "whole").then_some(());
    eventually("the reserve", RETAKE_MAX, is_whole);
    let key = json!({"KeyId": kept.key});
    client.ok("DisableKey", &key);
    client.ok("EnableKey", &key);

    disk.fill(0);
    server.kill();
    disk.free_all();
    server.restart();
    let mut client = server.client();
    kept.check(&mut client);
    for (operation, input) in kept.mutations() {
        client.ok(operation, &input);
    }
    let path = disk.path().display().to_string();
    program()
        .run(["audit", "list", "--data", &path])
        .succeeded();
    assert!(server.terminate().success());
    program()
        .run(["audit", "verify", "--data", &path])
        .succeeded();
    println!("full disk: closed after {closed:?} more calls, lost=0");
}

/// Checks what programs that watch the server are told of the reserve, and what keeps it from being ready.
fn check_watched(server: &Server, reserve: f64, reasons: &[&str]) {
    let watcher = server.watcher();
    let told = watcher.scrape().value("strongroom_audit_reserve");
    assert_eq!(told, Some(reserve));
    assert_eq!(watcher.get("/ready").json()["reasons"], json!(reasons));
}
