//! The anchor as operators meet it: on another disk, after a backup was put back, and when it is gone.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use strongroom_testkit::Server;

use crate::copy_folder;
use crate::seal::{Made, PASSPHRASE};

/// A server whose anchor is not in its data folder.
fn made() -> Made {
    let made = Made::with(&[], "[anchor]\nfile = \"elsewhere\"\n");
    assert!(made.path("elsewhere").exists());
    assert!(!made.path("data/anchor").exists());
    made
}

fn show(made: &Made) -> Value {
    let shown = made.run("anchor show", &["--json"]).succeeded();
    serde_json::from_str(&shown).unwrap()
}

fn put_back(backup: &Path, data: &Path) {
    for file in ["store.db", "store.db-wal", "store.db-shm", "store.mark"] {
        fs::remove_file(data.join(file)).unwrap_or_default();
        if backup.join(file).exists() {
            fs::copy(backup.join(file), data.join(file)).unwrap();
        }
    }
}

fn assert_sealed(made: &Made, server: &Server, fit: &str) {
    let (status, answer) = made.client(server).call("ListKeys", &json!({}));
    assert_eq!(
        (status, &answer["__type"]),
        (503, &json!("ServiceUnavailableException"))
    );
    let status = made.status();
    assert_eq!(status["state"], "unanchored");
    assert_eq!(status["anchor"]["fit"], fit);
    assert_eq!(show(made)["fit"], fit);
    let text = made.run("status", &[]).succeeded();
    assert!(text.contains("anchor       DOES NOT FIT: "), "{text}");
}

#[test]
fn a_backup_is_refused_until_it_is_accepted() {
    let made = made();
    let (data, backup) = (made.path("data"), made.path("backup"));
    let mut server = made.serve();
    let sealed = made.run("anchor show", &[]).failed();
    assert!(sealed.contains("the server is sealed"), "{sealed}");
    made.unseal(PASSPHRASE).succeeded();
    let key = made.client(&server).create_key();
    let before = show(&made);
    assert_eq!(before["fit"], "fits");
    let refused = made
        .run("anchor accept", &["--store", "1", "--reason", "x"])
        .failed();
    assert!(refused.contains("nothing to accept"), "{refused}");
    server.terminate();
    copy_folder(&data, &backup);

    server.restart();
    made.unseal(PASSPHRASE).succeeded();
    made.client(&server)
        .ok("DisableKey", &json!({"KeyId": key}));
    server.terminate();
    put_back(&backup, &data);
    server.restart();
    let told = made.unseal(PASSPHRASE).failed();
    assert!(
        told.contains("the store is older than its anchor"),
        "{told}"
    );
    assert_sealed(&made, &server, "store-behind");

    let store = show(&made)["store"]["sequence"].as_u64().unwrap();
    let wrong = (store + 1).to_string();
    let elsewhere = made.run("anchor accept", &["--store", &wrong, "--reason", "x"]);
    assert!(
        elsewhere
            .failed()
            .contains(&format!("the store is at sequence {store};"))
    );
    let no_reason = made.run("anchor accept", &["--store", "1", "--reason", "  "]);
    assert!(no_reason.failed().contains("a reason has 1 to 512 bytes"));
    assert_sealed(&made, &server, "store-behind");
    let reason = "disk lost, backup of yesterday";
    let store = store.to_string();
    made.run("anchor accept", &["--store", &store, "--reason", reason])
        .succeeded();

    let mut client = made.client(&server);
    let described = client.ok("DescribeKey", &json!({"KeyId": key}));
    assert_eq!(described["KeyMetadata"]["KeyState"], "Enabled");
    client.create_key();
    let after = show(&made);
    assert_eq!(after["fit"], "fits");
    assert_eq!(after["store"]["epoch"], 1);
    let log = made.run("audit list", &["--json"]).succeeded();
    let event = log
        .lines()
        .find(|line| line.contains("AcceptRollback"))
        .unwrap();
    for told in [reason, "store-behind", &format!("0:{store}")] {
        assert!(event.contains(told), "{event}");
    }
    server.terminate();
    server.restart();
    made.unseal(PASSPHRASE).succeeded();
    assert_eq!(show(&made)["fit"], "fits");
}

#[test]
fn a_missing_anchor_is_a_mismatch_until_it_is_back() {
    let made = made();
    let (anchor, away) = (made.path("elsewhere"), made.path("away"));
    let mut server = made.serve();
    made.unseal(PASSPHRASE).succeeded();
    made.client(&server).create_key();
    server.terminate();
    fs::rename(&anchor, &away).unwrap();
    server.restart();
    let told = made.unseal(PASSPHRASE).failed();
    assert!(told.contains("there is no genuine anchor"), "{told}");
    assert_sealed(&made, &server, "anchor-missing");
    fs::rename(&away, &anchor).unwrap();
    assert_eq!(made.status()["state"], "open");
    made.client(&server).create_key();
}

#[test]
fn unknown_fields_are_refused() {
    let made = Made::new(&[]);
    let ending = made.try_serve_with("[anchor]\nfolder = \"x\"\n");
    let told = ending.err().unwrap().stderr;
    assert!(told.contains("unknown field `folder`"), "{told}");
}
