//! The open service: everything that exists only while the domain is unsealed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strongroom_audit::{Outcome, Record};
use strongroom_base::{Env, UnixMillis};
use strongroom_store::SealedStore;

use crate::accounts::{AccountRule, SigningKeys};
use crate::audit_log::{AuditLog, Durability};
use crate::call::Call;
use crate::domain_time::{DomainTime, Recorded};
use crate::failure::{Cause, Failure};
use crate::key_process::KeyProcess;
use crate::ops::AuditClass;
use crate::repository::{Changes, Repository};
use crate::timers::Timers;

/// What is fixed while the service runs.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Which accounts there are.
    pub accounts: AccountRule,
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
    /// Keys that wait for their deletion.
    pub timers: Timers,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) audit: Arc<AuditLog>,
    domain_time: Mutex<DomainTime>,
}

impl Kms {
    /// Opens the service over an unsealed store. Errors: the store cannot be read.
    pub fn open(
        env: Env,
        settings: Settings,
        store: SealedStore,
        key_process: KeyProcess,
        audit: Arc<AuditLog>,
    ) -> Result<Self, Failure> {
        let records = Repository::new(store);
        let recorded = records.clock()?.map(|stored| Recorded {
            time: stored.record.time.into(),
            held: std::time::Duration::from_millis(stored.record.held_millis),
        });
        let time = DomainTime::start(recorded, env.clock.now(), env.clock.monotonic());
        let timers = Timers::load(&records)?;
        Ok(Self {
            env,
            settings,
            records,
            key_process,
            timers,
            signing_keys: SigningKeys::default(),
            audit,
            domain_time: Mutex::new(time),
        })
    }

    /// Domain time, now.
    pub fn domain_time(&self) -> UnixMillis {
        self.domain_clock()
            .advance(self.env.clock.now(), self.env.clock.monotonic())
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
        let result = (call.op.carry_out)(call).await;
        if call.is_committed() {
            return result;
        }
        let outcome = match &result {
            Ok(_) => Outcome::Success,
            Err(failure) => Outcome::Exception(failure.refusal().exception.name().to_owned()),
        };
        let durability = match call.op.audit {
            AuditClass::Read | AuditClass::Cryptographic => Durability::Written,
            AuditClass::Mutation => Durability::Synced,
        };
        let record = encoded(&call.record(self.env.clock.now(), outcome))?;
        self.audit
            .append(&record, durability)
            .await
            .map_err(|_| Failure::Internal(Cause::Audit))?;
        result
    }
}

fn encoded(record: &Record) -> Result<Vec<u8>, Failure> {
    record.encode().map_err(|_| Failure::Internal(Cause::Audit))
}
