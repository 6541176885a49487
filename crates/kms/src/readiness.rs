//! Whether requests can be served now, for those who decide where to send them. It says what is missing, never why:
//! the log does.

use std::time::Duration;

use crate::audit_log::{AuditStatus, ReserveState};
use crate::service::Service;

/// How long the key process may take to answer: it is asked for nothing but its status.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(1);

/// A record is synced within milliseconds: a log that has not been for so long is stuck.
const UNSYNCED_TIME_MAX: Duration = Duration::from_secs(10);

/// What keeps requests from being served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The domain is sealed.
    Sealed,
    /// The store does not fit its anchor: the server stays sealed.
    Anchor,
    /// The key process does not answer in time.
    KeyProcess,
    /// The audit log cannot be written: the disk has no room left, or does not answer.
    AuditLog,
}

impl Obstacle {
    /// The obstacle in the answer's JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sealed => "sealed",
            Self::Anchor => "anchor",
            Self::KeyProcess => "key_process",
            Self::AuditLog => "audit_log",
        }
    }
}

/// Everything that keeps requests from being served now; nothing when they are.
pub(crate) async fn obstacles(service: &Service) -> Vec<Obstacle> {
    let mut found = Vec::new();
    if service.kms().is_none() {
        found.push(Obstacle::Sealed);
    }
    if service.mismatch().is_some() {
        found.push(Obstacle::Anchor);
    }
    let status = tokio::time::timeout(ANSWER_TIME_MAX, service.key_process_status());
    if !matches!(status.await, Ok(Ok(_))) {
        found.push(Obstacle::KeyProcess);
    }
    if is_stuck(&service.audit_status()) {
        found.push(Obstacle::AuditLog);
    }
    found
}

fn is_stuck(log: &AuditStatus) -> bool {
    let is_unsynced = log.unsynced.is_some_and(|age| age > UNSYNCED_TIME_MAX);
    is_unsynced || log.reserve == ReserveState::UsedUp
}
