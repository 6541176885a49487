//! The first minute of a data folder: a domain, and in production an account with its root's
//! credentials.

use std::path::Path;
use std::sync::Arc;

use strongroom_base::id::AccountId;
use strongroom_base::{Env, Secret};
use strongroom_hsm_api::command::GetStoreKeys;
use strongroom_store::{Engine, Folder, Sqlite, SqliteOptions};

use crate::accounts::{AccountRule, NewAccount};
use crate::anchor::Mooring;
use crate::audit_log::{AuditLog, AuditOptions};
use crate::domain::{self, DomainError, NewSeal};
use crate::key_process::{Client, KeyProcess, Program};
use crate::kms::{Kms, Settings};
use crate::service::{StartError, audit_folder};

/// What a new data folder has.
pub struct Bootstrapped {
    /// The unseal shares, in the form operators keep; empty unless the seal is of shares.
    pub shares: Vec<Secret<Vec<u8>>>,
    /// The first account, if one was asked for. That it could not be made takes nothing from the domain:
    /// the shares must be shown all the same.
    pub account: Option<Result<NewAccount, StartError>>,
}

/// Makes a domain in `folder`, with its anchor in the file `anchor`, and `account` if one is given. The key
/// process that does it ends with this call.
pub async fn bootstrap(
    env: &Env,
    folder: &Folder,
    program: &Program,
    seal: &NewSeal<'_>,
    anchor: &Path,
    account: Option<AccountId>,
) -> Result<Bootstrapped, StartError> {
    let started = program.start().map_err(StartError::KeyProcess)?;
    let (client, serve) =
        Client::connect(started.socket, Arc::default()).map_err(StartError::KeyProcess)?;
    let serving = tokio::spawn(serve);
    let shares = domain::initialize(&client, folder, seal, anchor)
        .await
        .map_err(StartError::Domain)?;
    let account = match account {
        Some(id) => Some(create_first_account(env, folder, client, anchor, id).await),
        None => None,
    };
    serving.abort();
    Ok(Bootstrapped { shares, account })
}

async fn create_first_account(
    env: &Env,
    folder: &Folder,
    client: Client,
    anchor: &Path,
    id: AccountId,
) -> Result<NewAccount, StartError> {
    let keys = client
        .call(&GetStoreKeys {})
        .await
        .map_err(|error| StartError::Domain(DomainError::KeyProcess(error)))?;
    let engine = Sqlite::open(folder, SqliteOptions::default()).map_err(StartError::Store)?;
    let log = audit_folder(folder.path());
    let audit = AuditLog::open(&log, env, AuditOptions::DEVELOPMENT).map_err(StartError::Audit)?;
    let engine: Arc<dyn Engine> = Arc::new(engine);
    let key_process = KeyProcess::default();
    key_process.connect(client.clone());
    let mooring = Mooring {
        engine: Arc::clone(&engine),
        file: anchor.to_owned(),
        key_process: key_process.clone(),
        clock: Arc::clone(&env.clock),
    };
    mooring
        .tie(&client, folder)
        .await
        .map_err(StartError::Anchor)?;
    let store = domain::sealed_store(keys, engine, env);
    let settings = Settings::new(AccountRule::Created);
    let kms = Kms::open(
        env.clone(),
        settings,
        store,
        key_process,
        Arc::new(audit),
        Arc::default(),
    );
    kms.create_account(id).await.map_err(StartError::Records)
}
