//! The digest of a period: when it is due, what it says, and how it is signed. What is due and said comes from the
//! store alone, so that the same digest is put again after a crash.

use std::time::Duration;

use bytes::Bytes;
use strongroom_audit::digest::{
    ALGORITHM_METADATA, Digest, LOG_FILES_MAX, LogFile, Place, Previous, SIGNATURE_ALGORITHM,
    SIGNATURE_METADATA,
};
use strongroom_audit::gzip;
use strongroom_audit::objects::DigestName;
use strongroom_base::{UnixMillis, hex};
use strongroom_crypto::digest::sha256;

use super::sink::{Object, SinkError};
use crate::audit_keys::AuditKeys;
use crate::records::{
    DeliveredFileRecord, DigestRecord, PreviousDigestRecord, TrailDeliveryRecord, TrailRecord,
};

const SECOND: Duration = Duration::from_secs(1);

/// The digest that a trail begins with: of the interval before it was started (CloudTrail User Guide, "Digest file
/// chaining": it ends when logging begins, and has no predecessor).
pub(super) fn first(started: UnixMillis, interval: Duration) -> DigestRecord {
    let interval = i64::try_from(interval.as_millis()).unwrap_or(0);
    let since = UnixMillis(whole_second(started).0.saturating_sub(interval));
    DigestRecord {
        since: since.into(),
        previous: None,
        files: Vec::new(),
    }
}

/// When the digest that is being collected ends, if it is due at `now`.
pub(super) fn due(
    trail: &TrailRecord,
    delivery: &TrailDeliveryRecord,
    interval: Duration,
    now: UnixMillis,
) -> Option<UnixMillis> {
    let digest = delivery.digest.as_ref()?;
    let since = UnixMillis::from(digest.since);
    let regular = since.plus(interval);
    let soonest = since.plus(SECOND);
    let full = (digest.files.len() >= LOG_FILES_MAX)
        .then_some(delivery.delivered)
        .flatten()
        .map(|delivered| next_second(delivered.into()));
    let stopped = trail.stopped.filter(|_| !trail.is_logging);
    let last = stopped.map(|stopped| next_second(stopped.into()));
    let end = [full, last].into_iter().flatten().min();
    let end = end.map_or(regular, |end| end.clamp(soonest, regular));
    (end <= now).then_some(end)
}

/// Whether the digest that ends at `end` is the last, until the trail is started again or validates logs again.
pub(super) fn is_last(trail: &TrailRecord, end: UnixMillis) -> bool {
    let stopped = trail.stopped.filter(|_| !trail.is_logging);
    let is_over = |stopped| end >= whole_second(UnixMillis::from(stopped));
    !trail.validates_logs || stopped.is_some_and(is_over)
}

/// A signed digest.
pub(super) struct Signed {
    /// The object to put.
    pub(super) object: Object,
    /// What the next one says of it.
    pub(super) record: PreviousDigestRecord,
}

/// Makes and signs the digest that ends at `end`.
pub(super) async fn sign(
    keys: &AuditKeys,
    trail: &TrailRecord,
    delivery: &TrailDeliveryRecord,
    end: UnixMillis,
) -> Result<Signed, SinkError> {
    let unsigned = || SinkError::new("NoSigningKey");
    let collected = delivery.digest.as_ref().ok_or_else(unsigned)?;
    let fingerprint = keys.digest_fingerprint(end).ok_or_else(unsigned)?;
    let digest = digest(trail, delivery, collected, fingerprint, end);
    let json = digest.json();
    let message = digest.string_to_sign(json.as_bytes());
    let signed = keys.sign_digest(end, message.as_bytes()).await;
    let signed = signed.map_err(|_| unsigned())?;
    // The keys changed in between: the next time both are of the new one.
    if signed.fingerprint != digest.fingerprint {
        return Err(unsigned());
    }
    let metadata = vec![
        (SIGNATURE_METADATA, hex::encode(&signed.signature)),
        (ALGORITHM_METADATA, SIGNATURE_ALGORITHM.to_owned()),
    ];
    let Place { bucket, key } = digest.place;
    let body = gzip::compress(json.as_bytes()).map_err(|_| unsigned())?;
    Ok(Signed {
        object: Object {
            bucket: bucket.clone(),
            key: key.clone(),
            body: Bytes::from(body),
            metadata,
        },
        record: PreviousDigestRecord {
            bucket,
            key,
            hash: sha256(&[json.as_bytes()]),
            signature: signed.signature,
        },
    })
}

fn digest(
    trail: &TrailRecord,
    delivery: &TrailDeliveryRecord,
    collected: &DigestRecord,
    fingerprint: String,
    end: UnixMillis,
) -> Digest {
    let name = DigestName {
        account: trail.account,
        region: delivery.region.clone(),
        trail: trail.name.clone(),
        home: trail.home.clone(),
        end,
    };
    Digest {
        account: trail.account.as_str().to_owned(),
        start: collected.since.into(),
        end,
        place: Place {
            bucket: trail.bucket.clone(),
            key: name.key(trail.prefix.as_deref()),
        },
        fingerprint,
        previous: collected.previous.as_ref().map(previous),
        logs: collected.files.iter().map(log_file).collect(),
    }
}

fn previous(record: &PreviousDigestRecord) -> Previous {
    Previous {
        place: Place {
            bucket: record.bucket.clone(),
            key: record.key.clone(),
        },
        hash: hex::encode(&record.hash),
        signature: hex::encode(&record.signature),
    }
}

fn log_file(record: &DeliveredFileRecord) -> LogFile {
    LogFile {
        place: Place {
            bucket: record.bucket.clone(),
            key: record.key.clone(),
        },
        hash: hex::encode(&record.hash),
        newest: record.newest.into(),
        oldest: record.oldest.into(),
    }
}

/// Digests tell whole seconds.
fn whole_second(time: UnixMillis) -> UnixMillis {
    UnixMillis(time.seconds().saturating_mul(1000))
}

fn next_second(time: UnixMillis) -> UnixMillis {
    whole_second(time.plus(SECOND))
}
