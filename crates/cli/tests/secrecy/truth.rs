//! What the keys really are: a core of the test's own opens the same seal and tells.

use std::path::Path;
use std::sync::Arc;

use strongroom_base::env::{SystemClock, SystemRandom};
use strongroom_base::{Env, Secret};
use strongroom_crypto::exchange::seal_to;
use strongroom_hsm::core::{Core, Setup};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{
    Command, GetStatus, GetStoreKeys, LoadSeal, PURPOSE_UNSEAL, Unseal, UnsealOutcome,
};
use strongroom_hsm_api::frame::{ReplyFrame, RequestFrame};
use strongroom_hsm_api::key::{Spec, TokenHeader};
use strongroom_hsm_api::wire::{decode, encode};
use strongroom_kms::accounts::AccountRule;
use strongroom_kms::audit_log::{AuditLog, AuditOptions};
use strongroom_kms::key_process::KeyProcess;
use strongroom_kms::kms::{Kms, Settings};
use strongroom_kms::service::audit_folder;
use strongroom_store::{Folder, Kind, SealedStore, Sqlite, SqliteOptions, StoreKeys};
use strongroom_testkit::OrdinaryMemory;

use crate::needles::Needles;

/// A core with the seal opened.
pub(crate) struct Truth(Core);

impl Truth {
    /// Opens `seal` with a key file or a passphrase.
    pub(crate) fn open(seal: &[u8], secret: &[u8]) -> Self {
        let truth = Self(Core::new(Setup {
            random: Arc::new(SystemRandom),
            clock: Arc::new(SystemClock),
            working_memory: Box::new(OrdinaryMemory),
            key_cache_bytes: 1 << 18,
            protections: Vec::new(),
            self_tests_passed: Some(1),
        }));
        truth.call(&LoadSeal { seal }).unwrap();
        let status = truth.call(&GetStatus {}).unwrap();
        let boxed = seal_to(&status.exchange_key, PURPOSE_UNSEAL, secret).unwrap();
        let progress = truth.call(&Unseal { secret: &boxed }).unwrap();
        assert_eq!(progress.outcome, UnsealOutcome::Opened);
        truth
    }

    fn call<'a, C: Command<'a>>(&self, command: &C) -> Result<C::Reply, Code> {
        let body = encode(command);
        let request = RequestFrame {
            id: 1,
            session: 0,
            command: C::NUMBER,
            body: &body,
        };
        let mut out = Vec::new();
        self.0.handle(&request, &mut out);
        let reply: ReplyFrame<'_> = decode(&out).unwrap();
        match decode::<Code>(&reply.status.to_be_bytes()).unwrap() {
            Code::Success => Ok(decode(reply.body).unwrap()),
            code => Err(code),
        }
    }

    /// The keys of the store, which the service holds.
    pub(crate) fn store_keys(&self) -> StoreKeys {
        let keys = self.call(&GetStoreKeys {}).unwrap();
        StoreKeys {
            seal: keys.seal,
            name: keys.name,
        }
    }

    /// Adds the root key and what only the key process may derive from it.
    pub(crate) fn add_domain(&self, needles: &mut Needles) {
        let keys = self.0.danger_reveal_domain().unwrap();
        needles.raw("root key", keys.root.expose());
        needles.raw("ring key", keys.ring.expose());
        for (number, key) in keys.epochs.iter().enumerate() {
            needles.raw(&format!("domain key {number}"), key.expose());
        }
    }

    /// Adds the key that a key file becomes.
    pub(crate) fn add_key_file(&self, key_file: &[u8], needles: &mut Needles) {
        let key = self.0.danger_reveal_key_encryption_key(key_file).unwrap();
        needles.raw("key encryption key", key.expose());
    }

    /// Adds the material in `token`, and the key that wraps it.
    pub(crate) fn add_token(&self, name: &str, token: &[u8], needles: &mut Needles) {
        let keys = self.0.danger_reveal_token(token).unwrap();
        let material = keys.material.expose();
        needles.raw(&format!("wrapping key of {name}"), keys.wrapping.expose());
        match TokenHeader::read(token).unwrap().attributes.spec {
            Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096 => {
                for (part, value) in rsa_numbers(material) {
                    needles.number(&format!("{part} of {name}"), value);
                }
            }
            Spec::EccP256 | Spec::EccP384 | Spec::EccP521 | Spec::EccSecp256k1 | Spec::Sm2 => {
                needles.number(&format!("scalar of {name}"), scalar(material))
            }
            // RFC 8410 §7: the seed ends the PrivateKeyInfo.
            Spec::Ed25519 => {
                needles.raw(&format!("seed of {name}"), &material[material.len() - 32..]);
            }
            // Raw bytes, a text, or a seed.
            _ => needles.raw(&format!("material of {name}"), material),
        }
    }

    /// Adds the key that encrypts the message in `ciphertext`.
    pub(crate) fn add_message_key(
        &self,
        name: &str,
        token: &[u8],
        ciphertext: &[u8],
        needles: &mut Needles,
    ) {
        let key = self.0.danger_reveal_message_key(token, ciphertext).unwrap();
        needles.raw(&format!("message key of {name}"), key.expose());
    }

    /// Every token in the store of the data folder `data`, which no server may have open.
    pub(crate) fn tokens(&self, data: &Path, kind: Kind) -> Vec<Vec<u8>> {
        let folder = Folder::open(data, kind).unwrap();
        let engine = Sqlite::open(&folder, SqliteOptions::default()).unwrap();
        let env = Env::system();
        let store = SealedStore::new(
            Arc::new(engine),
            &self.store_keys(),
            Arc::clone(&env.random),
        );
        let audit = AuditLog::open(&audit_folder(data), &env, AuditOptions::DEVELOPMENT).unwrap();
        let settings = Settings::new(AccountRule::Every);
        let kms = Kms::open(
            env,
            settings,
            store,
            KeyProcess::default(),
            Arc::new(audit),
            Arc::default(),
        );
        let keys = kms.records.list_all_keys(None, 1000).unwrap();
        let access_keys = kms.records.list_all_access_keys(None, 1000).unwrap();
        let audit_keys = kms.records.list_audit_keys().unwrap().into_iter();
        let materials = keys
            .records
            .into_iter()
            .flat_map(|key| key.record.materials);
        materials
            .filter_map(|material| material.token)
            .chain(access_keys.records.into_iter().map(|key| key.record.token))
            .chain(audit_keys.filter_map(|key| key.record.token))
            .collect()
    }
}

/// RFC 8017 §A.1.2: the secret numbers of a PKCS#8 RSA key.
fn rsa_numbers(pkcs8: &[u8]) -> Vec<(&'static str, &[u8])> {
    let key = content(&elements(content(&elements(pkcs8)[0]))[2]);
    let numbers = elements(content(&elements(key)[0]));
    ["d", "p", "q", "dp", "dq", "qinv"]
        .into_iter()
        .zip(&numbers[3..])
        .map(|(part, number)| (part, content(number).trim_prefix_zero()))
        .collect()
}

/// RFC 5915 §3: the scalar of a PKCS#8 key on a curve.
fn scalar(pkcs8: &[u8]) -> &[u8] {
    let key = content(&elements(content(&elements(pkcs8)[0]))[2]);
    content(&elements(content(&elements(key)[0]))[1])
}

/// A DER element: tag and content.
struct Element<'d>(&'d [u8]);

fn content<'d>(element: &Element<'d>) -> &'d [u8] {
    element.0
}

/// The DER elements that fill `bytes`.
fn elements(mut bytes: &[u8]) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    while let [_, length, rest @ ..] = bytes {
        let long = usize::from(length & 0x7f);
        let (length, rest) = if length & 0x80 == 0 {
            (long, rest)
        } else {
            let (digits, rest) = rest.split_at(long);
            (
                digits
                    .iter()
                    .fold(0, |sum, digit| sum << 8 | usize::from(*digit)),
                rest,
            )
        };
        let (content, rest) = rest.split_at(length);
        found.push(Element(content));
        bytes = rest;
    }
    found
}

trait TrimZero {
    fn trim_prefix_zero(&self) -> &Self;
}

impl TrimZero for [u8] {
    /// DER writes a zero before a number whose first bit is set.
    fn trim_prefix_zero(&self) -> &Self {
        self.strip_prefix(&[0]).unwrap_or(self)
    }
}

/// A secret of this process that no other has.
pub(crate) fn random<const N: usize>() -> Secret<[u8; N]> {
    Secret::new(Env::system().random_bytes())
}
