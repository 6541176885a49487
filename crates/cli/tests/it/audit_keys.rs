//! The public keys beside the audit log: there before the first reply, the same for ever, read by openssl.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_base::hex;
use strongroom_crypto::digest::sha256;
use strongroom_kms::audit_keys::PUBLIC_KEYS_FOLDER;
use strongroom_kms::service::audit_folder;
use strongroom_testkit::Server;

use crate::domain::domain;
use crate::{program, scratch};

/// The files with their content.
fn public_keys(data: &Path) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(audit_folder(data).join(PUBLIC_KEYS_FOLDER)).unwrap();
    let read = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    files.map(|file| read(&file.unwrap().path())).collect()
}

/// What openssl makes of a public key: its text, and its DER in base64.
fn openssl(path: &Path) -> (String, String) {
    let run = |form: &[&str]| {
        let mut command = Command::new("openssl");
        let told = command.args(["pkey", "-pubin", "-in"]).arg(path).args(form);
        String::from_utf8(told.output().unwrap().stdout).unwrap()
    };
    (run(&["-noout", "-text"]), run(&["-outform", "PEM"]))
}

#[test]
fn the_public_key_of_checkpoints_lies_beside_the_log_for_ever() {
    let (_folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    let keys = public_keys(&data);
    assert_eq!(keys.len(), 1);
    let (name, text) = keys.first_key_value().unwrap();
    let path = audit_folder(&data).join(PUBLIC_KEYS_FOLDER).join(name);
    let (described, written) = openssl(&path);
    assert!(described.starts_with("ED25519 Public-Key:"), "{described}");
    assert_eq!(&written, text);
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let spki = STANDARD.decode(body).unwrap();
    let id = hex::encode(&sha256(&[&spki])[..16]);
    assert_eq!(name, &format!("{id}.pem"));

    server.kill();
    std::fs::remove_file(&path).unwrap();
    server.restart();
    assert_eq!(public_keys(&data), keys);
    for command in [["rotate"].as_slice(), &["retire", "1"]] {
        domain(&data, command).succeeded();
    }
    server.terminate();
    server.restart();
    assert_eq!(public_keys(&data), keys);
}
