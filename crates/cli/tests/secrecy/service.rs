//! The service under load: its key process shows no key, and the service itself neither a key nor, once it
//! is idle, anything that passed through it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use strongroom_base::{Env, Secret};
use strongroom_store::Kind;

use crate::client::{Account, Connection, Http};
use crate::memory::{Sweep, Way, assert_only, assert_searchable, sweep};
use crate::needles::{Hits, Needles};
use crate::server::Server;
use crate::truth::{Truth, random};
use crate::{block_on, may_read_memory};

const ROUNDS: usize = 4;
/// How long a server may take to become clean once it is idle.
const CLEAN_WITHIN: Duration = Duration::from_secs(25);
/// A text that the store's cache keeps: a search that does not find it sees nothing.
pub(crate) const DESCRIPTION: &str = "strongroom secrecy: a description that is no secret";
const CONTROL: &str = "control: a description in the cache";

/// What passed through a server.
#[derive(Default)]
pub(crate) struct Passed {
    /// Data keys and plaintexts.
    pub(crate) secrets: Vec<(String, Secret<Vec<u8>>)>,
    /// Names that only records hold.
    pub(crate) texts: Vec<String>,
}

impl Passed {
    pub(crate) fn needles(&self) -> Needles {
        let mut needles = Needles::default();
        for (name, secret) in &self.secrets {
            needles.message(name, secret.expose());
        }
        needles
    }

    fn keep(&mut self, name: String, encoded: &Value) {
        let secret = STANDARD.decode(encoded.as_str().unwrap()).unwrap();
        self.secrets.push((name, secret.into()));
    }
}

/// A mixed load over `connection`: every operation that a secret passes through.
pub(crate) async fn load(connection: &mut Connection, name: &str, last: Last, passed: &mut Passed) {
    let account = Account::test();
    let mut keys = Vec::new();
    for number in 0..2 {
        let alias = format!("alias/secrecy-{name}-{number}").replace(' ', "-");
        let tag = format!("secrecy tag of {name} {number}");
        let input =
            json!({"Description": DESCRIPTION, "Tags": [{"TagKey": "purpose", "TagValue": tag}]});
        let made = connection.call(&account, "CreateKey", &input).await;
        let key = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        let input = json!({"AliasName": alias, "TargetKeyId": key});
        let request = connection.signed(&account, "CreateAlias", input.to_string().into_bytes());
        let response = connection.send(request).await.unwrap();
        assert_eq!(response.status(), 200);
        keys.push(key);
        passed.texts.extend([alias, tag]);
    }
    for round in 0..ROUNDS {
        work(connection, &format!("{name} {round}"), &keys, passed).await;
    }
    finish(connection, last, &keys[0], name, passed).await;
}

/// What a connection does last: its buffers may keep that.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Last {
    Refusal,
    Encrypt,
    Decrypt,
    DataKey,
    Random,
}

impl Last {
    const ALL: [Self; 5] = [
        Self::Refusal,
        Self::Encrypt,
        Self::Decrypt,
        Self::DataKey,
        Self::Random,
    ];
}

/// The last requests of `connection`; enough for HTTP/2 to have sent all headers before.
async fn finish(
    connection: &mut Connection,
    last: Last,
    key: &str,
    name: &str,
    passed: &mut Passed,
) {
    let account = Account::test();
    for round in 0..2 {
        let plaintext = random::<32>();
        let encrypt = json!({"KeyId": key, "Plaintext": STANDARD.encode(plaintext.expose())});
        let name = format!("{name}, last {last:?} {round}");
        passed
            .secrets
            .push((name.clone(), plaintext.expose().to_vec().into()));
        match last {
            Last::Refusal => {
                let input = json!({"KeyId": "alias/absent", "Plaintext": encrypt["Plaintext"]});
                connection.try_call(&account, "Encrypt", &input).await;
            }
            Last::Encrypt => {
                connection.call(&account, "Encrypt", &encrypt).await;
            }
            Last::Decrypt => {
                let made = connection.call(&account, "Encrypt", &encrypt).await;
                let input = json!({"CiphertextBlob": made["CiphertextBlob"]});
                connection.call(&account, "Decrypt", &input).await;
            }
            Last::DataKey => {
                let input = json!({"KeyId": key, "KeySpec": "AES_256"});
                let made = connection.call(&account, "GenerateDataKey", &input).await;
                passed.keep(format!("{name}: data key"), &made["Plaintext"]);
            }
            Last::Random => {
                let input = json!({"NumberOfBytes": 32});
                let made = connection.call(&account, "GenerateRandom", &input).await;
                passed.keep(format!("{name}: random bytes"), &made["Plaintext"]);
            }
        }
    }
}

async fn work(connection: &mut Connection, name: &str, keys: &[String], passed: &mut Passed) {
    let account = Account::test();
    let context = json!({"purpose": "secrecy"});
    let plaintext = random::<32>();
    let encoded = STANDARD.encode(plaintext.expose());
    let input = json!({"KeyId": keys[0], "Plaintext": encoded, "EncryptionContext": context});
    let made = connection.call(&account, "Encrypt", &input).await;
    passed.secrets.push((
        format!("{name}: plaintext"),
        plaintext.expose().to_vec().into(),
    ));

    let input = json!({"CiphertextBlob": made["CiphertextBlob"], "EncryptionContext": context});
    let opened = connection.call(&account, "Decrypt", &input).await;
    assert_eq!(opened["Plaintext"], encoded);
    let wrong = json!({"CiphertextBlob": made["CiphertextBlob"]});
    let (status, _) = connection.try_call(&account, "Decrypt", &wrong).await;
    assert_eq!(status, 400);

    let input = json!({"CiphertextBlob": made["CiphertextBlob"], "SourceEncryptionContext": context,
        "DestinationKeyId": keys[1]});
    connection.call(&account, "ReEncrypt", &input).await;

    for length in [16, 32, 64, 1024] {
        let input = json!({"KeyId": keys[0], "NumberOfBytes": length});
        let made = connection.call(&account, "GenerateDataKey", &input).await;
        passed.keep(
            format!("{name}: data key of {length} bytes"),
            &made["Plaintext"],
        );
        let input = json!({"CiphertextBlob": made["CiphertextBlob"]});
        let opened = connection.call(&account, "Decrypt", &input).await;
        assert_eq!(opened["Plaintext"], made["Plaintext"]);
    }
    let made = connection
        .call(&account, "GenerateRandom", &json!({"NumberOfBytes": 32}))
        .await;
    passed.keep(format!("{name}: random bytes"), &made["Plaintext"]);
    refused(connection, name, keys, passed).await;
}

/// Requests with a plaintext that fail before anyone uses it.
async fn refused(connection: &mut Connection, name: &str, keys: &[String], passed: &mut Passed) {
    let account = Account::test();
    let stranger = Account {
        access_key_id: "test".to_owned(),
        secret: "wrong".to_owned(),
    };
    let other = Account {
        access_key_id: "111122223333".to_owned(),
        secret: "test".to_owned(),
    };
    for (what, account, key, tail) in [
        ("unknown key", &account, "alias/absent", ""),
        ("wrong signature", &stranger, keys[0].as_str(), ""),
        ("other account", &other, keys[0].as_str(), ""),
        ("not JSON", &account, keys[0].as_str(), "}"),
    ] {
        let plaintext = random::<32>();
        let encoded = STANDARD.encode(plaintext.expose());
        let input = json!({"KeyId": key, "Plaintext": encoded});
        let body = format!("{input}{tail}");
        let request = connection.signed(account, "Encrypt", body.into_bytes());
        let response = connection.send(request).await.unwrap();
        assert_eq!(response.status(), 400, "{what}");
        crate::client::answered(response).await;
        passed.secrets.push((
            format!("{name}: plaintext, {what}"),
            plaintext.expose().to_vec().into(),
        ));
    }
}

/// Waits until nothing of `needles` is in the memory of `pid`; how long it took.
pub(crate) fn clean_after(whose: &str, pid: u32, needles: &Needles) -> Duration {
    let search = needles.search();
    let clock = Env::system().clock;
    let start = clock.monotonic();
    let mut first = None;
    loop {
        let Sweep { bytes, hits } = sweep(pid, Way::ProcessVm, &search).unwrap();
        let waited = clock.monotonic().since(start);
        let first = first.get_or_insert(hits.len());
        if hits.is_empty() {
            println!(
                "{whose}: {} needles, {bytes} bytes; {first} found at once, none after {waited:?}",
                needles.count()
            );
            return waited;
        }
        assert!(
            waited < CLEAN_WITHIN,
            "{whose}: {} needles are left after {waited:?}: {}",
            hits.len(),
            told(&hits)
        );
    }
}

/// The first few of `hits`.
fn told(hits: &Hits) -> String {
    let few = hits.iter().take(12);
    few.map(|(name, (count, place))| format!("\n{name}: {count}, first at {place}"))
        .collect()
}

/// A connection of each version for each thing that it may do last.
async fn connect(server: &Server) -> Vec<(String, Last, Connection)> {
    let mut connections = Vec::new();
    for last in Last::ALL {
        for http in Http::BOTH {
            let connection = Connection::clear(server.address, http).await;
            connections.push((format!("{http:?}-{last:?}"), last, connection));
        }
    }
    connections
}

#[test]
fn what_passed_through_the_service_is_gone_when_it_is_idle() {
    if !may_read_memory() {
        return;
    }
    block_on(async {
        let server = Server::dev();
        let mut passed = Passed::default();
        let mut connections = connect(&server).await;
        for (name, last, connection) in &mut connections {
            load(connection, &format!("open {name}"), *last, &mut passed).await;
        }
        let needles = passed.needles();
        assert_searchable(&needles);
        clean_after("service, connections open", server.pid(), &needles);

        let mut passed = Passed::default();
        for (name, last, mut connection) in connect(&server).await {
            load(
                &mut connection,
                &format!("closed {name}"),
                last,
                &mut passed,
            )
            .await;
        }
        clean_after(
            "service, connections closed",
            server.pid(),
            &passed.needles(),
        );
        drop(connections);
        let mut needles = passed.needles();
        needles.text(CONTROL, DESCRIPTION.as_bytes());
        assert_only("service, idle", server.pid(), &needles, &[CONTROL]);
    });
}

#[test]
fn neither_process_of_a_server_shows_a_key() {
    if !may_read_memory() {
        return;
    }
    block_on(async {
        let server = Server::dev();
        let mut passed = Passed::default();
        for http in Http::BOTH {
            let name = format!("{http:?}");
            let mut connection = Connection::clear(server.address, http).await;
            load(&mut connection, &name, Last::DataKey, &mut passed).await;
            server.operate(&["domain", "rotate"]);
            let name = format!("{name}-rotated");
            load(&mut connection, &name, Last::Decrypt, &mut passed).await;
        }
        let mut needles = Needles::default();
        let copy = server.copy_data();
        add_keys(copy.path(), &mut needles);
        assert_searchable(&needles);
        needles.text(CONTROL, DESCRIPTION.as_bytes());
        assert_only("service", server.pid(), &needles, &[CONTROL]);

        if !crate::key_process::is_secret_memory_given().await {
            return;
        }
        let mut needles = passed.needles();
        let truth = add_keys(copy.path(), &mut needles);
        let store_keys = truth.store_keys();
        needles.raw("store seal key", store_keys.seal.expose());
        needles.raw("store name key", store_keys.name.expose());
        let key_file = std::fs::read(copy.path().join("dev.key")).unwrap();
        needles.raw("dev.key", &key_file);
        // The name it was executed by.
        needles.text("control: its own name", b"/proc/self/exe");
        let expected = ["control: its own name"];
        assert_only("key process", server.key_process(), &needles, &expected);
    });
}

/// Adds all keys of the dev data folder `data`.
pub(crate) fn add_keys(data: &std::path::Path, needles: &mut Needles) -> Truth {
    let seal = std::fs::read(data.join("hsm.seal")).unwrap();
    let key_file = std::fs::read(data.join("dev.key")).unwrap();
    let truth = Truth::open(&seal, &key_file);
    truth.add_domain(needles);
    truth.add_key_file(&key_file, needles);
    let tokens = truth.tokens(data, Kind::Dev);
    assert!(tokens.len() >= 2, "the store has keys");
    for (number, token) in tokens.iter().enumerate() {
        truth.add_token(&format!("key {number}"), token, needles);
    }
    truth
}
