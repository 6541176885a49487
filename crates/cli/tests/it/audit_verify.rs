//! `strongroom audit verify` finds what was done to the log of a real server, and says what it cannot know.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use strongroom_kms::audit_log::segments;
use strongroom_kms::service::audit_folder;
use strongroom_testkit::Server;

use crate::{copy_folder, program, scratch};

const CALLS: usize = 60;

/// A log that a server wrote in two lives, its public keys and its last checkpoint.
struct Written {
    folder: PathBuf,
    data: PathBuf,
    keys: PathBuf,
    checkpoint: PathBuf,
}

fn audit(arguments: &[&str]) -> (Option<i32>, String) {
    let ended = program().run([&["audit"], arguments].concat());
    (ended.code, ended.stdout + &ended.stderr)
}

impl Written {
    fn make(folder: &Path, data: &Path) -> Self {
        let mut server = Server::dev(&program(), data);
        for life in 0..2 {
            let mut client = server.client();
            client.create_key();
            for _ in 0..CALLS {
                client.ok("ListKeys", &json!({}));
            }
            let path = data.display().to_string();
            // What is being written is intact, too.
            assert_eq!(audit(&["verify", "--data", &path]).0, Some(0));
            assert!(server.terminate().success());
            if life == 0 {
                server.restart();
            }
        }
        let written = Self {
            folder: folder.to_owned(),
            data: data.to_owned(),
            keys: folder.join("keys.pem"),
            checkpoint: folder.join("checkpoint"),
        };
        let path = data.display().to_string();
        fs::write(&written.keys, audit(&["key", "--data", &path]).1).unwrap();
        fs::write(
            &written.checkpoint,
            audit(&["checkpoint", "--data", &path]).1,
        )
        .unwrap();
        written
    }

    fn verify(&self, data: &Path, more: &[&str]) -> (Option<i32>, String) {
        let path = data.display().to_string();
        audit(&[&["verify", "--data", &path], more].concat())
    }

    /// Changes a copy of the log and tells what `verify` says of it with everything that was kept.
    fn changed(&self, name: &str, change: impl FnOnce(&Path)) -> (Option<i32>, String) {
        let copy = self.folder.join(name);
        copy_folder(&self.data, &copy);
        change(&audit_folder(&copy));
        let keys = self.keys.display().to_string();
        let kept = self.checkpoint.display().to_string();
        self.verify(&copy, &["--public-key", &keys, "--checkpoint", &kept])
    }
}

fn segment(log: &Path, place: usize) -> PathBuf {
    segments(log).unwrap()[place].1.clone()
}

fn edit(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_log_is_intact_until_somebody_changes_it() {
    let (folder, data) = scratch();
    let written = Written::make(folder.path(), &data);

    let (code, said) = written.changed("same", |_| {});
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("unsigned     0 records") && said.contains("intact"),
        "{said}"
    );
    assert!(!said.contains("caution"), "{said}");

    let (code, said) = written.verify(&data, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(said.matches("caution").count(), 2, "{said}");

    let edited = written.changed("edited", |log| {
        edit(&segment(log, 0), |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        });
    });
    check(edited, "segment 1, byte ");
    let cut = written.changed("cut", |log| {
        edit(&segment(log, 1), |bytes| bytes.truncate(400))
    });
    check(cut, "the log is cut");
    let later = written.changed("later", |log| fs::remove_file(segment(log, 0)).unwrap());
    check(later, "earlier segments are missing");
    let shorter = written.changed("shorter", |log| fs::remove_file(segment(log, 1)).unwrap());
    check(shorter, "the log is cut");
    let swapped = written.changed("swapped", |log| {
        let (one, other) = (segment(log, 0), segment(log, 1));
        fs::rename(&one, log.join("x")).unwrap();
        fs::rename(&other, &one).unwrap();
        fs::rename(log.join("x"), &other).unwrap();
    });
    check(swapped, "the header is that of segment 2");
}

/// Nothing is left, or nothing that is signed: no fault can be named, and nothing is proven.
#[test]
fn a_log_without_a_signature_is_not_called_intact() {
    let (folder, data) = scratch();
    let written = Written::make(folder.path(), &data);
    let keys = written.keys.display().to_string();
    let check = |name: &str, change: &dyn Fn(&Path)| {
        let copy = written.folder.join(name);
        copy_folder(&written.data, &copy);
        change(&audit_folder(&copy));
        let (code, said) = written.verify(&copy, &["--public-key", &keys]);
        assert_eq!(code, Some(2), "{name}: {said}");
        assert!(said.contains("nothing in this log is signed"), "{said}");
        assert!(!said.contains("intact"), "{said}");
    };
    let remove_all = |log: &Path| {
        for (_, path) in segments(log).unwrap() {
            fs::remove_file(path).unwrap();
        }
    };
    check("emptied", &remove_all);
    check("header", &|log| {
        let first = segment(log, 0);
        let header = fs::read(&first).unwrap();
        let length = u32::from_be_bytes(header[..4].try_into().unwrap());
        remove_all(log);
        fs::write(first, &header[..12 + usize::try_from(length).unwrap()]).unwrap();
    });
}

fn check((code, said): (Option<i32>, String), fault: &str) {
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAULT") && said.contains(fault), "{said}");
}

#[test]
fn what_cannot_be_read_is_no_fault_and_no_success() {
    let (folder, data) = scratch();
    let written = Written::make(folder.path(), &data);
    let rubbish = folder.path().join("rubbish");
    fs::write(&rubbish, "no key and no checkpoint").unwrap();
    let rubbish = rubbish.display().to_string();
    let absent = folder.path().join("absent");
    for (data, more) in [
        (&absent, &[][..]),
        (&data, &["--public-key", &rubbish]),
        (&data, &["--checkpoint", &rubbish]),
        (&data, &[&rubbish]),
    ] {
        let (code, said) = written.verify(data, more);
        assert_eq!(code, Some(2), "{more:?} {said}");
    }
    let (first, keys) = (
        segment(&audit_folder(&data), 0),
        written.keys.display().to_string(),
    );
    let first = first.display().to_string();
    let (code, said) = audit(&["verify", &first, "--public-key", &keys]);
    assert_eq!(code, Some(0), "{said}");
    let listed = audit(&["list", "--json", "--data", &data.display().to_string()]).1;
    let mut events = listed
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(events.any(|event| event["eventName"] == "ListKeys"));
}

/// A folder that was mistyped, or emptied, is not an intact log.
#[test]
fn what_is_not_there_is_named() {
    let (_folder, data) = scratch();
    let empty = data.with_extension("empty");
    fs::create_dir_all(audit_folder(&empty)).unwrap();
    let (data, empty) = (data.display().to_string(), empty.display().to_string());
    let audit_of = |data: &str| format!("{data}/audit");
    for (command, data, code, named) in [
        (&["audit", "verify"][..], &data, 2, audit_of(&data)),
        (&["audit", "list"], &data, 1, audit_of(&data)),
        (&["audit", "checkpoint"], &data, 1, audit_of(&data)),
        (&["audit", "key"], &data, 1, audit_of(&data)),
        (&["usage"], &data, 1, audit_of(&data)),
        (
            &["audit", "verify"],
            &empty,
            2,
            "nothing to verify".to_owned(),
        ),
        (&["audit", "key"], &empty, 1, audit_of(&empty)),
    ] {
        let ended = program().run([command, &["--data", data]].concat());
        assert_eq!(ended.code, Some(code), "{command:?} {}", ended.stderr);
        assert!(
            ended.stderr.contains(&named),
            "{command:?} {}",
            ended.stderr
        );
    }
}

#[test]
fn a_strict_server_answers_and_its_log_is_signed_to_the_last_record() {
    let (_folder, data) = scratch();
    let server = Server::dev_with(&program(), &data, &["--strict-audit"]);
    let mut client = server.client();
    let path = data.display().to_string();
    for _ in 0..5 {
        client.ok("ListKeys", &json!({}));
        let (code, said) = audit(&["verify", "--data", &path]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("unsigned     0 records"), "{said}");
    }
    let account = [
        "account",
        "audit",
        "--data",
        &path,
        "111122223333",
        "--strict",
    ];
    for strict in ["true", "false"] {
        program()
            .run([&account[..], &[strict]].concat())
            .succeeded();
        let listed = program()
            .run(["account", "list", "--data", &path])
            .succeeded();
        assert_eq!(
            listed.contains("strict audit"),
            strict == "true",
            "{listed}"
        );
    }
}
