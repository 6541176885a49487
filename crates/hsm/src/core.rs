//! The key process as a state machine without I/O: frames in, frames out, randomness injected. It
//! never returns plaintext key material, and never text.

mod cipher;
mod day;
mod domain;
mod keys;
#[cfg(feature = "reveal")]
pub mod reveal;
mod seal;
mod token;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use strongroom_base::{Clock, Random, Secret};
use strongroom_crypto::exchange::{Recipient, seal_to};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{self as api, Command};
use strongroom_hsm_api::frame::{RequestFrame, append_reply};
use strongroom_hsm_api::key::{Attributes, Spec, State, TokenHeader, Usage};
use strongroom_hsm_api::status::{Phase, Protection, SealKind, Status};
use strongroom_hsm_api::wire::{self, Field, List};

use domain::Domain;
use keys::{Key, KeyCache};
use seal::{Seal, ShareCollector};

pub use seal::WorkingMemory;

/// Session 0: the KMS service.
const SERVICE_SESSION: u32 = 0;

/// What a core is started with.
pub struct Setup {
    /// The source of salts, nonces, keys and data keys.
    pub random: Arc<dyn Random>,
    /// Tells which days signing keys may be derived for.
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
    recipient: Recipient,
    protections: Vec<Protection>,
    self_tests_passed: Option<u32>,
    key_cache_bytes: usize,
    opened: RwLock<Option<Arc<Opened>>>,
    life: Mutex<Life>,
}

/// An open domain and the keys unwrapped under it. A change of the ring replaces both, so that no
/// key of a retired epoch stays usable.
struct Opened {
    domain: Domain,
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
}

type Outcome<T> = Result<T, Code>;

impl Core {
    /// A core without a domain.
    pub fn new(setup: Setup) -> Self {
        Self {
            random: setup.random,
            clock: setup.clock,
            recipient: Recipient::generate(),
            protections: setup.protections,
            self_tests_passed: setup.self_tests_passed,
            key_cache_bytes: setup.key_cache_bytes,
            opened: RwLock::new(None),
            life: Mutex::new(Life {
                working_memory: setup.working_memory,
                seal: None,
                shares: ShareCollector::default(),
                pending: None,
            }),
        }
    }

    /// Whether a request takes milliseconds rather than microseconds, and so must not run in a lane.
    pub fn is_slow(request: &RequestFrame<'_>) -> bool {
        match request.command {
            api::Initialize::NUMBER | api::Unseal::NUMBER => true,
            api::GenerateKey::NUMBER => wire::decode::<api::GenerateKey<'_>>(request.body)
                .is_ok_and(|generate| {
                    matches!(
                        generate.attributes.spec,
                        Spec::Rsa2048 | Spec::Rsa3072 | Spec::Rsa4096
                    )
                }),
            _ => false,
        }
    }

    /// Carries out one request and appends its reply.
    pub fn handle(&self, request: &RequestFrame<'_>, out: &mut Vec<u8>) {
        let start = out.len();
        if let Err(code) = self.dispatch(request, out) {
            out.truncate(start);
            append_reply(out, request.id, code, |_| {});
        }
    }

    fn dispatch(&self, request: &RequestFrame<'_>, out: &mut Vec<u8>) -> Outcome<()> {
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
            api::GenerateKey::NUMBER => call.run(Self::generate_key),
            api::SetState::NUMBER => call.run(Self::set_state),
            api::Rewrap::NUMBER => call.run(Self::rewrap),
            api::GetPublicKey::NUMBER => call.run(Self::get_public_key),
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
            api::Sign::NUMBER => call.run(Self::sign),
            _ => Err(Code::UnknownCommand),
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

/// The life of the domain.
impl Core {
    fn get_status(&self, _: api::GetStatus) -> Outcome<Status> {
        let life = self.life();
        let opened = self.opened();
        let phase = match (&self.self_tests_passed, &opened, &life.seal) {
            (None, _, _) => Phase::Failed,
            (_, Some(_), _) => Phase::Open,
            (_, None, Some(_)) => Phase::Sealed,
            (_, None, None) => Phase::Empty,
        };
        let seal = life.seal.as_ref();
        Ok(Status {
            phase,
            exchange_key: self.recipient.public(),
            domain: seal.map_or([0; 16], Seal::domain_id),
            seal_kind: List(seal.map(Seal::kind).into_iter().collect()),
            seal_version: seal.map_or(0, Seal::version),
            shares_needed: seal.map_or(0, Seal::shares_needed),
            shares_given: life.shares.given(),
            epoch: opened
                .as_ref()
                .map_or(0, |opened| opened.domain.current_epoch()),
            epochs: List(
                opened
                    .as_ref()
                    .map_or_else(Vec::new, |opened| opened.domain.epochs()),
            ),
            self_tests_passed: self.self_tests_passed.unwrap_or(0),
            protections: List(self.protections.iter().map(copy_protection).collect()),
        })
    }

    fn initialize(&self, command: api::Initialize<'_>) -> Outcome<api::PendingChange> {
        let mut life = self.life();
        if life.seal.is_some() || life.pending.is_some() {
            return Err(Code::NotEmpty);
        }
        let plan = self.seal_plan(&command)?;
        let domain = Domain::generate(&*self.random);
        let (seal, shares) = Seal::create(&domain, plan, &mut *life.working_memory, &*self.random)?;
        let shares = shares
            .iter()
            .map(|share| seal_to(&command.recipient, api::PURPOSE_SHARE, share.expose()))
            .collect::<Result<_, _>>()
            .map_err(|_| Code::Malformed)?;
        Ok(life.propose(Pending {
            seal,
            domain,
            shares,
        }))
    }

    fn seal_plan(&self, command: &api::Initialize<'_>) -> Outcome<seal::Plan> {
        match command.kind {
            SealKind::KeyFile => Ok(seal::Plan::KeyFile(self.open_box(command.secret)?)),
            SealKind::Passphrase => Ok(seal::Plan::Passphrase(self.open_box(command.secret)?)),
            SealKind::Shares if command.secret.is_empty() => Ok(seal::Plan::Shares {
                threshold: command.threshold,
                shares: command.shares,
            }),
            SealKind::Shares => Err(Code::Malformed),
        }
    }

    fn load_seal(&self, command: api::LoadSeal<'_>) -> Outcome<()> {
        let mut life = self.life();
        if life.seal.is_some() || life.pending.is_some() {
            return Err(Code::NotEmpty);
        }
        life.seal = Some(Seal::parse(command.seal)?);
        Ok(())
    }

    fn unseal(&self, command: api::Unseal<'_>) -> Outcome<api::UnsealProgress> {
        let secret = self.open_box(command.secret)?;
        let mut life = self.life();
        if self.opened().is_some() {
            return Err(Code::NotEmpty);
        }
        let Life {
            seal,
            shares,
            working_memory,
            ..
        } = &mut *life;
        let seal = seal.as_ref().ok_or(Code::Sealed)?;
        let (progress, domain) = seal.unseal(&secret, shares, &mut **working_memory)?;
        if let Some(domain) = domain {
            shares.clear();
            working_memory.give_back();
            self.publish(domain);
        }
        Ok(progress)
    }

    fn confirm(&self, command: api::Confirm) -> Outcome<api::Confirmed> {
        let mut life = self.life();
        let pending = life
            .pending
            .take_if(|pending| pending.seal.version() == command.version)
            .ok_or(Code::NothingPending)?;
        life.seal = Some(pending.seal);
        life.working_memory.give_back();
        self.publish(pending.domain);
        Ok(api::Confirmed {
            shares: List(pending.shares),
        })
    }

    fn abandon(&self, command: api::Abandon) -> Outcome<()> {
        let mut life = self.life();
        life.pending
            .take_if(|pending| pending.seal.version() == command.version)
            .ok_or(Code::NothingPending)?;
        Ok(())
    }

    fn rotate_domain(&self, _: api::RotateDomain) -> Outcome<api::PendingChange> {
        self.change_ring(|domain| domain.with_next_epoch(&*self.random))
    }

    fn retire_epoch(&self, command: api::RetireEpoch) -> Outcome<api::PendingChange> {
        self.change_ring(|domain| domain.without_epoch(command.epoch))
    }

    fn change_ring(
        &self,
        change: impl FnOnce(&Domain) -> Option<Domain>,
    ) -> Outcome<api::PendingChange> {
        let mut life = self.life();
        let current = self.open()?;
        if life.pending.is_some() {
            return Err(Code::ChangePending);
        }
        let domain = change(&current.domain).ok_or(Code::EpochRefused)?;
        let seal = life
            .seal
            .as_ref()
            .ok_or(Code::Sealed)?
            .with_ring_of(&domain, &*self.random);
        Ok(life.propose(Pending {
            seal,
            domain,
            shares: Vec::new(),
        }))
    }

    fn get_store_keys(&self, _: api::GetStoreKeys) -> Outcome<api::StoreKeys> {
        let opened = self.open()?;
        let domain = &opened.domain;
        Ok(api::StoreKeys {
            seal: domain.derived(b"strongroom store-seal v1"),
            name: domain.derived(b"strongroom store-name v1"),
        })
    }
}

/// The life of a key.
impl Core {
    fn generate_key(&self, command: api::GenerateKey<'_>) -> Outcome<api::NewKey> {
        let opened = self.open()?;
        let attributes = owned_by_caller(command.attributes)?;
        let material = keys::generate(attributes.spec, &*self.random)?;
        let material_id = keys::material_id(material.expose(), attributes.identity);
        Ok(api::NewKey {
            token: token::wrap(
                &opened.domain,
                &attributes,
                material.expose(),
                &*self.random,
            ),
            material_id,
        })
    }

    fn set_state(&self, command: api::SetState<'_>) -> Outcome<api::Token> {
        self.wrap_again(command.token, |attributes| {
            attributes.state = command.state;
            attributes.version = attributes.version.saturating_add(1);
        })
    }

    fn rewrap(&self, command: api::Rewrap<'_>) -> Outcome<api::Token> {
        self.wrap_again(command.token, |_| {})
    }

    fn wrap_again(
        &self,
        token: &[u8],
        change: impl FnOnce(&mut Attributes<'_>),
    ) -> Outcome<api::Token> {
        let opened = self.open()?;
        let (header, material) = token::unwrap(&opened.domain, token)?;
        let mut attributes = owned_by_caller(header.attributes)?;
        change(&mut attributes);
        Ok(api::Token {
            token: token::wrap(
                &opened.domain,
                &attributes,
                material.expose(),
                &*self.random,
            ),
        })
    }

    fn get_public_key(&self, command: api::GetPublicKey<'_>) -> Outcome<api::PublicKey> {
        let key = self.key(command.token)?;
        Ok(api::PublicKey {
            der: key.public_key().ok_or(Code::UsageRefused)?,
        })
    }
}

/// The use of a key.
impl Core {
    fn encrypt(&self, command: api::Encrypt<'_>) -> Outcome<api::Ciphertext> {
        if command.plaintext.len() > api::PLAINTEXT_LENGTH_MAX {
            return Err(Code::Malformed);
        }
        let key = self.usable_key(command.token, Usage::EncryptDecrypt)?;
        Ok(api::Ciphertext {
            ciphertext: self.seal_message(
                &key,
                cipher::Maker::Encrypt,
                command.context,
                command.plaintext,
            )?,
        })
    }

    fn decrypt(&self, command: api::Decrypt<'_>) -> Outcome<api::Plaintext> {
        let key = self.usable_key(command.token, Usage::EncryptDecrypt)?;
        let plaintext = open_message(&key, command.context, command.ciphertext)?;
        Ok(api::Plaintext { plaintext })
    }

    fn re_encrypt(&self, command: api::ReEncrypt<'_>) -> Outcome<api::Ciphertext> {
        let source = self.usable_key(command.source, Usage::EncryptDecrypt)?;
        let destination = self.usable_key(command.destination, Usage::EncryptDecrypt)?;
        let plaintext = open_message(&source, command.source_context, command.ciphertext)?;
        let context = command.destination_context;
        Ok(api::Ciphertext {
            ciphertext: self.seal_message(
                &destination,
                cipher::Maker::Encrypt,
                context,
                plaintext.expose(),
            )?,
        })
    }

    fn generate_data_key(&self, command: api::GenerateDataKey<'_>) -> Outcome<api::DataKey> {
        let key = self.usable_key(command.token, Usage::EncryptDecrypt)?;
        let plaintext = self.random_secret(command.length)?;
        let ciphertext = self.seal_message(
            &key,
            cipher::Maker::DataKey,
            command.context,
            plaintext.expose(),
        )?;
        Ok(api::DataKey {
            plaintext,
            ciphertext,
        })
    }

    fn generate_data_key_without_plaintext(
        &self,
        command: api::GenerateDataKeyWithoutPlaintext<'_>,
    ) -> Outcome<api::Ciphertext> {
        let with_plaintext = api::GenerateDataKey {
            token: command.token,
            context: command.context,
            length: command.length,
            recipient: &[],
        };
        let api::DataKey { ciphertext, .. } = self.generate_data_key(with_plaintext)?;
        Ok(api::Ciphertext { ciphertext })
    }

    fn generate_random(&self, command: api::GenerateRandom<'_>) -> Outcome<api::Plaintext> {
        self.open()?;
        Ok(api::Plaintext {
            plaintext: self.random_secret(command.length)?,
        })
    }

    fn generate_secret(&self, command: api::GenerateSecret<'_>) -> Outcome<api::NewSecret> {
        let opened = self.open()?;
        let attributes = owned_by_caller(command.attributes)?;
        if attributes.spec != Spec::SigningSecret || attributes.usage != Usage::DeriveSigningKey {
            return Err(Code::UsageRefused);
        }
        let secret = keys::generate_secret_text(&*self.random);
        Ok(api::NewSecret {
            token: token::wrap(&opened.domain, &attributes, secret.expose(), &*self.random),
            secret,
        })
    }

    fn derive_signing_key(&self, command: api::DeriveSigningKey<'_>) -> Outcome<api::SigningKey> {
        // A service that is taken over shall not carry away the keys of years to come.
        if !day::is_near(command.first, self.clock.now()) {
            return Err(Code::UsageRefused);
        }
        let key = self.usable_key(command.token, Usage::DeriveSigningKey)?;
        let labels = [command.first, command.second, command.third, command.fourth];
        Ok(api::SigningKey {
            key: key
                .signing_key(command.prefix, labels)
                .ok_or(Code::UsageRefused)?,
        })
    }

    fn sign(&self, command: api::Sign<'_>) -> Outcome<api::Signature> {
        let key = self.usable_key(command.token, Usage::SignVerify)?;
        Ok(api::Signature {
            signature: key.sign(command.message).ok_or(Code::UsageRefused)?,
        })
    }

    fn seal_message(
        &self,
        key: &Key,
        maker: cipher::Maker,
        context: &[u8],
        plaintext: &[u8],
    ) -> Outcome<Vec<u8>> {
        if context.len() > api::CONTEXT_LENGTH_MAX {
            return Err(Code::Malformed);
        }
        let message_key = key.symmetric().ok_or(Code::UsageRefused)?;
        Ok(cipher::seal(
            message_key,
            maker,
            context,
            plaintext,
            &*self.random,
        ))
    }

    fn random_secret(&self, length: u16) -> Outcome<Secret<Vec<u8>>> {
        let length = usize::from(length);
        if !(1..=api::DATA_KEY_LENGTH_MAX).contains(&length) {
            return Err(Code::Malformed);
        }
        let mut bytes = Secret::from(vec![0; length]);
        self.random.fill(bytes.expose_mut());
        Ok(bytes)
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

    fn open(&self) -> Outcome<Arc<Opened>> {
        self.opened().ok_or(Code::Sealed)
    }

    fn publish(&self, domain: Domain) {
        let opened = Opened {
            domain,
            keys: KeyCache::new(self.key_cache_bytes),
        };
        *self.opened.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(opened));
    }

    fn open_box(&self, sealed: &[u8]) -> Outcome<Secret<Vec<u8>>> {
        self.recipient
            .open(api::PURPOSE_UNSEAL, sealed)
            .map_err(|_| Code::Malformed)
    }

    /// The unwrapped key of `token`, from the cache when exactly this token was opened before.
    fn key(&self, token: &[u8]) -> Outcome<Arc<Key>> {
        let opened = self.open()?;
        let header = TokenHeader::read(token).map_err(|_| Code::TokenRefused)?;
        if let Some(key) = opened.keys.get(&header.salt, token) {
            return Ok(key);
        }
        let (header, material) = token::unwrap(&opened.domain, token)?;
        let key = Arc::new(Key::load(&owned_by_caller(header.attributes)?, &material)?);
        opened.keys.insert(header.salt, token, &key);
        Ok(key)
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
    fn propose(&mut self, pending: Pending) -> api::PendingChange {
        let change = api::PendingChange {
            version: pending.seal.version(),
            seal: pending.seal.to_bytes(),
        };
        self.pending = Some(pending);
        change
    }
}

fn open_message(key: &Key, context: &[u8], ciphertext: &[u8]) -> Outcome<Secret<Vec<u8>>> {
    if context.len() > api::CONTEXT_LENGTH_MAX || ciphertext.len() > api::CIPHERTEXT_LENGTH_MAX {
        return Err(Code::CiphertextRefused);
    }
    let message_key = key.symmetric().ok_or(Code::UsageRefused)?;
    cipher::open(message_key, context, ciphertext).map_err(|_| Code::CiphertextRefused)
}

fn owned_by_caller(attributes: Attributes<'_>) -> Outcome<Attributes<'_>> {
    if attributes.owner != SERVICE_SESSION {
        return Err(Code::NotOwner);
    }
    Ok(attributes)
}

fn copy_protection(protection: &Protection) -> Protection {
    Protection {
        name: protection.name.clone(),
        held: protection.held,
    }
}

#[cfg(test)]
mod tests;
