//! Accounts and the access keys of their roots. A secret access key never comes here: the key process
//! hands out the day's signing key, which is kept for a while.

use std::sync::Arc;

use quick_cache::sync::Cache;
use strongroom_aws::sigv4::{AuthFailure, Claim, SigningKey, TERMINATOR};
use strongroom_base::Secret;
use strongroom_base::id::{AccountId, Region};
use strongroom_hsm_api::command::{DeriveSigningKey, GenerateSecret};
use strongroom_hsm_api::key::{Attributes, Origin, Spec, State, Usage};
use strongroom_store::Expect;

use crate::call::service_event;
use crate::failure::Failure;
use crate::kms::{Kms, encoded};
use crate::records::{AccessKeyRecord, AccountRecord};
use crate::repository::Changes;

/// The most signing keys kept.
const SIGNING_KEYS_MAX: usize = 16_384;

/// The account of `test`/`test`.
const DEVELOPMENT_ACCOUNT: &str = "000000000000";
const DEVELOPMENT_KEY_ID: &str = "test";
const DEVELOPMENT_SECRET: &[u8] = b"test";

const KEY_ID_PREFIX: &str = "AKIA";
const KEY_ID_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const KEY_ID_RANDOM_LENGTH: usize = 16;

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

/// A new account with the credentials of its root. The secret is shown this once.
pub struct NewAccount {
    /// The account.
    pub id: AccountId,
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret<Vec<u8>>,
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
    Stored(Arc<AccessKeyRecord>),
}

impl Kms {
    /// Verifies `claim`: the account whose root signed, or `None` when there is no such access key. A
    /// signing key is kept only once a signature was right: others must not drive it out.
    pub async fn verify(&self, claim: &Claim) -> Result<Option<AccountId>, Unverified> {
        // Only long-term keys exist, and they come without a session token.
        let owner = match &claim.session_token {
            None => self.owner(&claim.access_key_id)?,
            Some(_) => None,
        };
        let Some(owner) = owner else {
            return Ok(None);
        };
        let scope = Scope {
            access_key_id: claim.access_key_id.clone(),
            date: claim.date.clone(),
            region: claim.region.clone(),
            service: claim.service.clone(),
        };
        if let Some(key) = self.signing_keys.0.get(&scope) {
            claim.verify(&key)?;
        } else {
            let key = self.derive(&owner, claim).await?;
            claim.verify(&key)?;
            self.signing_keys.0.insert(scope, Arc::new(key));
        }
        Ok(Some(owner.account()))
    }

    async fn derive(&self, owner: &Owner, claim: &Claim) -> Result<SigningKey, Failure> {
        let (date, region, service) = (&claim.date, claim.region.as_str(), &claim.service);
        match owner {
            Owner::Development(_) => Ok(SigningKey::derive(
                DEVELOPMENT_SECRET,
                date,
                region,
                service,
            )),
            Owner::Stored(record) => {
                let command = DeriveSigningKey {
                    token: &record.token,
                    prefix: SigningKey::PREFIX,
                    first: date.as_bytes(),
                    second: region.as_bytes(),
                    third: service.as_bytes(),
                    fourth: TERMINATOR.as_bytes(),
                };
                Ok(SigningKey::new(self.key_process.call(&command).await?.key))
            }
        }
    }

    fn owner(&self, access_key_id: &str) -> Result<Option<Owner>, Failure> {
        if self.settings.accounts == AccountRule::Every {
            let id = if access_key_id == DEVELOPMENT_KEY_ID {
                DEVELOPMENT_ACCOUNT
            } else {
                access_key_id
            };
            if let Ok(account) = id.parse() {
                return Ok(Some(Owner::Development(account)));
            }
        }
        Ok(self.records.access_key(access_key_id)?.map(Owner::Stored))
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
        let _making = self.making_token().await;
        let access_key_id = self.new_access_key_id();
        let identity = format!("{id}/{access_key_id}");
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
        let made = self
            .key_process
            .call(&GenerateSecret { attributes })
            .await?;
        let account = AccountRecord {
            id,
            created: self.env.clock.now().into(),
        };
        let access_key = AccessKeyRecord {
            id: access_key_id.clone(),
            account: id,
            token: made.token,
        };
        // Accounts belong to no Region; like those of IAM, their events are us-east-1's.
        let region = "us-east-1"
            .parse()
            .map_err(|_| crate::records::Unreadable)?;
        let record = service_event(&self.env, "strongroom", "CreateAccount", &id, &region, &[]);
        let changes = Changes::default()
            .put_account(&account)
            .put_access_key(Expect::Absent, &access_key)
            .put_outbox(&record.event_id, &encoded(&record)?);
        self.records.commit(changes).await?;
        Ok(NewAccount {
            id,
            access_key_id,
            secret_access_key: made.secret,
        })
    }

    fn new_access_key_id(&self) -> String {
        let drawn = self.env.random_bytes::<KEY_ID_RANDOM_LENGTH>();
        let letters = drawn
            .iter()
            .filter_map(|byte| KEY_ID_ALPHABET.get(usize::from(byte & 31)));
        KEY_ID_PREFIX
            .chars()
            .chain(letters.map(|letter| char::from(*letter)))
            .collect()
    }
}

impl Owner {
    fn account(&self) -> AccountId {
        match self {
            Self::Development(account) => *account,
            Self::Stored(record) => record.account,
        }
    }
}
