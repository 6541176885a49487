//! The key process as a state machine without I/O: frames in, frames out, randomness injected. It
//! never returns plaintext key material, and never text.

mod anchor;
mod cache;
mod checkpoints;
mod cipher;
mod commands;
mod day;
mod domain;
mod key;
mod kind;
mod material;
mod recipient;
#[cfg(feature = "reveal")]
pub mod reveal;
mod rsa_pool;
mod seal;
mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use strongroom_base::{Clock, Random, Secret};
use strongroom_crypto::exchange;
use strongroom_crypto::signature::RsaKeySize;
use strongroom_hsm_api::Code;
use strongroom_hsm_api::anchor::Position;
use strongroom_hsm_api::command::{self as api, Command};
use strongroom_hsm_api::frame::{RequestFrame, append_reply};
use strongroom_hsm_api::key::{Attributes, Spec, State, TokenHeader, Usage};
use strongroom_hsm_api::status::Protection;
use strongroom_hsm_api::wire::{self, Field};

use anchor::{Anchor, Scribe};
use cache::KeyCache;
use checkpoints::Checkpoints;
use domain::Domain;
use key::Key;
use kind::Kind;
use rsa_pool::{RsaPairs, RsaPool};
use seal::{Seal, ShareCollector};

pub use seal::{NoMemory, WorkingMemory};

/// Session 0: the KMS service.
const SERVICE_SESSION: u32 = 0;

/// What a core is started with.
pub struct Setup {
    /// The source of salts, nonces, keys and data keys.
    pub random: Arc<dyn Random>,
    /// Tells which days signing keys may be derived for, until when wrapping keys are good, and when a
    /// checkpoint was signed.
    pub clock: Arc<dyn Clock>,
    /// Memory for Argon2id, handed out one passphrase at a time.
    pub working_memory: Box<dyn WorkingMemory>,
    /// How much memory unwrapped keys may take, in bytes.
    pub key_cache_bytes: usize,
    /// The protections that Status reports.
    pub protections: Vec<Protection>,
    /// The number of self-tests that passed, or `None` when one failed.
    pub self_tests_passed: Option<u32>,
}

/// The key process without its process.
pub struct Core {
    random: Arc<dyn Random>,
    clock: Arc<dyn Clock>,
    recipient: exchange::Recipient,
    protections: Vec<Protection>,
    self_tests_passed: Option<u32>,
    key_cache_bytes: usize,
    rsa: RsaPool,
    checkpoints: Checkpoints,
    anchor: Anchor,
    opened: RwLock<Option<Arc<Opened>>>,
    life: Mutex<Life>,
}

/// An open domain and the keys unwrapped under it. A change of the ring replaces both, so that no
/// key of a retired epoch stays usable.
struct Opened {
    domain: Domain,
    scribe: Scribe,
    keys: KeyCache,
}

/// What changes only by control commands, one at a time.
struct Life {
    working_memory: Box<dyn WorkingMemory>,
    seal: Option<Seal>,
    shares: ShareCollector,
    pending: Option<Pending>,
}

/// A change that takes effect once its seal is durable.
struct Pending {
    seal: Seal,
    domain: Domain,
    shares: Vec<Vec<u8>>,
    /// Where the store starts, if the domain is anchored from then on and was not before.
    first: Option<Position>,
}

type Outcome<T> = Result<T, Code>;

impl Core {
    /// A core without a domain.
    pub fn new(setup: Setup) -> Self {
        Self {
            checkpoints: Checkpoints::new(&*setup.random),
            random: setup.random,
            clock: setup.clock,
            recipient: exchange::Recipient::generate(),
            protections: setup.protections,
            self_tests_passed: setup.self_tests_passed,
            key_cache_bytes: setup.key_cache_bytes,
            rsa: RsaPool::default(),
            anchor: Anchor::default(),
            opened: RwLock::new(None),
            life: Mutex::new(Life {
                working_memory: setup.working_memory,
                seal: None,
                shares: ShareCollector::default(),
                pending: None,
            }),
        }
    }

    /// Carries out one request, which may take seconds, and appends its reply.
    pub fn handle(&self, request: &RequestFrame<'_>, out: &mut Vec<u8>) {
        self.handle_with(request, &RsaPairs::of(&self.rsa), out);
    }

    /// As [`Core::handle`], but only if it takes no longer than a lane may be kept.
    pub fn handle_in_lane(&self, request: &RequestFrame<'_>, out: &mut Vec<u8>) -> InLane {
        match Need::of(request) {
            Need::Nothing => {
                self.handle(request, out);
                InLane::Done
            }
            Need::RsaKeyPair(size) => match RsaPairs::reserve(&self.rsa, size) {
                Some(rsa) => {
                    self.handle_with(request, &rsa, out);
                    InLane::DoneWithSpare
                }
                None => InLane::TakesLong,
            },
            Need::Time => InLane::TakesLong,
        }
    }

    /// Whether [`Core::make_spare`] has something to do: a size of RSA that was asked for has too few
    /// spare key pairs.
    pub fn wants_spare(&self) -> bool {
        self.rsa.wants_spare()
    }

    /// Makes one spare RSA key pair. Takes 0.1 to several seconds.
    pub fn make_spare(&self) {
        self.rsa.make_spare();
    }

    fn handle_with(&self, request: &RequestFrame<'_>, rsa: &RsaPairs<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        if let Err(code) = self.dispatch(request, rsa, out) {
            out.truncate(start);
            append_reply(out, request.id, code, |_| {});
        }
    }

    fn dispatch(
        &self,
        request: &RequestFrame<'_>,
        rsa: &RsaPairs<'_>,
        out: &mut Vec<u8>,
    ) -> Outcome<()> {
        if request.session != SERVICE_SESSION {
            return Err(Code::UnknownSession);
        }
        if self.self_tests_passed.is_none() && request.command != api::GetStatus::NUMBER {
            return Err(Code::Failed);
        }
        let call = Call {
            core: self,
            request,
            out,
        };
        match request.command {
            api::GetStatus::NUMBER => call.run(Self::get_status),
            api::Initialize::NUMBER => call.run(Self::initialize),
            api::LoadSeal::NUMBER => call.run(Self::load_seal),
            api::Unseal::NUMBER => call.run(Self::unseal),
            api::Confirm::NUMBER => call.run(Self::confirm),
            api::Abandon::NUMBER => call.run(Self::abandon),
            api::RotateDomain::NUMBER => call.run(Self::rotate_domain),
            api::RetireEpoch::NUMBER => call.run(Self::retire_epoch),
            api::GetStoreKeys::NUMBER => call.run(Self::get_store_keys),
            api::AdvanceAnchor::NUMBER => call.run(Self::advance_anchor),
            api::CheckAnchor::NUMBER => call.run(Self::check_anchor),
            api::AdoptAnchor::NUMBER => call.run(Self::adopt_anchor),
            api::AcceptAnchor::NUMBER => call.run(Self::accept_anchor),
            api::GenerateKey::NUMBER => call.run(|core, command| core.generate_key(command, rsa)),
            api::SetState::NUMBER => call.run(Self::set_state),
            api::Rewrap::NUMBER => call.run(Self::rewrap),
            api::GetPublicKey::NUMBER => call.run(Self::get_public_key),
            api::Replicate::NUMBER => call.run(Self::replicate),
            api::GenerateWrappingKey::NUMBER => {
                call.run(|core, command| core.generate_wrapping_key(command, rsa))
            }
            api::ImportKey::NUMBER => call.run(Self::import_key),
            api::Encrypt::NUMBER => call.run(Self::encrypt),
            api::Decrypt::NUMBER => call.run(Self::decrypt),
            api::ReEncrypt::NUMBER => call.run(Self::re_encrypt),
            api::GenerateDataKey::NUMBER => call.run(Self::generate_data_key),
            api::GenerateDataKeyWithoutPlaintext::NUMBER => {
                call.run(Self::generate_data_key_without_plaintext)
            }
            api::GenerateRandom::NUMBER => call.run(Self::generate_random),
            api::GenerateSecret::NUMBER => call.run(Self::generate_secret),
            api::DeriveSigningKey::NUMBER => call.run(Self::derive_signing_key),
            api::GenerateDataKeyPair::NUMBER => {
                call.run(|core, command| core.generate_data_key_pair(command, rsa))
            }
            api::GenerateDataKeyPairWithoutPlaintext::NUMBER => call
                .run(|core, command| core.generate_data_key_pair_without_plaintext(command, rsa)),
            api::Sign::NUMBER => call.run(Self::sign),
            api::Verify::NUMBER => call.run(Self::verify),
            api::GenerateMac::NUMBER => call.run(Self::generate_mac),
            api::VerifyMac::NUMBER => call.run(Self::verify_mac),
            api::DeriveSharedSecret::NUMBER => call.run(Self::derive_shared_secret),
            api::Encapsulate::NUMBER => call.run(Self::encapsulate),
            api::Decapsulate::NUMBER => call.run(Self::decapsulate),
            api::SignCheckpoint::NUMBER => call.run(Self::sign_checkpoint),
            api::SignDigest::NUMBER => call.run(Self::sign_digest),
            _ => Err(Code::UnknownCommand),
        }
    }
}

/// What a lane made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InLane {
    /// It is answered.
    Done,
    /// It is answered, with a spare that [`Core::make_spare`] may replace.
    DoneWithSpare,
    /// It takes milliseconds or more; nothing was done.
    TakesLong,
}

/// What makes a request take long.
enum Need {
    Nothing,
    RsaKeyPair(RsaKeySize),
    Time,
}

impl Need {
    /// A body that cannot be decoded is refused at once.
    fn of(request: &RequestFrame<'_>) -> Self {
        let spec = match request.command {
            api::Initialize::NUMBER | api::Unseal::NUMBER => return Self::Time,
            api::ImportKey::NUMBER => return Self::of_import(request.body),
            api::GenerateKey::NUMBER => return Self::of_new_key(request.body),
            api::GenerateWrappingKey::NUMBER => {
                wire::decode::<api::GenerateWrappingKey<'_>>(request.body)
                    .map(|command| command.attributes.spec)
            }
            api::GenerateDataKeyPair::NUMBER => {
                wire::decode::<api::GenerateDataKeyPair<'_>>(request.body)
                    .map(|command| command.spec)
            }
            api::GenerateDataKeyPairWithoutPlaintext::NUMBER => {
                wire::decode::<api::GenerateDataKeyPairWithoutPlaintext<'_>>(request.body)
                    .map(|command| command.spec)
            }
            _ => return Self::Nothing,
        };
        spec.map_or(Self::Nothing, Self::of_spec)
    }

    fn of_spec(spec: Spec) -> Self {
        match Kind::of(spec) {
            Kind::Rsa(size) => Self::RsaKeyPair(size),
            _ => Self::Nothing,
        }
    }

    /// A key that signs the audit log is made once a month by nobody's call: no reason to keep spares.
    fn of_new_key(body: &[u8]) -> Self {
        let Ok(command) = wire::decode::<api::GenerateKey<'_>>(body) else {
            return Self::Nothing;
        };
        match (
            Self::of_spec(command.attributes.spec),
            command.attributes.usage,
        ) {
            (Self::RsaKeyPair(_), Usage::SignAudit) => Self::Time,
            (need, _) => need,
        }
    }

    /// The factors of a foreign RSA key are tested for primality.
    fn of_import(body: &[u8]) -> Self {
        let spec = wire::decode::<api::ImportKey<'_>>(body).map(|command| command.attributes.spec);
        match spec.map(Kind::of) {
            Ok(Kind::Rsa(_)) => Self::Time,
            _ => Self::Nothing,
        }
    }
}

/// One request on its way through [`Core::dispatch`].
struct Call<'c, 'r, 'o> {
    core: &'c Core,
    request: &'c RequestFrame<'r>,
    out: &'o mut Vec<u8>,
}

impl<'r> Call<'_, 'r, '_> {
    fn run<C: Command<'r>>(
        self,
        carry_out: impl FnOnce(&Core, C) -> Outcome<C::Reply>,
    ) -> Outcome<()> {
        let command: C = wire::decode(self.request.body).map_err(|_| Code::Malformed)?;
        let reply = carry_out(self.core, command)?;
        append_reply(self.out, self.request.id, Code::Success, |out| {
            reply.write(out)
        });
        Ok(())
    }
}

/// What the commands share.
impl Core {
    fn life(&self) -> MutexGuard<'_, Life> {
        // A panic while the lock was held ends the process (threads abort), so poison cannot be seen.
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) -> Option<Arc<Opened>> {
        self.opened
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The domain, whether the store fits its anchor or not.
    fn unsealed(&self) -> Outcome<Arc<Opened>> {
        self.opened().ok_or(Code::Sealed)
    }

    /// The domain of a store that fits its anchor.
    fn open(&self) -> Outcome<Arc<Opened>> {
        let opened = self.unsealed()?;
        if self.anchor.is_compared() {
            Ok(opened)
        } else {
            Err(Code::Unanchored)
        }
    }

    fn publish(&self, domain: Domain) {
        let opened = Opened {
            scribe: Scribe::new(&domain),
            domain,
            keys: KeyCache::new(self.key_cache_bytes),
        };
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(opened));
    }

    /// The unwrapped key of `token`, from the cache when exactly this token was opened before.
    fn key(&self, token: &[u8]) -> Outcome<Arc<Key>> {
        Self::key_under(&*self.open()?, token)
    }

    fn key_under(opened: &Opened, token: &[u8]) -> Outcome<Arc<Key>> {
        let header = TokenHeader::read(token).map_err(|_| Code::TokenRefused)?;
        if let Some(key) = opened.keys.get(&header.salt, token) {
            return Ok(key);
        }
        let (header, material) = token::unwrap(&opened.domain, token)?;
        let key = Arc::new(Key::load(&owned_by_caller(header.attributes)?, &material)?);
        opened.keys.insert(header.salt, token, &key);
        Ok(key)
    }

    fn new_key(
        &self,
        domain: &Domain,
        attributes: &Attributes<'_>,
        material: &Secret<Vec<u8>>,
    ) -> api::NewKey {
        let material = material.expose();
        api::NewKey {
            token: token::wrap(domain, attributes, material, &*self.random),
            material_id: material::material_id(attributes.spec, material, attributes.identity),
        }
    }

    fn usable_key(&self, token: &[u8], usage: Usage) -> Outcome<Arc<Key>> {
        let key = self.key(token)?;
        if key.state != State::Enabled {
            return Err(Code::KeyStateRefused);
        }
        if key.usage != usage {
            return Err(Code::UsageRefused);
        }
        Ok(key)
    }
}

impl Life {
    fn propose(&mut self, pending: Pending, statement: Vec<u8>) -> api::PendingChange {
        let change = api::PendingChange {
            version: pending.seal.version(),
            seal: pending.seal.to_bytes(),
            statement,
        };
        self.pending = Some(pending);
        change
    }
}

fn owned_by_caller(attributes: Attributes<'_>) -> Outcome<Attributes<'_>> {
    if attributes.owner != SERVICE_SESSION {
        return Err(Code::NotOwner);
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests;
