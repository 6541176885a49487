//! The key process alone, driven over its socket: every algorithm, and both seals with a secret.

use std::sync::Arc;

use strongroom_base::env::SystemClock;
use strongroom_base::{Clock, Secret};
use strongroom_crypto::exchange::{Recipient, seal_to};
use strongroom_crypto::key_wrap;
use strongroom_crypto::rsa_encryption::{OaepHash, oaep_encrypt};
use strongroom_crypto::sm2::Sm2PublicKey;
use strongroom_hsm_api::command::{
    AcceptAnchor, CheckAnchor, Confirm, Decapsulate, Decrypt, DeriveSharedSecret, DeriveSigningKey,
    Encapsulate, Encrypt, Fit, Found, GenerateDataKey, GenerateDataKeyPair, GenerateKey,
    GenerateMac, GenerateSecret, GenerateWrappingKey, GetPublicKey, GetStatus, ImportKey,
    Initialize, LoadSeal, PURPOSE_UNSEAL, ReEncrypt, Rewrap, RotateDomain, Sign, SignCheckpoint,
    SignDigest, Unseal, UnsealOutcome, Verify, VerifyMac,
};
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, Usage, Wrapping};
use strongroom_hsm_api::scheme::{
    EncryptionScheme, SignatureInput, SignatureScheme, WrappingScheme,
};
use strongroom_hsm_api::status::SealKind;
use strongroom_kms::key_process::{Client, Program};

use crate::memory::{assert_only, assert_searchable};
use crate::needles::Needles;
use crate::truth::{Truth, random};
use crate::{PROGRAM, block_on, may_read_memory};

const HOUR: std::time::Duration = std::time::Duration::from_secs(60 * 60);

const SIGNATURES: usize = 50;
const MESSAGES: usize = 50;

const SIGNATURE_SCHEMES: &[(Spec, SignatureScheme)] = &[
    (Spec::Rsa2048, SignatureScheme::RsaPkcs1Sha256),
    (Spec::Rsa3072, SignatureScheme::RsaPssSha384),
    (Spec::Rsa4096, SignatureScheme::RsaPssSha512),
    (Spec::EccP256, SignatureScheme::EcdsaSha256),
    (Spec::EccP384, SignatureScheme::EcdsaSha384),
    (Spec::EccP521, SignatureScheme::EcdsaSha512),
    (Spec::EccSecp256k1, SignatureScheme::EcdsaSha256),
    (Spec::Ed25519, SignatureScheme::Ed25519),
    (Spec::Ed25519, SignatureScheme::Ed25519Prehashed),
    (Spec::MlDsa44, SignatureScheme::MlDsa),
    (Spec::MlDsa65, SignatureScheme::MlDsa),
    (Spec::MlDsa87, SignatureScheme::MlDsa),
    (Spec::Sm2, SignatureScheme::Sm2),
];

const ENCRYPTION_SCHEMES: &[(Spec, EncryptionScheme)] = &[
    (Spec::Rsa2048, EncryptionScheme::OaepSha1),
    (Spec::Rsa2048, EncryptionScheme::OaepSha256),
    (Spec::Sm2, EncryptionScheme::Sm2),
];

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
        let (client, serve) = Client::connect(started.socket, Arc::default()).unwrap();
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
        self.anchor().await;
    }

    /// Has the process believe that its store, which there is none of, fits its anchor.
    async fn anchor(&self) {
        let nothing = Found {
            root: [0; 32],
            store: b"",
            first: b"",
            second: b"",
        };
        let accept = AcceptAnchor {
            found: nothing,
            sequence: 0,
        };
        let statement = self.client.call(&accept).await.unwrap().statement;
        let found = Found {
            root: [0; 32],
            store: &statement,
            first: &statement,
            second: b"",
        };
        let checked = self.client.call(&CheckAnchor { found }).await.unwrap();
        assert_eq!(checked.fit, Fit::Fits);
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

    async fn public(&self, token: &[u8]) -> Vec<u8> {
        self.client.call(&GetPublicKey { token }).await.unwrap().der
    }

    /// Uses every kind of key; what it used and made.
    async fn work(&self) -> Work {
        let mut work = Work::default();
        for (spec, scheme) in SIGNATURE_SCHEMES {
            let token = self.generate(*spec, Usage::SignVerify).await;
            for number in 0..SIGNATURES {
                self.sign_and_verify(&token, *scheme, &number.to_be_bytes())
                    .await;
            }
            work.tokens.push((format!("{spec:?}, signing"), token));
        }
        for (spec, scheme) in ENCRYPTION_SCHEMES {
            let token = self.generate(*spec, Usage::EncryptDecrypt).await;
            let plaintext = self.encrypt_and_decrypt(&token, *scheme).await;
            work.secrets
                .push((format!("plaintext under {spec:?}"), plaintext));
            work.tokens.push((format!("{spec:?}, decrypting"), token));
        }
        self.use_symmetric(&mut work).await;
        self.use_signing_secret(&mut work).await;
        self.use_macs(&mut work).await;
        self.sign_audit_log(&mut work).await;
        self.agree(&mut work).await;
        self.encapsulate(&mut work).await;
        self.import(&mut work).await;
        self.make_data_key_pairs(&mut work).await;
        work
    }

    async fn sign_and_verify(&self, token: &[u8], scheme: SignatureScheme, message: &[u8]) {
        let sign = Sign {
            token,
            scheme,
            input: SignatureInput::Message,
            message,
        };
        let signature = self.client.call(&sign).await.unwrap().signature;
        let verify = Verify {
            token,
            scheme,
            input: SignatureInput::Message,
            message,
            signature: &signature,
        };
        self.client.call(&verify).await.unwrap();
    }

    async fn encrypt_and_decrypt(&self, token: &[u8], scheme: EncryptionScheme) -> Secret<Vec<u8>> {
        let plaintext = random::<32>();
        let encrypt = Encrypt {
            token,
            scheme,
            context: b"",
            plaintext: plaintext.expose(),
        };
        let decrypt = Decrypt {
            token,
            scheme,
            context: b"",
            ciphertext: &self.client.call(&encrypt).await.unwrap().ciphertext,
            recipient: b"",
        };
        let opened = self.client.call(&decrypt).await.unwrap().plaintext;
        assert!(opened.matches(plaintext.expose()));
        opened
    }

    async fn use_macs(&self, work: &mut Work) {
        for spec in [Spec::Hmac224, Spec::Hmac256, Spec::Hmac384, Spec::Hmac512] {
            let token = self.generate(spec, Usage::GenerateVerifyMac).await;
            let generate = GenerateMac {
                token: &token,
                message: b"message",
            };
            let verify = VerifyMac {
                token: &token,
                message: b"message",
                mac: &self.client.call(&generate).await.unwrap().mac,
            };
            self.client.call(&verify).await.unwrap();
            work.tokens.push((format!("{spec:?}"), token));
        }
    }

    /// Once in a life: checkpoints do not go back.
    async fn sign_audit_log(&self, work: &mut Work) {
        let checkpoints = self.generate(Spec::Ed25519, Usage::SignAudit).await;
        let digests = self.generate(Spec::Rsa2048, Usage::SignAudit).await;
        for sequence in 0..u64::try_from(SIGNATURES).unwrap() {
            let checkpoint = SignCheckpoint {
                token: &checkpoints,
                writer: [1; 16],
                sequence,
                link: [2; 32],
            };
            self.client.call(&checkpoint).await.unwrap();
            let digest = SignDigest {
                token: &digests,
                message: &sequence.to_be_bytes(),
            };
            self.client.call(&digest).await.unwrap();
        }
        work.tokens.push(("checkpoints".to_owned(), checkpoints));
        work.tokens.push(("digests".to_owned(), digests));
    }

    async fn agree(&self, work: &mut Work) {
        for spec in [Spec::EccP256, Spec::EccP384, Spec::EccP521, Spec::Sm2] {
            let token = self.generate(spec, Usage::KeyAgreement).await;
            let derive = DeriveSharedSecret {
                token: &token,
                public: &self.public(&token).await,
                recipient: b"",
            };
            let secret = self.client.call(&derive).await.unwrap().plaintext;
            work.secrets.push((format!("secret of {spec:?}"), secret));
            work.tokens.push((format!("{spec:?}, agreeing"), token));
        }
    }

    async fn encapsulate(&self, work: &mut Work) {
        for spec in [Spec::MlKem512, Spec::MlKem768, Spec::MlKem1024] {
            let token = self.generate(spec, Usage::EncapsulateDecapsulate).await;
            let encapsulate = Encapsulate { token: &token };
            let made = self.client.call(&encapsulate).await.unwrap();
            let decapsulate = Decapsulate {
                token: &token,
                ciphertext: &made.ciphertext,
            };
            let secret = self.client.call(&decapsulate).await.unwrap().plaintext;
            assert!(secret.matches(made.secret.expose()));
            work.secrets.push((format!("secret of {spec:?}"), secret));
            work.tokens.push((format!("{spec:?}"), token));
        }
    }

    /// Brings symmetric material in under every kind of wrapping key.
    async fn import(&self, work: &mut Work) {
        for (spec, scheme) in [
            (Spec::Rsa2048, WrappingScheme::AesSha256),
            (Spec::Sm2, WrappingScheme::Sm2),
        ] {
            let wrapping = GenerateWrappingKey {
                attributes: Attributes {
                    wrapping: Some(Wrapping {
                        scheme,
                        not_after: u64::try_from(SystemClock.now().plus(HOUR).0).unwrap(),
                    }),
                    ..attributes(spec, Usage::Unwrap)
                },
            };
            let wrapping = self.client.call(&wrapping).await.unwrap();
            let material = random::<32>();
            let import = ImportKey {
                wrapping: &wrapping.token,
                wrapped: &wrap(scheme, &wrapping.public, material.expose()),
                attributes: Attributes {
                    origin: Origin::Imported,
                    ..attributes(Spec::Symmetric, Usage::EncryptDecrypt)
                },
            };
            let imported = self.client.call(&import).await.unwrap();
            let token = imported.token;
            self.encrypt_and_decrypt(&token, EncryptionScheme::Symmetric)
                .await;
            work.tokens
                .push((format!("imported under {spec:?}"), token));
            work.tokens
                .push((format!("{spec:?}, wrapping"), wrapping.token));
        }
    }

    /// For the caller and for a recipient, which makes the key process write CMS.
    async fn make_data_key_pairs(&self, work: &mut Work) {
        let token = self.generate(Spec::Symmetric, Usage::EncryptDecrypt).await;
        let recipient = self.generate(Spec::Rsa2048, Usage::EncryptDecrypt).await;
        let recipient = self.public(&recipient).await;
        for spec in [
            Spec::Rsa2048,
            Spec::EccP256,
            Spec::EccSecp256k1,
            Spec::Sm2,
            Spec::Ed25519,
            Spec::MlKem768,
        ] {
            for recipient in [&[][..], &recipient] {
                let generate = GenerateDataKeyPair {
                    token: &token,
                    context: b"",
                    spec,
                    recipient,
                };
                let made = self.client.call(&generate).await.unwrap();
                let decrypt = Decrypt {
                    token: &token,
                    scheme: EncryptionScheme::Symmetric,
                    context: b"",
                    ciphertext: &made.ciphertext,
                    recipient: b"",
                };
                let private = self.client.call(&decrypt).await.unwrap().plaintext;
                // What precedes the numbers of a PrivateKeyInfo is the same in every key.
                let secret = private.expose()[private.expose().len() / 2..].to_vec();
                work.secrets
                    .push((format!("half of a pair of {spec:?}"), secret.into()));
            }
        }
    }

    async fn use_symmetric(&self, work: &mut Work) {
        let token = self.generate(Spec::Symmetric, Usage::EncryptDecrypt).await;
        let other = self.generate(Spec::Symmetric, Usage::EncryptDecrypt).await;
        for number in 0..MESSAGES {
            let plaintext = random::<32>();
            let context = b"";
            let encrypt = Encrypt {
                token: &token,
                scheme: EncryptionScheme::Symmetric,
                context,
                plaintext: plaintext.expose(),
            };
            let made = self.client.call(&encrypt).await.unwrap().ciphertext;
            let decrypt = Decrypt {
                token: &token,
                scheme: EncryptionScheme::Symmetric,
                context,
                ciphertext: &made,
                recipient: b"",
            };
            let opened = self.client.call(&decrypt).await.unwrap();
            assert!(opened.plaintext.matches(plaintext.expose()));
            let re_encrypt = ReEncrypt {
                source: &token,
                source_scheme: EncryptionScheme::Symmetric,
                source_context: context,
                ciphertext: &made,
                destination: &other,
                destination_scheme: EncryptionScheme::Symmetric,
                destination_context: context,
            };
            let again = self.client.call(&re_encrypt).await.unwrap().ciphertext;
            let generate = GenerateDataKey {
                token: &token,
                context,
                length: 32,
                recipient: b"",
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
        wrapping: None,
    }
}

/// Wraps material as a caller does.
fn wrap(scheme: WrappingScheme, public: &[u8], material: &[u8]) -> Vec<u8> {
    if scheme == WrappingScheme::Sm2 {
        let public = Sm2PublicKey::from_spki(public).unwrap();
        return public.encrypt(material).unwrap();
    }
    let kek = random::<32>();
    let encrypted = oaep_encrypt(public, OaepHash::Sha256, kek.expose()).unwrap();
    let wrapped = key_wrap::wrap(kek.expose(), material).unwrap();
    [encrypted, wrapped].concat()
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
fn every_algorithm_runs_in_the_jail() {
    block_on(async {
        let process = KeyProcess::start();
        let key_file = random::<32>();
        process
            .initialize(SealKind::KeyFile, key_file.expose())
            .await;
        let work = process.work().await;
        assert!(!work.tokens.is_empty());
        // A forbidden system call would have ended it, in a lane or while it makes spare keys.
        let status = process.client.call(&GetStatus {}).await.unwrap();
        let mut protections = status.protections.0.iter();
        assert!(protections.any(|protection| protection.name == "seccomp" && protection.held));
    });
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
