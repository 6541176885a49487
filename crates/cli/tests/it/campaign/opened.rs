//! A data folder that no server has open, read as a server would: its seal, its store, its audit log. Must never call a
//! log intact that `strongroom audit verify` would not.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;

use strongroom_audit::log::Item;
use strongroom_audit::log::checkpoint_key_id;
use strongroom_audit::{Begins, CheckpointKeyId, Fault, Record, Stop, Verifier};
use strongroom_base::Env;
use strongroom_crypto::digest::sha256;
use strongroom_crypto::exchange::seal_to;
use strongroom_hsm::core::{Core, Setup};
use strongroom_hsm_api::Code;
use strongroom_hsm_api::command::{
    Command, GetStatus, GetStoreKeys, LoadSeal, PURPOSE_UNSEAL, Unseal, UnsealOutcome,
};
use strongroom_hsm_api::frame::{ReplyFrame, RequestFrame};
use strongroom_hsm_api::wire::{decode, encode};
use strongroom_kms::audit_keys::PUBLIC_KEYS_FOLDER;
use strongroom_kms::audit_log::segments;
use strongroom_kms::domain::SEAL_FILE;
use strongroom_kms::service::audit_folder;
use strongroom_store::{
    Commit, Engine, Folder, Health, Kind, Outcome, SCAN_ENTRIES_MAX, SealedStore, Sqlite,
    SqliteOptions, StoreKeys, Table,
};
use strongroom_testkit::{OrdinaryMemory, from_base64};

const KEY_FILE: &str = "dev.key";
const EVENT_ID_BYTES: usize = 36;

/// What a store holds.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    /// The last commit.
    pub(super) sequence: u64,
    /// SHA-256 over every row.
    pub(super) digest: [u8; 32],
    /// The requests of the records that still wait for the audit log.
    pub(super) outbox: Vec<String>,
}

/// Reads the seals of one domain; each is opened once.
#[derive(Default)]
pub(super) struct Seals(HashMap<Vec<u8>, Arc<StoreKeys>>);

impl Seals {
    /// The store keys that the seal of `folder` yields.
    fn keys(&mut self, folder: &Path) -> Result<Arc<StoreKeys>, String> {
        let read =
            |name: &str| fs::read(folder.join(name)).map_err(|error| format!("{name}: {error}"));
        let (seal, secret) = (read(SEAL_FILE)?, read(KEY_FILE)?);
        if let Some(keys) = self.0.get(&seal) {
            return Ok(Arc::clone(keys));
        }
        let keys = unseal(&seal, &secret)?;
        let keys = Arc::new(keys);
        self.0.insert(seal, Arc::clone(&keys));
        Ok(keys)
    }

    /// What the store of `folder` holds.
    pub(super) fn contents(&mut self, folder: &Path) -> Result<Contents, String> {
        let keys = self.keys(folder)?;
        let folder = Folder::open(folder, Kind::Dev).map_err(|error| error.to_string())?;
        if !folder.path().join("store.db").exists() {
            return Err("store.db: there is none".to_owned());
        }
        let engine =
            Sqlite::open(&folder, SqliteOptions::default()).map_err(|error| error.to_string())?;
        if engine.health() != Health::SOUND {
            return Err(format!("the store is {:?}", engine.health()));
        }
        read(Arc::new(engine), &keys)
    }
}

fn read(engine: Arc<Sqlite>, keys: &StoreKeys) -> Result<Contents, String> {
    let fault = |error| format!("the store: {error}");
    let nothing = Commit {
        reads: Vec::new(),
        writes: Vec::new(),
    };
    let Outcome::Committed { sequence } = engine.commit(nothing).wait().map_err(fault)? else {
        return Err("the store has a conflict about nothing".to_owned());
    };
    let (mut bytes, mut after) = (Vec::new(), None);
    loop {
        let page = engine
            .scan(b"", after.as_deref(), SCAN_ENTRIES_MAX)
            .map_err(fault)?;
        for (key, entry) in &page.entries {
            bytes.extend_from_slice(&sha256(&[key, &entry.version.to_be_bytes(), &entry.value]));
        }
        after = page.entries.last().map(|(key, _)| key.clone());
        if !page.more {
            break;
        }
    }
    let store = SealedStore::new(engine, keys, Env::system().random);
    let waiting = store
        .scan_each(Table::Outbox, &[], None, SCAN_ENTRIES_MAX)
        .map_err(fault)?;
    let mut outbox = Vec::new();
    for (_, record) in waiting.records {
        let record = record.map_err(fault)?;
        // The event id precedes the record.
        let (_, payload) = record
            .bytes
            .split_at_checked(EVENT_ID_BYTES)
            .ok_or("the outbox: a short entry")?;
        let record = Record::decode(payload).map_err(|error| format!("the outbox: {error}"))?;
        outbox.push(record.request_id);
    }
    Ok(Contents {
        sequence,
        digest: sha256(&[&bytes]),
        outbox,
    })
}

/// The requests that the audit log of `folder` has records of, in order. Fails unless every link and checkpoint holds.
pub(super) fn recorded(folder: &Path) -> Result<Vec<String>, String> {
    let log = read_log(folder)?;
    match log.fault {
        Some(fault) => Err(format!("audit segment {}: {}", fault.segment, fault.what)),
        None => Ok(log.requests),
    }
}

/// What an audit log holds, up to where it is not what was written.
pub(super) struct Log {
    pub(super) requests: Vec<String>,
    pub(super) fault: Option<LogFault>,
}

/// Where a log is not what was written.
pub(super) struct LogFault {
    pub(super) segment: u64,
    pub(super) offset: u64,
    what: String,
}

impl LogFault {
    fn of(fault: &Fault) -> Self {
        Self {
            segment: fault.segment,
            offset: fault.offset,
            what: fault.to_string(),
        }
    }
}

/// Reads the audit log of `folder` as `strongroom audit verify` does.
pub(super) fn read_log(folder: &Path) -> Result<Log, String> {
    let folder = audit_folder(folder);
    let keys = public_keys(&folder.join(PUBLIC_KEYS_FOLDER))?;
    let key = |id: &CheckpointKeyId| keys.get(id).cloned();
    let mut verifier = Verifier::new(&key, Begins::AtTheStart);
    let mut log = Log {
        requests: Vec::new(),
        fault: None,
    };
    let found = match folder.exists() {
        true => segments(&folder).map_err(|error| error.to_string())?,
        false => Vec::new(),
    };
    for (number, path) in found {
        let source = BufReader::new(File::open(path).map_err(|error| error.to_string())?);
        let verified = verifier.segment(number, source, &mut |item| {
            if let Item::Record { payload, .. } = item
                && let Ok(record) = Record::decode(payload)
            {
                log.requests.push(record.request_id);
            }
        });
        match verified {
            Ok(()) => {}
            Err(Stop::Fault(fault)) => {
                log.fault = Some(LogFault::of(&fault));
                return Ok(log);
            }
            Err(Stop::Read(error)) => return Err(format!("audit segment {number}: {error}")),
        }
    }
    log.fault = verifier.finish().err().map(|fault| LogFault::of(&fault));
    Ok(log)
}

fn public_keys(folder: &Path) -> Result<HashMap<CheckpointKeyId, Vec<u8>>, String> {
    let mut keys = HashMap::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(keys);
    };
    for entry in entries {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_none_or(|extension| extension != "pem") {
            continue;
        }
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let lines: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let key = from_base64(&lines);
        keys.insert(checkpoint_key_id(&key), key);
    }
    Ok(keys)
}

fn unseal(seal: &[u8], secret: &[u8]) -> Result<StoreKeys, String> {
    let env = Env::system();
    let core = Core::new(Setup {
        random: env.random,
        clock: env.clock,
        working_memory: Box::new(OrdinaryMemory),
        key_cache_bytes: 1 << 18,
        protections: Vec::new(),
        self_tests_passed: Some(1),
    });
    let refused = |code| format!("{SEAL_FILE}: {code:?}");
    call(&core, &LoadSeal { seal }).map_err(refused)?;
    let status = call(&core, &GetStatus {}).map_err(refused)?;
    let boxed = seal_to(&status.exchange_key, PURPOSE_UNSEAL, secret).unwrap();
    let progress = call(&core, &Unseal { secret: &boxed }).map_err(refused)?;
    if progress.outcome != UnsealOutcome::Opened {
        return Err(format!("{SEAL_FILE}: {:?}", progress.outcome));
    }
    let keys = call(&core, &GetStoreKeys {}).map_err(refused)?;
    Ok(StoreKeys {
        seal: keys.seal,
        name: keys.name,
    })
}

fn call<'a, C: Command<'a>>(core: &Core, command: &C) -> Result<C::Reply, Code> {
    let body = encode(command);
    let request = RequestFrame {
        id: 1,
        session: 0,
        command: C::NUMBER,
        body: &body,
    };
    let mut out = Vec::new();
    core.handle(&request, &mut out);
    let reply: ReplyFrame<'_> = decode(&out).unwrap();
    match decode::<Code>(&reply.status.to_be_bytes()).unwrap() {
        Code::Success => Ok(decode(reply.body).unwrap()),
        code => Err(code),
    }
}
