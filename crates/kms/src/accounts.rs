//! Accounts, access keys and sessions: who signed a request. A secret access key never comes here but to be
//! handed out once: the key process gives the day's signing key, which is kept for a while.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quick_cache::sync::Cache;
use strongroom_aws::sigv4::{AuthFailure, Claim, SigningKey, TERMINATOR};
use strongroom_base::id::{AccountId, Region};
use strongroom_base::{Env, Secret, UnixMillis};
use strongroom_crypto::digest::sha256;
use strongroom_hsm_api::command::{DeriveSigningKey, GenerateSecret};
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, Usage};
use strongroom_store::Expect;

use crate::failure::Failure;
use crate::iam::{Caller, Session};
use crate::kms::{Kms, encoded};
use crate::metrics::CacheName;
use crate::records::{AccessKeyRecord, AccountRecord, Unreadable};
use crate::repository::{Changes, Stored};
use crate::service_events;

/// The most signing keys kept.
const SIGNING_KEYS_MAX: usize = 16_384;
/// The most access keys whose last use is kept.
const ACCESS_KEY_USES_MAX: usize = 65_536;
/// The most sessions kept.
const SESSIONS_MAX: usize = 16_384;
/// The longest session token taken, in characters: as long as all headers of a request.
const SESSION_TOKEN_LENGTH_MAX: usize = 32 * 1024;

/// The account of `test`/`test`.
const DEVELOPMENT_ACCOUNT: &str = "000000000000";
const DEVELOPMENT_KEY_ID: &str = "test";
const DEVELOPMENT_SECRET: &[u8] = b"test";

/// What the ids of long-term access keys begin with (IAM User Guide, "Unique identifiers").
pub(crate) const LONG_TERM_PREFIX: &str = "AKIA";
/// What the ids of temporary access keys begin with.
pub(crate) const TEMPORARY_PREFIX: &str = "ASIA";
const ID_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const KEY_ID_RANDOM_LENGTH: usize = 16;
const UNIQUE_ID_RANDOM_LENGTH: usize = 17;

/// Which accounts there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountRule {
    /// Those that were created.
    Created,
    /// Development: every 12-digit account, with its id as access key id and `test` as secret, and
    /// `test`/`test` for account 000000000000. Nothing is stored for them.
    Every,
}

/// Signing keys by access key, date, Region and service.
pub struct SigningKeys(Cache<Scope, Arc<SigningKey>>);

/// Sessions by access key id, each with the SHA-256 of its token.
pub struct Sessions(Cache<String, ([u8; 32], Arc<Session>)>);

impl Default for Sessions {
    fn default() -> Self {
        Self(Cache::new(SESSIONS_MAX))
    }
}

/// What long-term access keys were last used for, since the server started.
pub(crate) struct AccessKeyUses(Cache<String, AccessKeyUse>);

impl Default for AccessKeyUses {
    fn default() -> Self {
        Self(Cache::new(ACCESS_KEY_USES_MAX))
    }
}

impl AccessKeyUses {
    /// The last use of a key, if it is known.
    pub(crate) fn of(&self, access_key_id: &str) -> Option<AccessKeyUse> {
        self.0.get(access_key_id)
    }

    /// Notes a use, unless one of the same second is known.
    fn note(&self, claim: &Claim, time: UnixMillis) {
        let used = self.0.get(&claim.access_key_id);
        let is_known = |used: &AccessKeyUse| {
            let is_same_second = used.time.seconds() == time.seconds();
            is_same_second && used.service == claim.service && used.region == claim.region
        };
        if used.as_ref().is_some_and(is_known) {
            return;
        }
        let used = AccessKeyUse {
            time,
            service: claim.service.clone(),
            region: claim.region.clone(),
        };
        self.0.insert(claim.access_key_id.clone(), used);
    }
}

/// A request that an access key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AccessKeyUse {
    /// When it came.
    pub time: UnixMillis,
    /// The service called, as in `kms`.
    pub service: String,
    /// The Region called.
    pub region: Region,
}

#[derive(PartialEq, Eq, Hash)]
struct Scope {
    access_key_id: String,
    date: String,
    region: Region,
    service: String,
}

impl Default for SigningKeys {
    fn default() -> Self {
        Self(Cache::new(SIGNING_KEYS_MAX))
    }
}

impl SigningKeys {
    /// Forgets all of them: each is derived again when it is next asked for.
    pub(crate) fn forget(&self) {
        self.0.clear();
    }
}

/// A new account with the credentials of its root. The secret is shown this once.
pub struct NewAccount {
    /// The account.
    pub id: AccountId,
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret<String>,
}

/// Why a claim could not be verified.
pub enum Unverified {
    /// The signature is wrong.
    Refused(AuthFailure),
    /// The key it should have been made with is not to be had now.
    Failed(Failure),
}

impl From<AuthFailure> for Unverified {
    fn from(failure: AuthFailure) -> Self {
        Self::Refused(failure)
    }
}

impl From<Failure> for Unverified {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

enum Owner {
    Development(AccountId),
    AccessKey(Arc<Stored<AccessKeyRecord>>),
    Session(Arc<Session>),
}

impl Kms {
    /// Verifies `claim`: who signed, or `None` when there is no such access key or session. A signing key or
    /// session is kept only once a signature was right: others must not drive it out.
    pub async fn verify(&self, claim: &Claim) -> Result<Option<Caller>, Unverified> {
        let Some(owner) = self.owner(claim)? else {
            return Ok(None);
        };
        let scope = Scope {
            access_key_id: claim.access_key_id.clone(),
            date: claim.date.clone(),
            region: claim.region.clone(),
            service: claim.service.clone(),
        };
        if let Some(key) = self.signing_keys.0.get(&scope) {
            self.metrics.note_hit(CacheName::SigningKeys);
            claim.verify(&key)?;
        } else {
            self.metrics.note_miss(CacheName::SigningKeys);
            let key = self.signing_key(&owner, claim).await?;
            claim.verify(&key)?;
            self.signing_keys.0.insert(scope, Arc::new(key));
        }
        match owner {
            Owner::Development(account) => {
                let key_id = claim.access_key_id.clone();
                Ok(Some(Caller::root(account, key_id, &claim.region)))
            }
            Owner::AccessKey(key) => {
                self.access_key_uses.note(claim, self.env.clock.now());
                let (records, key) = (&self.records, &key.record);
                Ok(Caller::of_access_key(records, key, &claim.region)?)
            }
            Owner::Session(session) => self.session_caller(session, claim),
        }
    }

    /// The caller of a session whose signature was right.
    fn session_caller(
        &self,
        session: Arc<Session>,
        claim: &Claim,
    ) -> Result<Option<Caller>, Unverified> {
        // STS API: a session ends with its Expiration, on the clock that signatures go by.
        if self.env.clock.now() >= session.record.expires.into() {
            return Err(AuthFailure::ExpiredSession.into());
        }
        if let Some(token) = &claim.session_token {
            let entry = (token_digest(token), Arc::clone(&session));
            self.sessions.0.insert(claim.access_key_id.clone(), entry);
        }
        Ok(Caller::of_session(&self.records, session, &claim.region)?)
    }

    /// A session's secret that the key process does not open, because the epoch it was wrapped in is retired, is
    /// nobody's any more.
    async fn signing_key(&self, owner: &Owner, claim: &Claim) -> Result<SigningKey, Unverified> {
        match (owner, self.derive(owner, claim).await) {
            (Owner::Session(_), Err(Failure::Stale(_))) => {
                Err(AuthFailure::UnknownAccessKey.into())
            }
            (_, derived) => Ok(derived?),
        }
    }

    async fn derive(&self, owner: &Owner, claim: &Claim) -> Result<SigningKey, Failure> {
        let (date, region, service) = (&claim.date, claim.region.as_str(), &claim.service);
        let token = match owner {
            Owner::Development(_) => {
                let secret = DEVELOPMENT_SECRET;
                return Ok(SigningKey::derive(secret, date, region, service));
            }
            Owner::AccessKey(key) => &key.record.token,
            Owner::Session(session) => &session.record.secret,
        };
        let command = DeriveSigningKey {
            token,
            prefix: SigningKey::PREFIX,
            first: date.as_bytes(),
            second: region.as_bytes(),
            third: service.as_bytes(),
            fourth: TERMINATOR.as_bytes(),
        };
        Ok(SigningKey::new(self.key_process.call(&command).await?.key))
    }

    fn owner(&self, claim: &Claim) -> Result<Option<Owner>, Failure> {
        let id = claim.access_key_id.as_str();
        if let Some(token) = &claim.session_token {
            return Ok(self.session(id, token)?.map(Owner::Session));
        }
        if self.settings.accounts == AccountRule::Every {
            let account = match id {
                DEVELOPMENT_KEY_ID => DEVELOPMENT_ACCOUNT,
                other => other,
            };
            if let Ok(account) = account.parse() {
                return Ok(Some(Owner::Development(account)));
            }
        }
        let key = self.records.access_key(id)?;
        Ok(key.filter(|key| !key.record.inactive).map(Owner::AccessKey))
    }

    /// The session that `token` is of; `None` unless it is one of ours, with this access key.
    fn session(&self, access_key_id: &str, token: &str) -> Result<Option<Arc<Session>>, Failure> {
        let digest = token_digest(token);
        if let Some((known, session)) = self.sessions.0.get(access_key_id)
            && known == digest
        {
            self.metrics.note_hit(CacheName::Sessions);
            return Ok(Some(session));
        }
        self.metrics.note_miss(CacheName::Sessions);
        if token.len() > SESSION_TOKEN_LENGTH_MAX {
            return Ok(None);
        }
        let Ok(sealed) = STANDARD.decode(token) else {
            return Ok(None);
        };
        let opened = self.records.open_session(&sealed);
        let Some(record) = opened.filter(|one| one.access_key_id == access_key_id) else {
            return Ok(None);
        };
        Ok(Some(Arc::new(Session::new(record)?)))
    }

    /// Whether there is such an account.
    pub fn account_exists(&self, id: &AccountId) -> Result<bool, Failure> {
        match self.settings.accounts {
            AccountRule::Every => Ok(true),
            AccountRule::Created => Ok(self.records.account(id)?.is_some()),
        }
    }

    /// Creates an account and an access key of its root; [`Failure::Conflict`] when it exists.
    pub async fn create_account(&self, id: AccountId) -> Result<NewAccount, Failure> {
        self.check_room()?;
        let _making = self.making_token().await;
        let access_key_id = new_access_key_id(&self.env, LONG_TERM_PREFIX);
        let made = self.new_secret(&id, &access_key_id).await?;
        let created = self.env.clock.now().into();
        let account = AccountRecord {
            id,
            created,
            guardrail: None,
            strict_audit: None,
        };
        let access_key = AccessKeyRecord {
            id: access_key_id.clone(),
            account: id,
            token: made.token,
            user: None,
            inactive: false,
            created: Some(created),
        };
        let record = service_events::of_account(&self.env, "CreateAccount", &id)?;
        let changes = Changes::default()
            .put_account(Expect::Absent, &account)
            .put_access_key(Expect::Absent, &access_key)
            .put_outbox(&record.event_id, &encoded(&record)?);
        self.records.commit(changes).await?;
        Ok(NewAccount {
            id,
            access_key_id,
            secret_access_key: made.secret,
        })
    }

    /// Makes a secret access key and its wrapped form. Held by whoever stores it: [`Kms::making_token`].
    pub(crate) async fn new_secret(
        &self,
        account: &AccountId,
        access_key_id: &str,
    ) -> Result<NewSecret, Failure> {
        let identity = format!("{account}/{access_key_id}");
        let attributes = Attributes {
            identity: identity.as_bytes(),
            placement: b"",
            owner: 0,
            spec: Spec::SigningSecret,
            usage: Usage::DeriveSigningKey,
            origin: Origin::Generated,
            state: State::Enabled,
            version: 1,
            wrapping: None,
        };
        let command = GenerateSecret { attributes };
        let made = self.key_process.call(&command).await?;
        Ok(NewSecret {
            secret: text(&made.secret)?,
            token: made.token,
        })
    }
}

/// A secret access key that was just made.
pub(crate) struct NewSecret {
    /// The secret, for whoever asked for it.
    pub secret: Secret<String>,
    /// The secret as the key process wrapped it, for the store.
    pub token: Vec<u8>,
}

fn text(secret: &Secret<Vec<u8>>) -> Result<Secret<String>, Unreadable> {
    let text = str::from_utf8(secret.expose()).map_err(|_| Unreadable)?;
    Ok(Secret::new(text.to_owned()))
}

/// A new access key id: `AKIA` of long-term keys, `ASIA` of sessions, and 16 random letters and digits.
pub(crate) fn new_access_key_id(env: &Env, prefix: &str) -> String {
    format!("{prefix}{}", random_letters::<KEY_ID_RANDOM_LENGTH>(env))
}

/// A new unique id of an entity: its four-letter prefix and 17 random letters and digits.
pub(crate) fn new_unique_id(env: &Env, prefix: &str) -> String {
    format!("{prefix}{}", random_letters::<UNIQUE_ID_RANDOM_LENGTH>(env))
}

fn random_letters<const LENGTH: usize>(env: &Env) -> String {
    let drawn = env.random_bytes::<LENGTH>();
    let letters = drawn.iter();
    let letters = letters.filter_map(|byte| ID_ALPHABET.get(usize::from(byte & 31)));
    letters.map(|letter| char::from(*letter)).collect()
}

fn token_digest(token: &str) -> [u8; 32] {
    sha256(&[token.as_bytes()])
}
