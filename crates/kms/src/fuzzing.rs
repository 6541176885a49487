//! What the fuzz targets reach of this crate and nobody else may: the request path without a server around it,
//! tokens, stored records and where anchors are written. Compiled only with the feature `fuzzing`; changes nothing of what it shows.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use strongroom_base::{Env, Secret};
use strongroom_hsm_api::command::GetStoreKeys;
use strongroom_store::{Engine, Folder, Kind};

use crate::accounts::AccountRule;
use crate::anchor::{self, ANCHOR_FILE};
use crate::audit_log::{AuditLog, AuditOptions};
use crate::domain::{self, NewSeal};
use crate::endpoint::{self, Reply, Request};
use crate::key_process::{Client, KeyProcess};
use crate::kms::{Kms, Settings};
use crate::oidc::Providers;
use crate::records;
use crate::service::audit_folder;

/// An open service with a new domain: no listeners, no timers, every account of development there.
pub struct World(Kms);

/// Why there is no world.
pub type NoWorld = Box<dyn std::error::Error + Send + Sync>;

impl World {
    /// Opens one over `engine`, with its audit log below `folder` and the core behind `key_process`. Needs a runtime
    /// of tokio, and `providers` for tokens.
    ///
    /// # Errors
    /// When a file cannot be made, or the core is not empty.
    pub async fn open(
        env: Env,
        folder: &Path,
        engine: Arc<dyn Engine>,
        key_process: OwnedFd,
        providers: Providers,
    ) -> Result<Self, NoWorld> {
        let data = Folder::create(&folder.join("data"), Kind::Dev)?;
        let (client, serve) = Client::connect(key_process, Arc::default())?;
        tokio::spawn(serve);
        let key_file = Secret::new([7; 32]);
        let seal = NewSeal::KeyFile(&key_file);
        let anchor = data.path().join(ANCHOR_FILE);
        let made = domain::initialize(&client, &data, &seal, &anchor).await;
        made.map_err(|error| error.to_string())?;
        let key_process = KeyProcess::default();
        key_process.connect(client);
        let keys = key_process.call(&GetStoreKeys {}).await;
        let keys = keys.map_err(|error| format!("{error:?}"))?;
        let store = domain::sealed_store(keys, engine, &env);
        let options = AuditOptions {
            reserve_bytes: 1 << 16,
        };
        let audit = Arc::new(AuditLog::open(&audit_folder(data.path()), &env, options)?);
        let settings = Settings {
            identity_providers: Arc::new(providers),
            ..Settings::new(AccountRule::Every)
        };
        let kms = Kms::open(env, settings, store, key_process, audit, Arc::default());
        let indexed = kms.records.index_grantees().await;
        indexed.map_err(|failure| format!("{failure:?}"))?;
        Ok(Self(kms))
    }

    /// Answers a request as a server does.
    pub async fn answer(&self, request: &Request) -> Reply {
        endpoint::answer_alone(&self.0, request).await
    }
}

/// What the service tells the key process of a slot of an anchor file: its statement, or nothing.
pub fn statement_in_slot(slot: &[u8]) -> Vec<u8> {
    anchor::cut_to_statement(slot)
}

/// Whether `statement`, the newest there is, goes into the first of two slots of an anchor file.
pub fn statement_goes_first(first: &[u8], second: &[u8], statement: &[u8]) -> bool {
    anchor::goes_first(first, second, statement)
}

/// Whether `providers` take this token at `now`, in seconds since the epoch.
pub fn takes_token(providers: &Providers, token: &str, now: i64) -> bool {
    providers.verify(token, now).is_ok()
}

/// Reads the bytes of a stored record and writes them again.
pub type Reencode = fn(&[u8]) -> Option<Vec<u8>>;

/// Every type of stored record: its name, and how it is read.
pub const RECORDS: &[(&str, Reencode)] = records::ALL;
