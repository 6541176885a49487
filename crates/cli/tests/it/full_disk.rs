//! A full disk: changes are refused in words, nothing succeeds without its audit record, nothing is lost.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use strongroom_testkit::{Client, Server};

use crate::{Scratch, program, scratch};

const DISK_FULL: &str =
    "The request failed because the server's disk is full. Nothing was changed.";
const NOT_AUDITED: &str = "The request failed because its audit record could not be written.";

/// A small disk, unmounted when dropped.
struct Disk(Scratch);

impl Disk {
    /// `None` where the test may not mount one.
    fn mount() -> Option<Self> {
        let (scratch, data) = scratch();
        fs::create_dir(&data).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs"])
            .arg(&data)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: mounting a small disk needs root");
        }
        mounted.then_some(Self(scratch))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Leaves no more than `left` bytes.
    fn fill(&self, left: u64) {
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

    fn free_all(&self) {
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
    let mut server = Server::dev(&program(), &disk.path());
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

    // Not a byte left: what is in the audit log's last page still fits, then nothing succeeds.
    disk.fill(0);
    let calls = kept.calls();
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
    for (operation, input) in calls.iter().chain(&kept.mutations()) {
        assert_eq!(
            client.call(operation, input),
            internal(NOT_AUDITED),
            "{operation}"
        );
    }

    disk.free_all();
    kept.check(&mut client);
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
    println!("full disk: closed after {closed:?} more calls, lost=0");
}
