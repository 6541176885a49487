//! The operators' socket: one JSON line in, one out, on a Unix socket that only the server's own user
//! and root can open. It answers while the server is sealed.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strongroom_aws::time::iso8601;
use strongroom_base::id::AccountId;
use strongroom_base::{UnixMillis, hex};
use strongroom_hsm_api::anchor::Position;
use strongroom_hsm_api::command::UnsealOutcome;
use strongroom_hsm_api::status::{Phase, SealKind};
use strongroom_store::Cursor;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::anchor::Mismatch;
use crate::audit_log::{AuditStatus, ReserveState};
use crate::explain::{self, ExplainQuestion, Explanation, Unexplained};
use crate::failure::Failure;
use crate::guardrails::{self, Unchanged};
use crate::listening::serve_each;
use crate::records::{AccountRecord, TimerKind};
use crate::service::Service;
use crate::strictness::{self, Strictness};
use crate::usage_report::StandingKey;

/// The socket's name in the data folder.
pub const SOCKET_FILE: &str = "admin.sock";

/// A guardrail, escaped, fits.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// The accounts of one answer.
const ACCOUNTS_PER_ANSWER: usize = 500;
/// The keys of one answer.
const KEYS_PER_ANSWER: usize = 500;
/// The longest reason for the audit log.
const REASON_BYTES_MAX: usize = 512;
const CONNECTIONS_MAX: usize = 16;
const RECEIVE_TIME_MAX: Duration = Duration::from_secs(30);

/// What operators may ask.
#[derive(Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Question {
    /// How the server is.
    Status,
    /// Take an unseal secret.
    Unseal {
        /// The box to the key process's exchange key, in hexadecimal.
        sealed: String,
    },
    /// Create an account and credentials of its root.
    CreateAccount {
        /// Twelve digits; random when absent.
        id: Option<String>,
    },
    /// Tell the accounts that are stored, some at a time.
    ListAccounts {
        /// What the last answer said comes next; absent at first.
        after: Option<String>,
    },
    /// Tell the keys of every account, some at a time.
    ListKeys {
        /// What the last answer said comes next; absent at first.
        after: Option<String>,
    },
    /// Limit every principal of an account.
    SetGuardrail {
        /// The account.
        account: String,
        /// A policy document without principals.
        document: String,
    },
    /// Tell what limits every principal of an account.
    GetGuardrail {
        /// The account.
        account: String,
    },
    /// Take away what limits every principal of an account.
    RemoveGuardrail {
        /// The account.
        account: String,
    },
    /// Set whether everything of an account waits until its audit record is on the disk.
    SetStrictAudit {
        /// The account.
        account: String,
        /// Whether it does.
        strict: bool,
    },
    /// Whether somebody may do something, and why.
    Explain(ExplainQuestion),
    /// Where store and anchor are.
    ShowAnchor,
    /// Go on with a store that does not fit its anchor.
    AcceptRollback {
        /// The sequence that the store must be at.
        store: u64,
        /// Why, for the audit log.
        reason: String,
    },
    /// Make a new domain key and wrap every key again.
    RotateDomain,
    /// Forget the domain key of an epoch.
    RetireEpoch {
        /// The epoch.
        epoch: u32,
    },
}

/// What they are answered.
#[derive(Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// How the server is.
    Status(Box<StatusAnswer>),
    /// What became of the unseal secret.
    Unseal {
        /// `opened`, `share-accepted`, `share-known`, `share-wrong`, `secret-wrong`.
        outcome: String,
        /// The share's number, 0 when it was none.
        share: u8,
        /// Shares given.
        given: u8,
        /// Shares needed.
        needed: u8,
    },
    /// A new account. The secret is shown this once.
    Account {
        /// The account.
        id: String,
        /// The access key id.
        access_key_id: String,
        /// The secret access key.
        secret_access_key: String,
    },
    /// Accounts, in no order that means anything.
    Accounts {
        /// Some of them.
        accounts: Vec<AccountAnswer>,
        /// What to ask for next; absent after the last.
        next: Option<String>,
    },
    /// Keys, in no order that means anything.
    Keys {
        /// Some of them.
        keys: Vec<StandingKey>,
        /// What to ask for next; absent after the last.
        next: Option<String>,
    },
    /// What limits every principal of an account, if anything does.
    Guardrail {
        /// The document as it was given.
        document: Option<String>,
    },
    /// Whether somebody may do something, and why.
    Explanation(Box<Explanation>),
    /// Where store and anchor are.
    Anchor(AnchorAnswer),
    /// A finished rotation.
    Rotated {
        /// The current epoch.
        epoch: u32,
        /// Keys wrapped again.
        rewrapped: u64,
        /// Keys left for the next rotation.
        left: u64,
    },
    /// Done.
    Done,
    /// Not done, and why.
    Refused {
        /// For the operator.
        reason: String,
    },
}

/// An account that is stored.
#[derive(Serialize, Deserialize)]
pub struct AccountAnswer {
    /// Twelve digits.
    pub id: String,
    /// When it was created, in ISO 8601.
    pub created: String,
    /// Whether a guardrail limits it.
    pub has_guardrail: bool,
    /// Whether its audit is strict.
    pub strict_audit: bool,
}

/// How the server is.
#[derive(Serialize, Deserialize)]
pub struct StatusAnswer {
    /// `open`, `opening` (unsealed, but the store cannot be read), `unanchored` (unsealed, but the store does not fit
    /// its anchor), `sealed`, `empty`, `failed` or `restarting`.
    pub state: String,
    /// `key-file`, `passphrase`, `shares`; absent while restarting.
    pub seal: Option<String>,
    /// Shares given so far.
    pub shares_given: u8,
    /// Shares needed to unseal.
    pub shares_needed: u8,
    /// The version of `hsm.seal`.
    pub seal_version: u64,
    /// The current epoch of the domain key.
    pub epoch: u32,
    /// The epochs whose keys are kept.
    pub epochs: Vec<u32>,
    /// Self-tests passed at power-up.
    pub self_tests_passed: u32,
    /// The key to which unseal secrets must be sealed, in hexadecimal.
    pub exchange_key: String,
    /// The protections of the key process by name, and whether they hold here.
    pub protections: Vec<(String, bool)>,
    /// Whether the store can prove absence and accepts changes; absent while sealed.
    pub store: Option<StoreAnswer>,
    /// How the store does not fit its anchor; absent when it does, and before it was compared.
    #[serde(default)]
    pub anchor: Option<AnchorAnswer>,
    /// How the audit log is.
    pub audit: AuditAnswer,
}

/// Where store and anchor are, and how that goes together.
#[derive(Serialize, Deserialize)]
pub struct AnchorAnswer {
    /// `fits`, `adoptable`, `store-behind`, `store-changed`, `store-unstated`, `anchor-missing`, `anchor-behind` or
    /// `seal-behind`.
    pub fit: String,
    /// The same in words.
    pub text: String,
    /// Where the anchor file says that the store was last; absent when it says nothing.
    pub anchor: Option<PositionAnswer>,
    /// Where the store says that it is; absent when it says nothing.
    pub store: Option<PositionAnswer>,
}

/// How far a store is.
#[derive(Serialize, Deserialize)]
pub struct PositionAnswer {
    /// How often a store was accepted that did not fit.
    pub epoch: u32,
    /// Counts its commits.
    pub sequence: u64,
    /// The version of `hsm.seal`.
    pub seal: u64,
}

/// How the audit log is.
#[derive(Serialize, Deserialize)]
pub struct AuditAnswer {
    /// `whole`; `in-use`: changes are refused; `used-up`: every call fails.
    pub reserve: String,
    /// Records since the log began.
    pub records: u64,
    /// Records that wait to be written.
    pub queue: usize,
    /// For how long the oldest record has not been synced, in milliseconds; absent when all are.
    pub unsynced_millis: Option<u64>,
    /// When the last checkpoint was signed, in ISO 8601; absent without one.
    pub last_checkpoint: Option<String>,
    /// Records after it.
    pub unsigned: u64,
    /// Outbox entries that cannot be read and are passed over.
    pub passed_over: u64,
}

/// How the store is.
#[derive(Serialize, Deserialize)]
pub struct StoreAnswer {
    /// Whether a missing record is certain to be missing.
    pub absence_proved: bool,
    /// Whether changes are accepted.
    pub writable: bool,
    /// Keys that wait for their deletion.
    pub keys_pending_deletion: usize,
    /// Whether deletion is held: the wall clock jumped ahead, or timers cannot be read.
    pub deletion_held: bool,
}

/// Binds the socket. One that an earlier server left behind is removed: the folder's lock says that it
/// is not in use.
pub fn bind(service: &Service) -> io::Result<UnixListener> {
    let path = socket_path(service.folder().path())?;
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // The folder is 0700: there is no moment in which others could connect.
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(listener)
}

/// Where the socket of a data folder is.
pub fn socket_path(data: &std::path::Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(data)?.join(SOCKET_FILE);
    // sockaddr_un has room for 108 bytes with the final zero.
    if path.as_os_str().len() >= 108 {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path of the data folder is too long for a Unix socket (at most 96 bytes)",
        ));
    }
    Ok(path)
}

/// Answers operators until the server ends.
pub async fn serve(service: Arc<Service>, listener: UnixListener) {
    let accept = |cx: &mut Context<'_>| listener.poll_accept(cx);
    serve_each(CONNECTIONS_MAX, accept, |stream| {
        let service = Arc::clone(&service);
        async move {
            // An operator who goes away gets no answer.
            let _ = converse(&service, stream).await;
        }
    })
    .await;
}

async fn converse(service: &Arc<Service>, mut stream: UnixStream) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    let (read, mut write) = stream.split();
    let mut line = String::new();
    let answer = if peer != 0 && peer != rustix::process::geteuid().as_raw() {
        Answer::Refused {
            reason: "only the server's own user may ask".to_owned(),
        }
    } else {
        tokio::time::timeout(
            RECEIVE_TIME_MAX,
            BufReader::new(read.take(LINE_BYTES_MAX)).read_line(&mut line),
        )
        .await??;
        match serde_json::from_str(&line) {
            Ok(question) => answer(service, question).await,
            Err(error) => Answer::Refused {
                reason: format!("not a question: {error}"),
            },
        }
    };
    let mut reply = serde_json::to_vec(&answer)?;
    reply.push(b'\n');
    write.write_all(&reply).await
}

async fn answer(service: &Arc<Service>, question: Question) -> Answer {
    let refused = |reason: String| Answer::Refused { reason };
    match question {
        Question::Status => Answer::Status(Box::new(status(service).await)),
        Question::Unseal { sealed } => match hex::decode(&sealed) {
            Some(boxed) => unseal(service, &boxed).await,
            None => refused("the sealed secret is not hexadecimal".to_owned()),
        },
        Question::CreateAccount { id } => create_account(service, id).await,
        Question::ListAccounts { after } => list_accounts(service, after.as_deref()),
        Question::ListKeys { after } => list_keys(service, after.as_deref()),
        Question::SetGuardrail { account, document } => {
            change_guardrail(service, &account, Some(&document)).await
        }
        Question::RemoveGuardrail { account } => change_guardrail(service, &account, None).await,
        Question::GetGuardrail { account } => get_guardrail(service, &account),
        Question::SetStrictAudit { account, strict } => {
            change_strictness(service, &account, strict.into()).await
        }
        Question::Explain(question) => explanation(service, &question),
        Question::ShowAnchor => match service.show_anchor().await {
            Ok(found) => Answer::Anchor(anchor_answer(&found)),
            Err(error) => refused(error.to_string()),
        },
        Question::AcceptRollback { store, reason } => accept_rollback(service, store, reason).await,
        Question::RotateDomain => match service.rotate_domain().await {
            Ok(done) => Answer::Rotated {
                epoch: done.epoch,
                rewrapped: done.rewrapped,
                left: done.left,
            },
            Err(error) => refused(error.to_string()),
        },
        Question::RetireEpoch { epoch } => match service.retire_epoch(epoch).await {
            Ok(()) => Answer::Done,
            Err(error) => refused(error.to_string()),
        },
    }
}

async fn accept_rollback(service: &Arc<Service>, store: u64, reason: String) -> Answer {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
        return Answer::Refused {
            reason: format!("a reason has 1 to {REASON_BYTES_MAX} bytes"),
        };
    }
    match service.accept_rollback(store, reason.to_owned()).await {
        Ok(_) => Answer::Done,
        Err(error) => Answer::Refused {
            reason: error.to_string(),
        },
    }
}

fn anchor_answer(found: &Mismatch) -> AnchorAnswer {
    let position = |position: Position| PositionAnswer {
        epoch: position.epoch,
        sequence: position.sequence,
        seal: position.seal,
    };
    AnchorAnswer {
        fit: found.name().to_owned(),
        text: found.to_string(),
        anchor: found.anchor.map(position),
        store: found.store.map(position),
    }
}

async fn unseal(service: &Service, boxed: &[u8]) -> Answer {
    match service.unseal(boxed).await {
        Ok(progress) => Answer::Unseal {
            outcome: outcome_name(progress.outcome).to_owned(),
            share: progress.share,
            given: progress.given,
            needed: progress.needed,
        },
        Err(error) => Answer::Refused {
            reason: error.to_string(),
        },
    }
}

fn outcome_name(outcome: UnsealOutcome) -> &'static str {
    match outcome {
        UnsealOutcome::Opened => "opened",
        UnsealOutcome::ShareAccepted => "share-accepted",
        UnsealOutcome::ShareKnown => "share-known",
        UnsealOutcome::ShareWrong => "share-wrong",
        UnsealOutcome::SecretWrong => "secret-wrong",
    }
}

async fn create_account(service: &Service, id: Option<String>) -> Answer {
    let refused = |reason: &str| Answer::Refused {
        reason: reason.to_owned(),
    };
    let Some(kms) = service.kms() else {
        return refused("the server is sealed; run `strongroom unseal` first");
    };
    let id: AccountId = match id.unwrap_or_else(|| random_account(service)).parse() {
        Ok(id) => id,
        Err(_) => return refused("an account id has 12 digits"),
    };
    match kms.create_account(id).await {
        Ok(account) => Answer::Account {
            id: account.id.to_string(),
            access_key_id: account.access_key_id,
            secret_access_key: account.secret_access_key.expose().clone(),
        },
        Err(Failure::Conflict) => refused("the account exists already"),
        Err(failure) => Answer::Refused {
            reason: format!("the account could not be created ({failure:?})"),
        },
    }
}

fn sealed() -> Answer {
    Answer::Refused {
        reason: "the server is sealed".to_owned(),
    }
}

fn failed(failure: &Failure) -> Answer {
    let reason = match failure {
        Failure::Conflict => "something changed meanwhile; ask again".to_owned(),
        failure => format!("the records could not be read or written ({failure:?})"),
    };
    Answer::Refused { reason }
}

fn list_accounts(service: &Service, after: Option<&str>) -> Answer {
    let Some(kms) = service.kms() else {
        return sealed();
    };
    let cursor = after.and_then(hex::decode);
    let cursor = cursor.map(|bytes| Cursor::from_bytes(&bytes));
    match kms
        .records
        .list_accounts(cursor.as_ref(), ACCOUNTS_PER_ANSWER)
    {
        Ok(page) => Answer::Accounts {
            accounts: page.records.iter().map(account_answer).collect(),
            next: page.next.map(|next| hex::encode(next.as_bytes())),
        },
        Err(failure) => failed(&failure),
    }
}

fn account_answer(account: &AccountRecord) -> AccountAnswer {
    AccountAnswer {
        id: account.id.to_string(),
        created: iso8601(account.created.into()),
        has_guardrail: account.guardrail.is_some(),
        strict_audit: account.strict_audit == Some(true),
    }
}

fn list_keys(service: &Service, after: Option<&str>) -> Answer {
    let Some(kms) = service.kms() else {
        return sealed();
    };
    let cursor = after.and_then(hex::decode);
    let cursor = cursor.map(|bytes| Cursor::from_bytes(&bytes));
    match kms.records.list_all_keys(cursor.as_ref(), KEYS_PER_ANSWER) {
        Ok(page) => Answer::Keys {
            keys: page
                .records
                .iter()
                .map(|stored| stored.record.standing())
                .collect(),
            next: page.next.map(|next| hex::encode(next.as_bytes())),
        },
        Err(failure) => failed(&failure),
    }
}

async fn change_guardrail(service: &Service, account: &str, document: Option<&str>) -> Answer {
    let Some(kms) = service.kms() else {
        return sealed();
    };
    match guardrails::change(&kms, account, document).await {
        Ok(()) => Answer::Done,
        Err(Unchanged::Refused(reason)) => Answer::Refused { reason },
        Err(Unchanged::Failed(failure)) => failed(&failure),
    }
}

async fn change_strictness(service: &Service, account: &str, strictness: Strictness) -> Answer {
    let Some(kms) = service.kms() else {
        return sealed();
    };
    match strictness::change(&kms, account, strictness).await {
        Ok(()) => Answer::Done,
        Err(Unchanged::Refused(reason)) => Answer::Refused { reason },
        Err(Unchanged::Failed(failure)) => failed(&failure),
    }
}

fn get_guardrail(service: &Service, account: &str) -> Answer {
    let Some(kms) = service.kms() else {
        return sealed();
    };
    match guardrails::document(&kms, account) {
        Ok(document) => Answer::Guardrail { document },
        Err(Unchanged::Refused(reason)) => Answer::Refused { reason },
        Err(Unchanged::Failed(failure)) => failed(&failure),
    }
}

fn explanation(service: &Service, question: &ExplainQuestion) -> Answer {
    let Some(kms) = service.kms() else {
        return sealed();
    };
    match explain::explain(&kms, question) {
        Ok(explanation) => Answer::Explanation(Box::new(explanation)),
        Err(Unexplained::Question(reason)) => Answer::Refused { reason },
        Err(Unexplained::Failed(failure)) => failed(&failure),
    }
}

fn random_account(service: &Service) -> String {
    let drawn = u64::from_be_bytes(service.env.random_bytes());
    format!("{:012}", drawn % 1_000_000_000_000)
}

async fn status(service: &Service) -> StatusAnswer {
    if service.kms().is_none()
        && let Err(error) = service.open_if_unsealed().await
    {
        tracing::error!(%error, "the records cannot be opened");
    }
    if let Some(kms) = service.kms()
        && let Err(failure) = kms.records.timers.refresh(&kms.records)
    {
        tracing::warn!(?failure, "the count of keys pending deletion may be old");
    }
    let store = service.kms().map(|kms| StoreAnswer {
        absence_proved: kms.records.health().absence_proved,
        writable: kms.records.health().writable,
        keys_pending_deletion: kms.records.timers.count(TimerKind::Deletion),
        deletion_held: kms.domain_clock().is_held() || kms.records.timers.is_incomplete(),
    });
    let audit = audit_answer(&service.audit_status());
    let mismatch = service.mismatch();
    let anchor = mismatch.as_ref().map(anchor_answer);
    let Ok(status) = service.key_process_status().await else {
        return StatusAnswer {
            state: "restarting".to_owned(),
            seal: None,
            shares_given: 0,
            shares_needed: 0,
            seal_version: 0,
            epoch: 0,
            epochs: Vec::new(),
            self_tests_passed: 0,
            exchange_key: String::new(),
            protections: Vec::new(),
            store,
            anchor,
            audit,
        };
    };
    StatusAnswer {
        state: match status.phase {
            Phase::Open if anchor.is_some() => "unanchored",
            Phase::Open if store.is_none() => "opening",
            phase => phase_name(phase),
        }
        .to_owned(),
        seal: status
            .seal_kind
            .0
            .first()
            .map(|kind| seal_name(*kind).to_owned()),
        shares_given: status.shares_given,
        shares_needed: status.shares_needed,
        seal_version: status.seal_version,
        epoch: status.epoch,
        epochs: status.epochs.0,
        self_tests_passed: status.self_tests_passed,
        exchange_key: hex::encode(&status.exchange_key),
        protections: status
            .protections
            .0
            .into_iter()
            .map(|protection| (protection.name, protection.held))
            .collect(),
        store,
        anchor,
        audit,
    }
}

fn audit_answer(status: &AuditStatus) -> AuditAnswer {
    let signed = status.last_checkpoint;
    let covered = signed.map_or(0, |last| last.sequence);
    let time = signed.and_then(|last| i64::try_from(last.time).ok());
    let millis = |age: Duration| u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    AuditAnswer {
        reserve: reserve_name(status.reserve).to_owned(),
        records: status.sequence,
        queue: status.queue,
        unsynced_millis: status.unsynced.map(millis),
        last_checkpoint: time.map(|time| iso8601(UnixMillis(time))),
        unsigned: status.sequence.saturating_sub(covered),
        passed_over: status.passed_over,
    }
}

fn reserve_name(state: ReserveState) -> &'static str {
    match state {
        ReserveState::Whole => "whole",
        ReserveState::InUse => "in-use",
        ReserveState::UsedUp => "used-up",
    }
}

fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Empty => "empty",
        Phase::Sealed => "sealed",
        Phase::Open => "open",
        Phase::Failed => "failed",
    }
}

fn seal_name(kind: SealKind) -> &'static str {
    match kind {
        SealKind::KeyFile => "key-file",
        SealKind::Passphrase => "passphrase",
        SealKind::Shares => "shares",
    }
}
