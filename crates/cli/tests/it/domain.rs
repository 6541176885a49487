//! Domain keys rotate under load, and what a retired one wrapped is gone for good.

use std::fs;
use std::path::Path;

use serde_json::json;
use strongroom_testkit::{Ended, Server};

use crate::load::{Load, Tolerance};
use crate::{copy_folder, program, scratch};

const ROTATIONS: u32 = 3;
const CLIENTS: usize = 3;

const NOT_KEPT: &str = "strongroom: this is the current epoch, or one that is not kept; `strongroom status` shows them\n";

pub(crate) fn domain(data: &Path, words: &[&str]) -> Ended {
    let data = data.display().to_string();
    program().run(["domain"].iter().chain(words).chain(&["--data", &data]))
}

/// Disables and enables a key of its own until the load ends.
fn toggle(server: &Server, load: &Load) {
    let mut client = server.client();
    let key = json!({"KeyId": client.create_key()});
    while !load.is_stopped() {
        for operation in ["DisableKey", "EnableKey"] {
            client.ok(operation, &key);
        }
    }
}

#[test]
fn rotation_disturbs_nobody_and_retiring_waits_for_it() {
    let (_folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    let load = Load::new(server.address(), Tolerance::Nothing);
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let load = &load;
            scope.spawn(move || load.run(number));
        }
        scope.spawn(|| toggle(&server, &load));
        for rotation in 1..=ROTATIONS {
            load.go_on(100);
            let done = domain(&data, &["rotate"]).succeeded();
            let epoch = rotation + 1;
            assert!(
                done.starts_with(&format!("Epoch {epoch} is current; ")),
                "{done}"
            );
            print!("{done}");
        }
        load.go_on(100);
        load.stop();
    });
    let current = (ROTATIONS + 1).to_string();
    assert_eq!(domain(&data, &["retire", &current]).failed(), NOT_KEPT);
    assert_eq!(domain(&data, &["retire", "9"]).failed(), NOT_KEPT);
    for epoch in 1..=ROTATIONS {
        domain(&data, &["retire", &epoch.to_string()]).succeeded();
    }
    load.check(&mut server.client());
    server.terminate();
    server.restart();
    load.check(&mut server.client());
    println!("{ROTATIONS} rotations, {}, lost=0", load.summary());
}

#[test]
fn the_current_epoch_is_not_retired_even_if_nothing_is_wrapped_under_it() {
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    assert_eq!(domain(&data, &["retire", "1"]).failed(), NOT_KEPT);
    let key = server.client().create_key();
    domain(&data, &["rotate"]).succeeded();
    domain(&data, &["retire", "1"]).succeeded();
    assert_eq!(domain(&data, &["retire", "1"]).failed(), NOT_KEPT);
    server
        .client()
        .ok("Encrypt", &json!({"KeyId": key, "Plaintext": "QUJD"}));
}

#[test]
fn an_old_copy_of_the_store_is_worthless_after_retiring() {
    let (folder, data) = scratch();
    let mut server = Server::dev(&program(), &data);
    let mut client = server.client();
    let key = client.create_key();
    let sealed = client.ok("Encrypt", &json!({"KeyId": key, "Plaintext": "QUJD"}));
    let input = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    server.terminate();
    let copy = folder.path().join("copy");
    copy_folder(&data, &copy);

    server.restart();
    let used = domain(&data, &["retire", "1"]).failed();
    assert_eq!(used, NOT_KEPT);
    domain(&data, &["rotate"]).succeeded();
    let retired = domain(&data, &["retire", "1"]).succeeded();
    assert_eq!(retired, "The epoch is retired.\n");
    server.client().ok("Decrypt", &input);
    server.terminate();

    // The copy alone still opens with its own seal; SECURITY.md says so.
    let own = Server::dev(&program(), &copy);
    own.client().ok("Decrypt", &input);
    drop(own);

    fs::copy(data.join("hsm.seal"), copy.join("hsm.seal")).unwrap();
    let old = Server::dev(&program(), &copy);
    let (status, refused) = old.client().call("Decrypt", &input);
    assert_eq!(
        (status, refused["__type"].as_str()),
        (500, Some("KMSInternalException"))
    );
    old.client().create_key();
}
