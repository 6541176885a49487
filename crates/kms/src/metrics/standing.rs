//! How things stand at the moment of a scrape: asked for only then, so that the request path pays nothing for it.

use std::fmt;
use std::sync::Arc;

use super::families::Families;
use crate::kms::Kms;
use crate::service::Service;

/// What is asked for at a scrape.
pub(super) struct Standing {
    calls_in_flight: usize,
    /// Nothing while the domain is sealed.
    open: Option<Open>,
}

/// What is known only while the domain is open.
struct Open {
    store_writable: bool,
    /// Nothing when the store cannot be read.
    outbox_records: Option<usize>,
    keys_pending_deletion: usize,
    /// Nothing when no key material expires.
    expiry_seconds: Option<f64>,
}

impl Standing {
    pub(super) fn of(service: &Service) -> Self {
        Self {
            calls_in_flight: service.key_process_calls_in_flight(),
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
        self.tell_open(families)?;
        families.info(
            "build",
            "What runs here.",
            &[("version", env!("CARGO_PKG_VERSION"))],
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

impl Open {
    fn of(kms: &Arc<Kms>) -> Self {
        let timers = &kms.records.timers;
        // What cannot be read keeps its place in the index; the timers tell of it.
        let _ = timers.refresh(&kms.records);
        let now = kms.domain_time();
        Self {
            store_writable: kms.records.health().writable,
            outbox_records: kms.records.outbox_length().ok(),
            keys_pending_deletion: timers.count(crate::records::TimerKind::Deletion),
            expiry_seconds: timers.next_expiry().map(|due| due.since(now).as_secs_f64()),
        }
    }
}
