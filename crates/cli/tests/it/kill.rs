//! kill -9 of either process under load: no wrong answer, nothing acknowledged is lost, back within two seconds.

use std::time::Duration;

use serde_json::json;
use strongroom_testkit::{Server, base64, elapsed_millis, eventually, now};

use crate::load::{Load, Tolerance};
use crate::{program, scratch, scratch_alone};

const CLIENTS: usize = 4;
const KILLS: usize = 5;
const BACK_MAX: Duration = Duration::from_secs(2);
const GONE_MAX: Duration = Duration::from_secs(2);
/// Calls that succeed between two kills.
const CALLS_BETWEEN: usize = 150;

/// Runs `disturb` while clients work, and returns what it returns.
fn under_load<T>(load: &Load, disturb: impl FnOnce() -> T) -> T {
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            scope.spawn(move || load.run(number));
        }
        let result = disturb();
        load.stop();
        result
    })
}

/// Waits until `server` encrypts, at most two seconds, and returns how long it took in milliseconds.
fn wait_for_success(server: &Server, key: &str) -> u128 {
    let start = now();
    let mut client = server.client();
    let input = json!({"KeyId": key, "Plaintext": base64(b"back")});
    eventually("an answer after the kill", BACK_MAX, || {
        match client.try_call("Encrypt", &input) {
            Ok(reply) if reply.status == 200 => Some(()),
            _ => {
                client = server.client();
                None
            }
        }
    });
    elapsed_millis(start)
}

#[test]
fn the_key_process_is_killed_and_comes_back() {
    let (_folder, data) = scratch_alone();
    let server = Server::dev(&program(), &data);
    let key = server.client().create_key();
    let load = Load::new(server.address(), Tolerance::Internal);
    let times = under_load(&load, || {
        (0..KILLS)
            .map(|_| {
                load.go_on(CALLS_BETWEEN);
                let killed = server.key_process();
                killed.kill();
                eventually("its end", GONE_MAX, || (!killed.runs()).then_some(()));
                wait_for_success(&server, &key)
            })
            .collect::<Vec<_>>()
    });
    load.check(&mut server.client());
    println!(
        "key process: {KILLS} kills, {}, wrong=0 lost=0, back after {times:?} ms",
        load.summary()
    );
}

#[test]
fn the_service_is_killed_and_nothing_acknowledged_is_lost() {
    let (_folder, data) = scratch_alone();
    let mut server = Server::dev(&program(), &data);
    let key = server.client().create_key();
    let load = Load::new(server.address(), Tolerance::Disconnects);
    let times = under_load(&load, || {
        (0..KILLS)
            .map(|_| {
                load.go_on(CALLS_BETWEEN);
                let key_process = server.key_process();
                server.kill();
                eventually("the end of the key process", GONE_MAX, || {
                    (!key_process.runs()).then_some(())
                });
                let start = now();
                server.restart();
                wait_for_success(&server, &key);
                let time = elapsed_millis(start);
                assert!(time <= BACK_MAX.as_millis(), "back after {time} ms");
                load.moved(server.address());
                time
            })
            .collect::<Vec<_>>()
    });
    load.check(&mut server.client());
    println!(
        "service: {KILLS} kills, {}, wrong=0 lost=0, back after {times:?} ms",
        load.summary()
    );
}

#[test]
fn the_key_process_has_a_process_group_of_its_own() {
    // What a terminal sends to the service's group (Ctrl-C) must not end the key process first.
    let (_folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let (service, key_process) = (server.process(), server.key_process());
    assert_ne!(service.group(), key_process.group());
    assert_eq!(key_process.group(), Some(key_process.id()));
}
