//! The key process alone, driven over its socket: RSA and P-256 too, and both seals with a secret.

use strongroom_base::env::SystemClock;
use strongroom_base::{Clock, Secret};
use strongroom_crypto::exchange::{Recipient, seal_to};
use strongroom_hsm_api::command::{
    Confirm, Decrypt, DeriveSigningKey, Encrypt, GenerateDataKey, GenerateKey, GenerateSecret,
    GetStatus, Initialize, LoadSeal, PURPOSE_UNSEAL, ReEncrypt, Rewrap, RotateDomain, Sign, Unseal,
    UnsealOutcome,
};
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, Usage};
use strongroom_hsm_api::status::SealKind;
use strongroom_kms::key_process::{Client, Program};

use crate::memory::{assert_only, assert_searchable};
use crate::needles::Needles;
use crate::truth::{Truth, random};
use crate::{PROGRAM, block_on, may_read_memory};

const SIGNATURES: usize = 200;
const MESSAGES: usize = 50;

/// A key process of the test's own.
struct KeyProcess {
    client: Client,
    pid: u32,
    _child: tokio::process::Child,
}

impl KeyProcess {
    fn start() -> Self {
        let started = Program::at(PROGRAM.into()).start().unwrap();
        let pid = started.child.id().unwrap();
        let (client, serve) = Client::connect(started.socket).unwrap();
        tokio::spawn(serve);
        Self {
            client,
            pid,
            _child: started.child,
        }
    }

    async fn boxed(&self, secret: &[u8]) -> Vec<u8> {
        let status = self.client.call(&GetStatus {}).await.unwrap();
        seal_to(&status.exchange_key, PURPOSE_UNSEAL, secret).unwrap()
    }

    /// Makes a domain; its seal.
    async fn initialize(&self, kind: SealKind, secret: &[u8]) -> Vec<u8> {
        let command = Initialize {
            kind,
            threshold: 0,
            shares: 0,
            secret: &self.boxed(secret).await,
            recipient: Recipient::generate().public(),
        };
        let change = self.client.call(&command).await.unwrap();
        self.confirm(change.version).await;
        change.seal
    }

    async fn unseal(&self, seal: &[u8], secret: &[u8]) {
        self.client.call(&LoadSeal { seal }).await.unwrap();
        let boxed = self.boxed(secret).await;
        let progress = self.client.call(&Unseal { secret: &boxed }).await.unwrap();
        assert_eq!(progress.outcome, UnsealOutcome::Opened);
    }

    async fn confirm(&self, version: u64) {
        self.client.call(&Confirm { version }).await.unwrap();
    }

    async fn generate(&self, spec: Spec, usage: Usage) -> Vec<u8> {
        let command = GenerateKey {
            attributes: attributes(spec, usage),
        };
        self.client.call(&command).await.unwrap().token
    }

    /// Uses every kind of key; what it used and made.
    async fn work(&self) -> Work {
        let mut work = Work::default();
        for (name, spec) in [("RSA-2048", Spec::Rsa2048), ("P-256", Spec::EccP256)] {
            let token = self.generate(spec, Usage::SignVerify).await;
            for number in 0..SIGNATURES {
                let message = number.to_be_bytes();
                let command = Sign {
                    token: &token,
                    message: &message,
                };
                self.client.call(&command).await.unwrap();
            }
            work.tokens.push((name.to_owned(), token));
        }
        self.use_symmetric(&mut work).await;
        self.use_signing_secret(&mut work).await;
        work
    }

    async fn use_symmetric(&self, work: &mut Work) {
        let token = self.generate(Spec::Symmetric, Usage::EncryptDecrypt).await;
        let other = self.generate(Spec::Symmetric, Usage::EncryptDecrypt).await;
        for number in 0..MESSAGES {
            let plaintext = random::<32>();
            let context = b"";
            let encrypt = Encrypt {
                token: &token,
                context,
                plaintext: plaintext.expose(),
            };
            let made = self.client.call(&encrypt).await.unwrap().ciphertext;
            let decrypt = Decrypt {
                token: &token,
                context,
                ciphertext: &made,
            };
            let opened = self.client.call(&decrypt).await.unwrap();
            assert!(opened.plaintext.matches(plaintext.expose()));
            let re_encrypt = ReEncrypt {
                source: &token,
                source_context: context,
                ciphertext: &made,
                destination: &other,
                destination_context: context,
            };
            let again = self.client.call(&re_encrypt).await.unwrap().ciphertext;
            let generate = GenerateDataKey {
                token: &token,
                context,
                length: 32,
            };
            let data_key = self.client.call(&generate).await.unwrap();
            work.secrets.push((
                format!("plaintext {number}"),
                plaintext.expose().to_vec().into(),
            ));
            work.secrets
                .push((format!("data key {number}"), data_key.plaintext));
            work.messages
                .push((format!("message {number}"), token.clone(), made));
            work.messages.push((
                format!("data key {number}"),
                token.clone(),
                data_key.ciphertext,
            ));
            work.messages
                .push((format!("message {number} again"), other.clone(), again));
        }
        work.tokens.push(("symmetric".to_owned(), token));
        work.tokens.push(("other symmetric".to_owned(), other));
    }

    async fn use_signing_secret(&self, work: &mut Work) {
        let command = GenerateSecret {
            attributes: attributes(Spec::SigningSecret, Usage::DeriveSigningKey),
        };
        let made = self.client.call(&command).await.unwrap();
        let now = SystemClock.now().seconds();
        let today = jiff::Timestamp::from_second(now).unwrap();
        let today = today.strftime("%Y%m%d").to_string();
        let derive = DeriveSigningKey {
            token: &made.token,
            prefix: b"AWS4",
            first: today.as_bytes(),
            second: b"us-east-1",
            third: b"kms",
            fourth: b"aws4_request",
        };
        let derived = self.client.call(&derive).await.unwrap();
        let key = derived.key.expose().to_vec();
        work.secrets.push(("signing key".to_owned(), key.into()));
        work.tokens.push(("signing secret".to_owned(), made.token));
    }

    /// Changes the domain key and wraps every token again; the new seal.
    async fn rotate(&self, work: &mut Work) -> Vec<u8> {
        let change = self.client.call(&RotateDomain {}).await.unwrap();
        self.confirm(change.version).await;
        for (name, token) in work.tokens.clone() {
            let again = self.client.call(&Rewrap { token: &token }).await.unwrap();
            work.tokens
                .push((format!("{name}, wrapped again"), again.token));
        }
        change.seal
    }

    /// Asserts that nothing of the seal `truth` opened, of `work` and of `unseal` is found.
    fn assert_keeps(&self, whose: &str, truth: &Truth, work: &Work, unseal: &[u8]) {
        let mut needles = Needles::default();
        truth.add_domain(&mut needles);
        let store_keys = truth.store_keys();
        needles.raw("store seal key", store_keys.seal.expose());
        needles.raw("store name key", store_keys.name.expose());
        needles.raw("unseal secret", unseal);
        for (name, token) in &work.tokens {
            truth.add_token(name, token, &mut needles);
        }
        for (name, token, ciphertext) in &work.messages {
            truth.add_message_key(name, token, ciphertext, &mut needles);
        }
        for (name, secret) in &work.secrets {
            needles.raw(name, secret.expose());
        }
        needles.text("control: its own name", PROGRAM.as_bytes());
        assert_searchable(&needles);
        assert_only(whose, self.pid, &needles, &["control: its own name"]);
    }
}

/// What was made and used.
#[derive(Default)]
struct Work {
    tokens: Vec<(String, Vec<u8>)>,
    messages: Vec<(String, Vec<u8>, Vec<u8>)>,
    secrets: Vec<(String, Secret<Vec<u8>>)>,
}

fn attributes(spec: Spec, usage: Usage) -> Attributes<'static> {
    Attributes {
        identity: b"secrecy test",
        placement: b"",
        owner: 0,
        spec,
        usage,
        origin: Origin::Generated,
        state: State::Enabled,
        version: 1,
    }
}

/// Whether key processes get secret memory on this machine; says so when not. Without it root reads
/// everything, as Status reports.
pub(crate) async fn is_secret_memory_given() -> bool {
    let process = KeyProcess::start();
    let status = process.client.call(&GetStatus {}).await.unwrap();
    let mut protections = status.protections.0.iter();
    let given = protections.any(|protection| protection.name == "secret-memory" && protection.held);
    if !given {
        println!("skipped: this kernel gives no secret memory");
    }
    given
}

#[test]
fn root_finds_no_key_in_a_key_process_that_signed_and_encrypted() {
    if !may_read_memory() {
        return;
    }
    block_on(async {
        if !is_secret_memory_given().await {
            return;
        }
        let process = KeyProcess::start();
        let key_file = random::<32>();
        process
            .initialize(SealKind::KeyFile, key_file.expose())
            .await;
        let mut work = process.work().await;
        let seal = process.rotate(&mut work).await;
        let truth = Truth::open(&seal, key_file.expose());
        process.assert_keeps("key process, key file", &truth, &work, key_file.expose());
    });
}

#[test]
fn root_finds_neither_key_nor_passphrase_after_argon2() {
    if !may_read_memory() {
        return;
    }
    block_on(async {
        if !is_secret_memory_given().await {
            return;
        }
        let maker = KeyProcess::start();
        let passphrase = strongroom_base::hex::encode(random::<24>().expose());
        let seal = maker
            .initialize(SealKind::Passphrase, passphrase.as_bytes())
            .await;
        let truth = Truth::open(&seal, passphrase.as_bytes());
        maker.assert_keeps(
            "key process that made a passphrase seal",
            &truth,
            &Work::default(),
            passphrase.as_bytes(),
        );
        let process = KeyProcess::start();
        process.unseal(&seal, passphrase.as_bytes()).await;
        let work = process.work().await;
        process.assert_keeps(
            "key process unsealed by passphrase",
            &truth,
            &work,
            passphrase.as_bytes(),
        );
    });
}
