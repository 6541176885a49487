//! A canary run: every secret that is used in it is searched for, in every form, wherever the server writes: store,
//! audit log, its own log at the finest level, metrics, the bodies of errors. Every operation that a secret passes
//! through is called, rightly and wrongly.

use std::path::Path;

use serde_json::{Value, json};
use strongroom_crypto::rsa_encryption::{OaepHash, oaep_encrypt};
use strongroom_testkit::{Client, Program, Reply, Server, TempDir, base64, from_base64, tempdir};

use crate::PROGRAM;
use crate::data_folder::files;
use crate::memory::sweep_file;
use crate::needles::{Hits, Needles};
use crate::truth::random;

/// Members of replies that are secret blobs.
const SECRET_BLOBS: &[&str] = &["Plaintext", "PrivateKeyPlaintext", "SharedSecret"];
/// Members of replies that are secret texts. Import tokens hold the key's ARN in clear: only as they are sent.
const SECRET_TEXTS: &[&str] = &[
    "GrantToken",
    "ImportToken",
    "SecretAccessKey",
    "SessionToken",
];
const ACCOUNT: &str = "000000000000";

/// A run: what passed through the server, and what it answered wrongly put questions with.
struct Run {
    folder: TempDir,
    server: Server,
    secrets: Vec<(String, Vec<u8>)>,
    errors: Vec<(String, Vec<u8>)>,
}

impl Run {
    fn start() -> Self {
        let folder = tempdir().unwrap();
        let program = Program::new(PROGRAM).with_variable("STRONGROOM_LOG", "trace");
        let watched = ["--metrics", "127.0.0.1:0"];
        let server = Server::dev_with(&program, &folder.path().join("data"), &watched);
        Self {
            folder,
            server,
            secrets: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// A secret of the client's own.
    fn secret(&mut self, name: &str) -> Vec<u8> {
        let secret = random::<48>().expose().to_vec();
        self.secrets.push((name.to_owned(), secret.clone()));
        secret
    }

    fn ok(&mut self, operation: &str, input: &Value) -> Value {
        let reply = self.server.client().ok(operation, input);
        self.keep(operation, &reply);
        reply
    }

    /// Keeps what is secret in a reply.
    fn keep(&mut self, operation: &str, reply: &Value) {
        for (member, value) in reply.as_object().unwrap() {
            let name = format!("{member} of {operation}");
            let text = value.as_str().unwrap_or_default();
            if SECRET_BLOBS.contains(&member.as_str()) {
                self.secrets.push((name, from_base64(text)));
            } else if SECRET_TEXTS.contains(&member.as_str()) {
                self.secrets.push((name, text.as_bytes().to_vec()));
            }
        }
    }

    fn refused(&mut self, what: &str, reply: Reply) {
        assert_ne!(reply.status, 200, "{what}: {}", reply.text());
        self.errors.push((what.to_owned(), reply.body));
    }

    /// Calls an operation in every wrong way that leaves the secret at `member` where it is.
    fn spoil(&mut self, operation: &str, input: &Value, member: &str) {
        let secret = input[member].clone();
        let mut nested = input.clone();
        nested[member] = json!({"deeper": secret});
        let mut listed = input.clone();
        listed[member] = json!([secret]);
        let mut long = input.clone();
        let text = secret.as_str().unwrap_or_default();
        long[member] = text.repeat(8192 / text.len().max(1) + 1).into();
        let absent_key = json!({"KeyId": "alias/absent", member: secret});
        for (how, wrong) in [
            ("nested", nested),
            ("listed", listed),
            ("too long", long),
            ("of an absent key", absent_key),
        ] {
            let reply = self.server.client().reply(operation, &wrong);
            self.refused(&format!("{operation}, {member} {how}"), reply);
        }
        let whole = input.to_string();
        let cut = &whole.as_bytes()[..whole.len() - 1];
        let reply = self.server.client().call_raw(operation, cut);
        self.refused(&format!("{operation}, cut"), reply);
        for (how, id, key) in [
            ("with a wrong signature", "test", "wrong"),
            ("of nobody", "AKIAIOSFODNN7EXAMPLE", "wrong"),
            ("of another account", "111122223333", "test"),
        ] {
            let reply = self.server.client_as(id, key).reply(operation, input);
            self.refused(&format!("{operation}, {how}"), reply);
        }
    }

    fn key(&mut self, input: &Value) -> String {
        let made = self.ok("CreateKey", input);
        made["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
    }

    fn symmetric(&mut self) {
        let key = self.key(&json!({}));
        let plaintext = base64(&self.secret("plaintext"));
        let encrypt = json!({"KeyId": key, "Plaintext": plaintext});
        let made = self.ok("Encrypt", &encrypt);
        self.spoil("Encrypt", &encrypt, "Plaintext");
        self.ok(
            "Decrypt",
            &json!({"CiphertextBlob": made["CiphertextBlob"]}),
        );
        self.ok(
            "ReEncrypt",
            &json!({"CiphertextBlob": made["CiphertextBlob"], "DestinationKeyId": key}),
        );
        self.ok(
            "GenerateDataKey",
            &json!({"KeyId": key, "KeySpec": "AES_256"}),
        );
        for spec in ["RSA_2048", "ECC_NIST_P256", "ECC_NIST_EDWARDS25519"] {
            let input = json!({"KeyId": key, "KeyPairSpec": spec});
            self.ok("GenerateDataKeyPair", &input);
        }
        self.ok("GenerateRandom", &json!({"NumberOfBytes": 64}));
        let grantee = format!("arn:aws:iam::{ACCOUNT}:root");
        let grant = json!({"KeyId": key, "GranteePrincipal": grantee, "Operations": ["Encrypt"]});
        let granted = self.ok("CreateGrant", &grant);
        let mut with_token = encrypt;
        with_token["GrantTokens"] = json!([granted["GrantToken"]]);
        self.ok("Encrypt", &with_token);
    }

    fn messages(&mut self) {
        let spec = json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"});
        let key = self.key(&spec);
        let message = base64(&self.secret("message to sign"));
        let input = json!({"KeyId": key, "Message": message, "SigningAlgorithm": "ECDSA_SHA_256"});
        let signed = self.ok("Sign", &input);
        self.spoil("Sign", &input, "Message");
        let mut verify = input;
        verify["Signature"] = signed["Signature"].clone();
        self.ok("Verify", &verify);

        let spec = json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"});
        let key = self.key(&spec);
        let message = base64(&self.secret("message to authenticate"));
        let input = json!({"KeyId": key, "Message": message, "MacAlgorithm": "HMAC_SHA_256"});
        let made = self.ok("GenerateMac", &input);
        self.spoil("GenerateMac", &input, "Message");
        self.secrets
            .push(("MAC".to_owned(), from_base64(made["Mac"].as_str().unwrap())));
        let mut verify = input;
        verify["Mac"] = made["Mac"].clone();
        self.ok("VerifyMac", &verify);

        let spec = json!({"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"});
        let key = self.key(&spec);
        let plaintext = base64(&self.secret("plaintext for RSA"));
        let algorithm = "RSAES_OAEP_SHA_256";
        let input = json!({"KeyId": key, "Plaintext": plaintext, "EncryptionAlgorithm": algorithm});
        let made = self.ok("Encrypt", &input);
        let ciphertext = &made["CiphertextBlob"];
        let input =
            json!({"KeyId": key, "CiphertextBlob": ciphertext, "EncryptionAlgorithm": algorithm});
        self.ok("Decrypt", &input);
    }

    fn agreements(&mut self) {
        let spec = json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "KEY_AGREEMENT"});
        let (one, other) = (self.key(&spec), self.key(&spec));
        let public = self.ok("GetPublicKey", &json!({"KeyId": other}));
        let input = json!({"KeyId": one, "KeyAgreementAlgorithm": "ECDH",
            "PublicKey": public["PublicKey"]});
        self.ok("DeriveSharedSecret", &input);
    }

    fn import(&mut self) {
        let key = self.key(&json!({"Origin": "EXTERNAL"}));
        let input = json!({"KeyId": key, "WrappingAlgorithm": "RSAES_OAEP_SHA_256",
            "WrappingKeySpec": "RSA_2048"});
        let parameters = self.ok("GetParametersForImport", &input);
        let material = random::<32>().expose().to_vec();
        self.secrets
            .push(("imported material".to_owned(), material.clone()));
        let spki = from_base64(parameters["PublicKey"].as_str().unwrap());
        let wrapped = oaep_encrypt(&spki, OaepHash::Sha256, &material).unwrap();
        self.secrets
            .push(("wrapped material".to_owned(), wrapped.clone()));
        let input = json!({"KeyId": key, "ImportToken": parameters["ImportToken"],
            "EncryptedKeyMaterial": base64(&wrapped), "ExpirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"});
        self.spoil("ImportKeyMaterial", &input, "EncryptedKeyMaterial");
        self.ok("ImportKeyMaterial", &input);
    }

    fn credentials(&mut self) {
        let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
            "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}});
        let trust = percent_encoded(&trust.to_string());
        self.query("iam", "CreateUser", "2010-05-08", "UserName=canary");
        self.query("iam", "CreateAccessKey", "2010-05-08", "UserName=canary");
        let role = format!("RoleName=canary&AssumeRolePolicyDocument={trust}");
        self.query("iam", "CreateRole", "2010-05-08", &role);
        self.query("sts", "GetSessionToken", "2011-06-15", "");
        self.query("sts", "GetFederationToken", "2011-06-15", "Name=canary");
        let user = self.text_of("SecretAccessKey of CreateAccessKey");
        let id = self.text_of("AccessKeyId of CreateAccessKey");
        let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
            "Action": "sts:AssumeRole", "Resource": "*"}});
        let policy = percent_encoded(&policy.to_string());
        let put = format!("UserName=canary&PolicyName=p&PolicyDocument={policy}");
        self.query("iam", "PutUserPolicy", "2010-05-08", &put);
        let arn = percent_encoded(&format!("arn:aws:iam::{ACCOUNT}:role/canary"));
        let assume =
            format!("Action=AssumeRole&Version=2011-06-15&RoleArn={arn}&RoleSessionName=canary");
        let mut client = self.server.client_as(&id, &user);
        let reply = client.query(&assume);
        self.keep_xml("AssumeRole", &reply);
        self.session();
    }

    /// A call with the credentials of the session that AssumeRole began, and one with a spoilt token.
    fn session(&mut self) {
        let secret = self.text_of("SecretAccessKey of AssumeRole");
        let id = self.text_of("AccessKeyId of AssumeRole");
        let token = self.text_of("SessionToken of AssumeRole");
        let input = json!({"KeyId": "alias/absent", "Plaintext": base64(b"0")});
        for token in [token.clone(), format!("{token}A")] {
            let client: Client = self.server.client_as(&id, &secret);
            let mut client = client.with_header("x-amz-security-token", &token);
            let reply = client.reply("Encrypt", &input);
            self.refused("a session's call", reply);
        }
    }

    fn query(&mut self, service: &str, operation: &str, version: &str, rest: &str) {
        let body = format!("Action={operation}&Version={version}&{rest}");
        let reply = self
            .server
            .client()
            .query_of(service, body.trim_end_matches('&'));
        self.keep_xml(operation, &reply);
    }

    /// Keeps what is secret in a reply of the Query protocol, and the id that goes with it.
    fn keep_xml(&mut self, operation: &str, reply: &Reply) {
        let text = reply.text();
        assert_eq!(reply.status, 200, "{operation}: {text}");
        for member in ["SecretAccessKey", "SessionToken", "AccessKeyId"] {
            let rest = text.split_once(&format!("<{member}>"));
            let found = rest.and_then(|(_, rest)| rest.split_once('<'));
            if let Some((value, _)) = found {
                let name = format!("{member} of {operation}");
                self.secrets.push((name, value.as_bytes().to_vec()));
            }
        }
    }

    fn text_of(&self, name: &str) -> String {
        let mut secrets = self.secrets.iter();
        let (_, value) = secrets.find(|(known, _)| known == name).expect(name);
        String::from_utf8(value.clone()).unwrap()
    }

    /// What may be seen nowhere. The ids of access keys are no secrets.
    fn needles(&self) -> Needles {
        let mut needles = Needles::default();
        for (name, secret) in &self.secrets {
            if !name.starts_with("AccessKeyId") {
                needles.canary(name, secret);
            }
        }
        needles
    }
}

fn percent_encoded(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}

/// Searches every file under `folder`; how many bytes there were.
fn search_files(folder: &Path, needles: &Needles, hits: &mut Hits) -> (usize, u64) {
    let search = needles.search();
    let files = files(folder);
    let mut bytes = 0;
    for file in &files {
        let sweep = sweep_file(file, &search);
        bytes += sweep.bytes;
        hits.extend(sweep.hits);
    }
    (files.len(), bytes)
}

#[test]
fn no_secret_of_a_run_is_found_where_the_server_writes() {
    let mut run = Run::start();
    run.symmetric();
    run.messages();
    run.agreements();
    run.import();
    run.credentials();
    let needles = run.needles();
    let mut hits = Hits::new();
    let search = needles.search();
    for (what, body) in &run.errors {
        search.add(body, &mut hits, |_| format!("the error of {what}"));
    }
    let log = run.server.stderr();
    assert!(log.contains("DEBUG"), "nothing fine is logged");
    search.add(log.as_bytes(), &mut hits, |at| format!("{at} of the log"));
    let metrics = run.server.watcher().get("/metrics").text();
    assert!(
        metrics.contains("GenerateDataKeyPair"),
        "nothing is counted"
    );
    search.add(metrics.as_bytes(), &mut hits, |at| {
        format!("{at} of the metrics")
    });
    // While it runs, then after it stopped and brought everything to its files.
    let running = search_files(run.folder.path(), &needles, &mut hits);
    assert!(run.server.terminate().success());
    let stopped = search_files(run.folder.path(), &needles, &mut hits);
    println!(
        "canary: {} secrets, {} needles, {} errors, {running:?} and {stopped:?} files and bytes, {} found",
        run.secrets.len(),
        needles.count(),
        run.errors.len(),
        hits.len()
    );
    assert!(hits.is_empty(), "{hits:#?}");

    // The search sees: what may be told stands in the audit log.
    let mut control = Needles::default();
    control.text("control", b"GenerateDataKeyPair");
    let mut seen = Hits::new();
    search_files(&run.folder.path().join("data/audit"), &control, &mut seen);
    assert_eq!(seen.len(), 1, "the search sees nothing");
}

#[test]
fn neither_process_leaves_a_core() {
    let folder = tempdir().unwrap();
    let server = Server::dev(&Program::new(PROGRAM), &folder.path().join("data"));
    for pid in [server.process().id(), server.key_process().id()] {
        let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
        let mut lines = limits.lines();
        let core = lines.find(|line| line.starts_with("Max core file size"));
        let words: Vec<&str> = core.unwrap().split_whitespace().collect();
        assert_eq!(words[4..6], ["0", "0"], "{limits}");
    }
}
