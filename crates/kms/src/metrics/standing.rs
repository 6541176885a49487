//! How things stand at the moment of a scrape: asked for only then, so that the request path pays nothing for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::families::Families;
use crate::audit_log::{AuditStatus, ReserveState};
use crate::kms::Kms;
use crate::service::Service;

/// What is asked for at a scrape.
pub(super) struct Standing {
    calls_in_flight: usize,
    audit: AuditStatus,
    /// Nothing while the domain is sealed.
    open: Option<Open>,
}

/// What is known only while the domain is open.
struct Open {
    store_writable: bool,
    /// Nothing when the store cannot be read.
    outbox_records: Option<usize>,
    keys_pending_deletion: usize,
    /// What CloudWatch will not show.
    measurements_dropped: u64,
    /// Nothing when no key material expires.
    expiry_seconds: Option<f64>,
}

impl Standing {
    pub(super) fn of(service: &Service) -> Self {
        Self {
            calls_in_flight: service.key_process_calls_in_flight(),
            audit: service.audit_status(),
            open: service.kms().as_ref().map(Open::of),
        }
    }

    pub(super) fn tell(&self, families: &mut Families<'_>) -> fmt::Result {
        families.gauge(
            "key_process_calls_in_flight",
            "Calls that wait for a reply of the key process.",
            Some(self.calls_in_flight),
        )?;
        families.gauge(
            "sealed",
            "1 while the domain is sealed, else 0.",
            Some(u32::from(self.open.is_none())),
        )?;
        self.tell_audit(families)?;
        self.tell_open(families)?;
        families.info(
            "build",
            "What runs here.",
            &[("version", env!("CARGO_PKG_VERSION"))],
        )
    }

    fn tell_audit(&self, families: &mut Families<'_>) -> fmt::Result {
        families.counter(
            "audit_records",
            "Records written to the audit log.",
            self.audit.records_written,
        )?;
        families.gauge(
            "audit_queue_records",
            "Records that wait to be written to the audit log.",
            Some(self.audit.queue),
        )?;
        families.seconds(
            "audit_unsynced",
            "Since when the oldest record is written that the disk may not have; 0 when it has all.",
            Some(self.audit.unsynced.unwrap_or_default().as_secs_f64()),
        )?;
        families.gauge(
            "audit_reserve",
            "Room on the disk kept for the audit log: 2 whole, 1 in use, 0 used up.",
            Some(reserve_number(self.audit.reserve)),
        )?;
        families.seconds(
            "audit_last_checkpoint_timestamp",
            "When the last checkpoint of the audit log was signed.",
            self.audit
                .last_checkpoint
                .map(|last| Duration::from_millis(last.time).as_secs_f64()),
        )?;
        families.gauge(
            "audit_passed_over_records",
            "Damaged records in the outbox, which the audit log will not have.",
            Some(self.audit.passed_over),
        )
    }

    fn tell_open(&self, families: &mut Families<'_>) -> fmt::Result {
        let open = self.open.as_ref();
        families.gauge(
            "store_writable",
            "1 while the store takes changes, else 0.",
            open.map(|open| u32::from(open.store_writable)),
        )?;
        families.gauge(
            "audit_outbox_records",
            "Records of mutations that the audit log does not have yet, counted up to 1000.",
            open.and_then(|open| open.outbox_records),
        )?;
        families.gauge(
            "measurements_dropped",
            "Uses that CloudWatch's metrics lack for want of room in memory, since the domain was opened.",
            open.map(|open| open.measurements_dropped),
        )?;
        families.gauge(
            "keys_pending_deletion",
            "Keys whose next event is their deletion.",
            open.map(|open| open.keys_pending_deletion),
        )?;
        families.gauge(
            "seconds_until_key_material_expiration",
            "Seconds until the first key material that is imported expires.",
            open.and_then(|open| open.expiry_seconds),
        )
    }
}

fn reserve_number(reserve: ReserveState) -> u32 {
    match reserve {
        ReserveState::UsedUp => 0,
        ReserveState::InUse => 1,
        ReserveState::Whole => 2,
    }
}

impl Open {
    fn of(kms: &Arc<Kms>) -> Self {
        let timers = &kms.records.timers;
        // What cannot be read keeps its place in the index; the timers tell of it.
        let _ = timers.refresh(&kms.records);
        let now = kms.domain_time();
        Self {
            store_writable: kms.records.health().writable,
            outbox_records: kms.records.outbox_length().ok(),
            measurements_dropped: kms.measurements.dropped(),
            keys_pending_deletion: timers.count(crate::records::TimerKind::Deletion),
            expiry_seconds: timers.next_expiry().map(|due| due.since(now).as_secs_f64()),
        }
    }
}
