//! Production: sealed until operators open it, and every refusal that keeps folders, shares and accounts apart.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use strongroom_testkit::{Client, Ended, Ending, Server, eventually};

use crate::{Scratch, program, scratch};

pub(crate) const PASSPHRASE: &str = "correct horse battery";
const ANY_PORT: &str = "127.0.0.1:0";
/// The account that `init` makes.
const FIRST_ACCOUNT: &str = "111122223333";
const BACK_MAX: Duration = Duration::from_secs(5);

/// What `init` made.
pub(crate) struct Made {
    folder: Scratch,
    output: String,
}

impl Made {
    /// `init` with a passphrase, or with the arguments that ask for shares.
    pub(crate) fn new(shares: &[&str]) -> Self {
        Self::with(shares, "")
    }

    /// The same with `more` in its configuration.
    pub(crate) fn with(shares: &[&str], more: &str) -> Self {
        let (folder, _) = scratch();
        let config = format!("data = \"data\"\nlisten = \"{ANY_PORT}\"\n{more}");
        fs::write(folder.path().join("c.toml"), config).unwrap();
        let mut made = Self {
            folder,
            output: String::new(),
        };
        let passphrase = made.secret("passphrase", PASSPHRASE);
        let seal = match shares {
            [] => vec!["--passphrase-file", &passphrase],
            shares => shares.to_vec(),
        };
        made.output = made
            .run("init", &[&seal[..], &["--account", FIRST_ACCOUNT]].concat())
            .succeeded();
        made
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file that holds `secret`.
    fn secret(&self, name: &str, secret: &str) -> String {
        let path = self.path(name);
        fs::write(&path, format!("{secret}\n")).unwrap();
        path.display().to_string()
    }

    /// Runs the command `words` on this configuration.
    pub(crate) fn run(&self, words: &str, more: &[&str]) -> Ended {
        let config = self.path("c.toml").display().to_string();
        let words = words.split(' ').chain(["--config", &config]);
        program().run(words.chain(more.iter().copied()))
    }

    pub(crate) fn unseal(&self, secret: &str) -> Ended {
        let file = self.secret("typed", secret);
        self.run("unseal", &["--secret-file", &file])
    }

    /// Adds `more` to the configuration and serves it.
    pub(crate) fn serve_with(&self, more: &str) -> Server {
        let served = self.try_serve_with(more);
        served.unwrap_or_else(|ending| panic!("{}", ending.stderr))
    }

    /// The same for a server that may refuse to start.
    pub(crate) fn try_serve_with(&self, more: &str) -> Result<Server, Ending> {
        let path = self.path("c.toml");
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, config + more).unwrap();
        Server::try_serve(&program(), &path)
    }

    /// Has it listen there.
    pub(crate) fn listen_on(&self, address: &str) {
        let path = self.path("c.toml");
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, config.replacen(ANY_PORT, address, 1)).unwrap();
    }

    pub(crate) fn serve(&self) -> Server {
        Server::serve(&program(), &self.path("c.toml"))
    }

    pub(crate) fn status(&self) -> Value {
        let output = self.run("status", &["--json"]).succeeded();
        serde_json::from_str(&output).unwrap()
    }

    pub(crate) fn client(&self, server: &Server) -> Client {
        client_of(server, &self.output)
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Access key id and secret of the root of `account`, which is made unless `init` made it; the server must be open.
    pub(crate) fn root_of(&self, account: &str) -> (String, String) {
        let made = match account {
            FIRST_ACCOUNT => self.output.clone(),
            _ => self.run("account create", &["--id", account]).succeeded(),
        };
        credentials_in(&made)
    }

    fn shares(&self) -> Vec<&str> {
        let words = self.output.split_whitespace();
        words.filter(|word| word.starts_with("srshare1-")).collect()
    }
}

/// A client with the credentials that `output` prints.
fn client_of(server: &Server, output: &str) -> Client {
    let (id, secret) = credentials_in(output);
    server.client_as(&id, &secret)
}

/// The access key id and its secret that `output` prints.
fn credentials_in(output: &str) -> (String, String) {
    let value = |name: &str| {
        let line = output.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {output}"))
            .to_owned()
    };
    (
        value("export AWS_ACCESS_KEY_ID="),
        value("export AWS_SECRET_ACCESS_KEY="),
    )
}

fn check_sealed(made: &Made, server: &Server) {
    const SEALED: &str = "The server is sealed. Its operators can open it with strongroom unseal.";
    let mut client = made.client(server);
    let refused = (
        503,
        json!({"__type": "ServiceUnavailableException", "Message": SEALED}),
    );
    for operation in ["ListKeys", "CreateKey", "Decrypt", "NoSuchOperation"] {
        assert_eq!(client.call(operation, &json!({})), refused, "{operation}");
    }
    let reply = client.query("Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("content-type"), Some("text/xml"));
    assert!(
        reply.text().contains("<Code>ServiceUnavailable</Code>"),
        "{}",
        reply.text()
    );
    assert_eq!(made.status()["state"], "sealed");
}

#[test]
fn a_passphrase_opens_and_a_killed_key_process_seals() {
    let made = Made::new(&[]);
    let server = made.serve();
    check_sealed(&made, &server);
    let text = made.run("status", &[]).succeeded();
    assert!(text.contains("state        sealed"), "{text}");
    assert_eq!(
        made.unseal("wrong horse battery").failed(),
        "strongroom: this does not unseal the server\n"
    );
    check_sealed(&made, &server);
    assert_eq!(made.unseal(PASSPHRASE).succeeded(), "The server is open.\n");
    assert_eq!(
        made.unseal(PASSPHRASE).succeeded(),
        "The server is open already.\n"
    );
    assert_eq!(made.status()["state"], "open");
    let key = made.client(&server).create_key();
    assert!(key.starts_with("arn:aws:kms:us-east-1:111122223333:key/"));

    let killed = server.key_process();
    killed.kill();
    eventually("the seal after the kill", BACK_MAX, || {
        (made.status()["state"] == "sealed").then_some(())
    });
    check_sealed(&made, &server);
    made.unseal(PASSPHRASE).succeeded();
    made.client(&server)
        .ok("DescribeKey", &json!({"KeyId": key}));
    assert!(!server.stderr().contains(PASSPHRASE));
}

#[test]
fn shares_open_and_every_mistake_is_named() {
    let shares = ["--shares", "3", "--threshold", "2"];
    let (made, other) = (Made::new(&shares), Made::new(&shares));
    let server = made.serve();
    check_sealed(&made, &server);
    let all = made.shares();
    assert_eq!(all.len(), 3);
    let mistyped = all[0].replace(
        &all[0][20..21],
        if &all[0][20..21] == "0" { "1" } else { "0" },
    );
    let refusals = [
        (
            mistyped.as_str(),
            "strongroom: this is not a share: it is mistyped or cut off\n",
        ),
        (
            &all[0][..40],
            "strongroom: this is not a share: it is mistyped or cut off\n",
        ),
        (
            PASSPHRASE,
            "strongroom: this is not a share: it is mistyped or cut off\n",
        ),
        (
            other.shares()[0],
            "strongroom: share 1 is wrong: it does not belong to this seal. 0 of 2 given\n",
        ),
    ];
    for (secret, text) in refusals {
        assert_eq!(made.unseal(secret).failed(), text);
    }
    assert_eq!(
        made.unseal(all[2]).succeeded(),
        "Share 3 accepted: 1 of 2.\n"
    );
    assert_eq!(
        made.unseal(all[2]).succeeded(),
        "Share 3 was given before: 1 of 2.\n"
    );
    assert_eq!(made.status()["shares_given"], 1);
    check_sealed(&made, &server);
    assert_eq!(made.unseal(all[0]).succeeded(), "The server is open.\n");
    made.client(&server).create_key();
}

#[test]
fn a_forged_share_is_named() {
    let made = Made::new(&["--shares", "3", "--threshold", "2"]);
    let server = made.serve();
    let mut share = strongroom_hsm::share::UnsealShare::from_text(made.shares()[1]).unwrap();
    share.value.expose_mut()[5] ^= 1;
    let forged = share.to_text();
    assert_eq!(
        made.unseal(forged.expose()).failed(),
        "strongroom: share 2 is wrong: it does not belong to this seal. 0 of 2 given\n"
    );
    check_sealed(&made, &server);
}

#[test]
fn init_refuses_what_would_be_weak_or_overwrite() {
    let made = Made::new(&[]);
    let passphrase = made.secret("again", PASSPHRASE);
    let again = made.run("init", &["--passphrase-file", &passphrase]);
    assert_eq!(
        again.failed(),
        format!(
            "strongroom: {} is initialised already; choose another folder\n",
            made.path("data").display()
        )
    );
    fs::write(made.path("c.toml"), "data = \"other\"").unwrap();
    let short = made.secret("short", "elevenbytes");
    assert_eq!(
        made.run("init", &["--passphrase-file", &short]).failed(),
        "strongroom: a passphrase needs at least 12 bytes\n"
    );
    assert_eq!(
        made.run("init", &["--shares", "2", "--threshold", "3"])
            .failed(),
        "strongroom: --threshold must not be more than --shares\n"
    );
    assert!(!made.path("other").exists());
}

#[test]
fn folders_of_the_other_kind_are_refused() {
    let made = Made::new(&[]);
    let data = made.path("data").display().to_string();
    let dev = program().run(["dev", "--listen", "127.0.0.1:0", "--data", &data]);
    assert_eq!(
        dev.failed(),
        "strongroom: dev refuses a folder made by init; choose another folder, or use serve\n"
    );
    let dev = made.path("dev");
    drop(Server::dev(&program(), &dev));
    fs::write(
        made.path("c.toml"),
        "data = \"dev\"\nlisten = \"127.0.0.1:0\"",
    )
    .unwrap();
    assert_eq!(
        made.run("serve", &[]).failed(),
        "strongroom: serve refuses a folder made by dev; make one with strongroom init\n"
    );
    fs::write(made.path("c.toml"), "data = \"none\"").unwrap();
    assert_eq!(
        made.run("serve", &[]).failed(),
        "strongroom: there is no data folder here; check the path, or make one with strongroom init\n"
    );
}

#[test]
fn one_folder_has_one_server_and_one_port_too() {
    let (folder, data) = scratch();
    let server = Server::dev(&program(), &data);
    let path = data.display().to_string();
    let second = program().run(["dev", "--listen", "127.0.0.1:0", "--data", &path]);
    assert_eq!(
        second.failed(),
        "strongroom: another strongroom uses this data folder; stop it, or choose another folder\n"
    );
    let address = server.address().to_string();
    let other = folder.path().join("other").display().to_string();
    let second = program().run(["dev", "--listen", &address, "--data", &other]);
    assert_eq!(
        second.failed(),
        format!(
            "strongroom: {address} is in use by another program; choose another address to listen on\n"
        )
    );
    server.client().create_key();
}

#[test]
fn a_folder_that_cannot_be_read_right_is_refused() {
    let made = Made::new(&[]);
    let newer = "strongroom: this data folder was written by a newer strongroom (format 2, this one knows 1); start that version\n";
    let unknown = "strongroom: the format file of this data folder is not understood; restore it from a backup\n";
    let format = made.path("data/format");
    let good = fs::read(&format).unwrap();
    for (content, text) in [
        ("strongroom-data server 2\n", newer),
        ("strongroom-data server 2 more\n", newer),
        ("strongroom-data server 1", unknown),
        ("", unknown),
    ] {
        fs::write(&format, content).unwrap();
        assert_eq!(made.run("serve", &[]).failed(), text, "{content:?}");
    }
    fs::write(&format, good).unwrap();

    let seal = made.path("data/hsm.seal");
    let good = fs::read(&seal).unwrap();
    fs::remove_file(&seal).unwrap();
    check_last_line(
        &made.run("serve", &[]).failed(),
        "strongroom: hsm.seal is missing; restore it from where it is kept, without it no key can be used",
    );
    for length in [0, 10, good.len() - 1] {
        fs::write(&seal, &good[..length]).unwrap();
        check_last_line(
            &made.run("serve", &[]).failed(),
            "strongroom: hsm.seal is damaged, or was written by a newer strongroom; restore it from where it is kept",
        );
    }
    // A byte that only the unseal secret can prove wrong: the server stays sealed.
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    fs::write(&seal, bad).unwrap();
    let server = made.serve();
    assert_eq!(
        made.unseal(PASSPHRASE).failed(),
        "strongroom: this does not unseal the server\n"
    );
    drop(server);
    fs::write(&seal, good).unwrap();
    let _server = made.serve();
    made.unseal(PASSPHRASE).succeeded();
}

/// The server may log before it gives up.
fn check_last_line(stderr: &str, line: &str) {
    assert_eq!(stderr.lines().last(), Some(line), "{stderr}");
}

#[test]
fn a_configuration_that_is_not_understood_is_refused() {
    let (folder, _) = scratch();
    let path = folder.path().join("c.toml");
    let config = path.display().to_string();
    for (text, part) in [
        (
            "data = \"d\"\nlisen = \"127.0.0.1:0\"",
            "unknown field `lisen`",
        ),
        (
            "data = \"d\"\n[tls]\ncertificate = \"c\"\nkey = \"k\"\npassword = \"p\"",
            "unknown field `password`",
        ),
        ("listen = \"127.0.0.1:0\"", "missing field `data`"),
        ("data = \"d\"\nlisten = \"here\"", "invalid socket address"),
    ] {
        fs::write(&path, text).unwrap();
        let refused = program().run(["serve", "--config", &config]).failed();
        let head = format!("strongroom: the configuration {config}: ");
        assert!(refused.starts_with(&head), "{refused}");
        assert!(refused.contains(part), "{refused}");
        assert!(!folder.path().join("d").exists());
    }
}

#[test]
fn accounts_and_regions_do_not_see_each_other() {
    let made = Made::new(&[]);
    let server = made.serve();
    let sealed = made.run("account create", &[]).failed();
    assert_eq!(
        sealed,
        "strongroom: the server is sealed; run `strongroom unseal` first\n"
    );
    made.unseal(PASSPHRASE).succeeded();
    let second = made
        .run("account create", &["--id", "444455556666"])
        .succeeded();
    assert!(
        second.starts_with("# root of account 444455556666\n"),
        "{second}"
    );
    assert_eq!(
        made.run("account create", &["--id", "444455556666"])
            .failed(),
        "strongroom: the account exists already\n"
    );
    assert_eq!(
        made.run("account create", &["--id", "44445555666x"])
            .failed(),
        "strongroom: an account id has 12 digits\n"
    );
    let third = made.run("account create", &[]).succeeded();

    let (mut one, mut two) = (made.client(&server), client_of(&server, &second));
    let key = one.create_key();
    let sealed = one.ok("Encrypt", &json!({"KeyId": key, "Plaintext": "QUJD"}));
    let denied = |action: &str, on: &str| {
        format!(
            "User: arn:aws:iam::444455556666:root is not authorized to perform: {action} on {on} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
        )
    };
    for operation in [
        "DescribeKey",
        "Encrypt",
        "ScheduleKeyDeletion",
        "DisableKey",
    ] {
        let input = match operation {
            "Encrypt" => json!({"KeyId": key, "Plaintext": "QUJD"}),
            _ => json!({"KeyId": key}),
        };
        let message = denied(&format!("kms:{operation}"), "this resource");
        let refused = json!({"__type": "AccessDeniedException", "Message": message});
        assert_eq!(two.call(operation, &input), (400, refused));
    }
    let message = denied(
        "kms:Decrypt",
        "the resource associated with this ciphertext",
    );
    let refused = json!({"__type": "AccessDeniedException", "Message": message});
    let input = json!({"CiphertextBlob": sealed["CiphertextBlob"]});
    assert_eq!(two.call("Decrypt", &input), (400, refused));
    assert_eq!(two.ok("ListKeys", &json!({}))["Keys"], json!([]));
    two.create_key();
    assert_eq!(one.ok("ListKeys", &json!({}))["Keys"][0]["KeyArn"], *key);
    assert_eq!(
        client_of(&server, &third).ok("ListKeys", &json!({}))["Keys"],
        json!([])
    );

    let id = key.rsplit('/').next().unwrap();
    let mut elsewhere = made.client(&server).in_region("eu-west-1");
    let absent = format!("Key 'arn:aws:kms:eu-west-1:111122223333:key/{id}' does not exist");
    let refused = json!({"__type": "NotFoundException", "message": absent});
    assert_eq!(
        elsewhere.call("DescribeKey", &json!({"KeyId": id})),
        (400, refused)
    );
    let refused = json!({"__type": "NotFoundException", "message": "Invalid arn us-east-1"});
    assert_eq!(
        elsewhere.call("DescribeKey", &json!({"KeyId": key})),
        (400, refused)
    );
    assert_eq!(elsewhere.ok("ListKeys", &json!({}))["Keys"], json!([]));
    let (status, refused) = elsewhere.call("Decrypt", &input);
    assert_eq!(
        (status, refused["__type"].as_str()),
        (400, Some("AccessDeniedException"))
    );
}
