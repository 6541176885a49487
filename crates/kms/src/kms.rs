//! The open service: everything that exists only while the domain is unsealed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use strongroom_attestation::TrustRoots;
use strongroom_audit::{Outcome, Record};
use strongroom_aws::kms::KeyLastUsageTrackingOperation;
use strongroom_base::{Env, UnixMillis};
use strongroom_store::{SealedStore, StoreError};
use tokio::sync::{RwLock, RwLockReadGuard};
use tokio::time::Instant;

use crate::accounts::{AccessKeyUses, AccountRule, Sessions, SigningKeys};
use crate::audit_keys::AuditKeys;
use crate::audit_log::{AuditLog, Durability};
use crate::call::Call;
use crate::domain_time::{DomainTime, Recorded};
use crate::failure::{Cause, Failure};
use crate::history::Lookups;
use crate::key_process::KeyProcess;
use crate::last_use::{self, LastUses};
use crate::metrics::{CallResult, Metrics};
use crate::oidc::Providers;
use crate::ops::AuditClass;
use crate::outbox::Outbox;
use crate::repository::{Changes, Repository};
use crate::series::{self, Measurements};
use crate::strictness::{self, Strictness};
use crate::timers::Timers;
use crate::told;
use crate::turns::Turns;

/// When a caller is told of a key that may be missing or forbidden, counted from the request's arrival: longer
/// than either takes to find out.
const UNSEEN_REPLY_TIME: Duration = Duration::from_millis(2);

/// Whether this build leaves out the records of calls that commit nothing, to measure what they cost.
const WITHOUT_AUDIT: bool = cfg!(feature = "bench-without-audit");

/// What is fixed while the service runs.
#[derive(Clone)]
pub struct Settings {
    /// Which accounts there are.
    pub accounts: AccountRule,
    /// Whose enclaves may be recipients of answers.
    pub attestation_roots: Arc<TrustRoots>,
    /// Whose tokens begin sessions of roles.
    pub identity_providers: Arc<Providers>,
    /// How strict the audit of every account is.
    pub strictness: Strictness,
}

impl Settings {
    /// Settings with these accounts, AWS's root of all Nitro Enclaves, and no identity providers.
    pub fn new(accounts: AccountRule) -> Self {
        Self {
            accounts,
            attestation_roots: Arc::new(TrustRoots::aws_nitro()),
            identity_providers: Arc::default(),
            strictness: Strictness::default(),
        }
    }
}

/// The open service.
pub struct Kms {
    /// Clock and randomness.
    pub env: Env,
    /// What is fixed.
    pub settings: Settings,
    /// All records.
    pub records: Repository,
    /// The key process.
    pub key_process: KeyProcess,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) sessions: Sessions,
    pub(crate) access_key_uses: AccessKeyUses,
    pub(crate) audit: Arc<AuditLog>,
    pub(crate) outbox: Outbox,
    pub(crate) audit_keys: Arc<AuditKeys>,
    /// Changes of one key's grants: each replaces the count of them.
    pub(crate) grant_turns: Turns,
    /// Changes of one key that conflicted before.
    pub(crate) key_turns: Turns,
    /// Changes of one account's users, groups, roles and policies.
    pub(crate) iam_turns: Turns,
    /// Changes of one account's trails.
    pub(crate) trail_turns: Turns,
    pub(crate) lookups: Lookups,
    pub(crate) last_uses: LastUses,
    pub(crate) measurements: Measurements,
    domain_time: Mutex<DomainTime>,
    making_tokens: RwLock<()>,
}

impl Kms {
    /// Opens the service over an unsealed store. What cannot be read of timers and domain time holds
    /// deletion back; everything else goes on.
    pub fn open(
        env: Env,
        settings: Settings,
        store: SealedStore,
        key_process: KeyProcess,
        audit: Arc<AuditLog>,
        metrics: Arc<Metrics>,
    ) -> Self {
        if WITHOUT_AUDIT {
            tracing::warn!("BUILT FOR BENCHMARKS: calls leave no audit records");
        }
        let records = Repository::new(store, &metrics);
        let domain_time = Mutex::new(read_domain_time(&records, &env));
        Timers::load(&records);
        Self {
            env,
            settings,
            records,
            audit_keys: Arc::new(AuditKeys::new(key_process.clone())),
            key_process,
            metrics,
            signing_keys: SigningKeys::default(),
            sessions: Sessions::default(),
            access_key_uses: AccessKeyUses::default(),
            audit,
            outbox: Outbox::default(),
            grant_turns: Turns::default(),
            key_turns: Turns::default(),
            iam_turns: Turns::default(),
            trail_turns: Turns::default(),
            lookups: Lookups::default(),
            last_uses: LastUses::default(),
            measurements: Measurements::default(),
            domain_time,
            making_tokens: RwLock::new(()),
        }
    }

    /// Held while a token is made and committed, so that [`Kms::wait_for_tokens`] sees it.
    pub(crate) async fn making_token(&self) -> RwLockReadGuard<'_, ()> {
        self.making_tokens.read().await
    }

    /// Waits until every token that is being made now is committed, or given up.
    pub(crate) async fn wait_for_tokens(&self) {
        drop(self.making_tokens.write().await);
    }

    /// Domain time, now.
    pub fn domain_time(&self) -> UnixMillis {
        self.domain_clock()
            .advance(self.env.clock.now(), self.env.clock.monotonic())
    }

    /// The later of domain time and the wall clock. What is promised to last from now on is counted from it:
    /// while one of them is held back, or was set back, the other would make it shorter.
    pub(crate) fn later_time(&self) -> UnixMillis {
        self.domain_time().max(self.env.clock.now())
    }

    pub(crate) fn domain_clock(&self) -> MutexGuard<'_, DomainTime> {
        self.domain_time
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Commits `changes` with the audit record of the call's success: neither exists without the other.
    pub(crate) async fn commit(&self, call: &Call<'_>, changes: Changes) -> Result<(), Failure> {
        let record = encoded(&call.record(self.env.clock.now(), Outcome::Success))?;
        self.records
            .commit(changes.put_outbox(&call.event_id, &record))
            .await?;
        call.note_committed();
        Ok(())
    }

    /// Carries out `call` and sees to it that its audit record is written before anyone learns the
    /// outcome.
    pub async fn serve(&self, call: &Call<'_>) -> Result<Vec<u8>, Failure> {
        let arrived = Instant::now();
        let result = self.answer(call).await;
        if call.is_unseen() {
            // How long a look-up took must not tell whether there was anything to find.
            tokio::time::sleep_until(arrived + UNSEEN_REPLY_TIME).await;
        }
        self.note(call, CallResult::of(&result), arrived.elapsed());
        result
    }

    /// Changes need the audit log's reserve whole: what is left of a full disk is for telling of the rest.
    fn check_room_for(&self, call: &Call<'_>) -> Result<(), Failure> {
        match call.op.audit {
            AuditClass::Mutation => self.check_room(),
            AuditClass::Read | AuditClass::Cryptographic => Ok(()),
        }
    }

    /// Whether there is room for changes.
    pub(crate) fn check_room(&self) -> Result<(), Failure> {
        if self.audit.has_room() {
            return Ok(());
        }
        Err(StoreError::Full.into())
    }

    fn note(&self, call: &Call<'_>, result: CallResult, took: Duration) {
        self.metrics.note_call(call.op, result, took);
        tracing::debug!(
            request_id = call.request_id,
            service = call.op.service.name(),
            operation = call.op.name,
            account = %call.caller.account,
            result = result.label(),
            duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "request"
        );
    }

    async fn answer(&self, call: &Call<'_>) -> Result<Vec<u8>, Failure> {
        let result = match self.check_room_for(call) {
            Ok(()) => (call.op.carry_out)(call).await,
            Err(failure) => Err(failure),
        };
        if call.is_committed() || call.is_nobodys() {
            return result;
        }
        let time = self.env.clock.now();
        self.tell(call, &result, time).await?;
        if result.is_ok() {
            note_use(call, time);
        }
        result
    }

    /// Writes the record of a call that committed none.
    async fn tell(
        &self,
        call: &Call<'_>,
        result: &Result<Vec<u8>, Failure>,
        time: UnixMillis,
    ) -> Result<(), Failure> {
        if WITHOUT_AUDIT {
            return Ok(());
        }
        let outcome = match result {
            Ok(_) => Outcome::Success,
            Err(failure) => {
                let refusal = failure.refusal();
                Outcome::Exception {
                    code: refusal.exception.name().to_owned(),
                    message: told::message(&call.input, refusal.message.unwrap_or_default()),
                }
            }
        };
        let durability = match (call.op.audit, strictness::of_call(call)) {
            (AuditClass::Mutation, _) | (_, Strictness::Strict) => Durability::Synced,
            (AuditClass::Read | AuditClass::Cryptographic, Strictness::Usual) => {
                Durability::Written
            }
        };
        let record = encoded(&call.record(time, outcome))?;
        let appended = self.audit.append(&record, durability).await;
        appended.map_err(|_| Failure::Internal(Cause::Audit))
    }
}

/// Notes that a call succeeded on the keys it touched, where its operation counts as a use of them.
fn note_use(call: &Call<'_>, time: UnixMillis) {
    let Some(operation) = KeyLastUsageTrackingOperation::named(call.op.name) else {
        return;
    };
    let keys = call.touched_keys();
    last_use::note(call, &keys, time);
    series::note_request(&call.kms.measurements, operation, &keys, time);
}

fn read_domain_time(records: &Repository, env: &Env) -> DomainTime {
    let recorded = match records.clock() {
        Ok(recorded) => recorded,
        Err(failure) => {
            tracing::error!(?failure, "domain time cannot be read: deletion is held");
            return DomainTime::unknown(env.clock.monotonic());
        }
    };
    let recorded = recorded.map(|stored| Recorded {
        time: stored.record.time.into(),
        held: Duration::from_millis(stored.record.held_millis),
        lead: stored.record.lead_millis.map(Duration::from_millis),
    });
    DomainTime::start(recorded, env.clock.now(), env.clock.monotonic())
}

pub(crate) fn encoded(record: &Record) -> Result<Vec<u8>, Failure> {
    record.encode().map_err(|_| Failure::Internal(Cause::Audit))
}
