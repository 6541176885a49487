//! Stored trails of CloudTrail, and how far the delivery of each is. What users change and what delivery changes
//! stand in records of their own, so that neither makes the other try again.

use minicbor::{Decode, Encode};
use strongroom_base::id::{AccountId, Region};

use super::{Millis, TagRecord, text};

/// A trail.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct TrailRecord {
    /// The account it belongs to.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The Region it was created in.
    #[cbor(n(1), with = "text")]
    pub home: Region,
    /// Its name.
    #[n(2)]
    pub name: String,
    /// When it was created.
    #[n(3)]
    pub created: Millis,
    /// The bucket it delivers to.
    #[n(4)]
    pub bucket: String,
    /// What the keys of its objects begin with, without the slash after it.
    #[n(5)]
    pub prefix: Option<String>,
    /// Whether it delivers the events of every Region.
    #[n(6)]
    pub is_multi_region: bool,
    /// Whether it delivers the events of services that are in no Region.
    #[n(7)]
    pub includes_global_events: bool,
    /// Whether it delivers digests.
    #[n(8)]
    pub validates_logs: bool,
    /// Its event selectors, at most 5; none of a trail that was never given any, which delivers everything.
    #[n(9)]
    pub selectors: Vec<SelectorRecord>,
    /// Its tags, in the order they were added.
    #[n(10)]
    pub tags: Vec<TagRecord>,
    /// Whether it delivers.
    #[n(11)]
    pub is_logging: bool,
    /// When it was last started.
    #[n(12)]
    pub started: Option<Millis>,
    /// When it was last stopped.
    #[n(13)]
    pub stopped: Option<Millis>,
}

impl TrailRecord {
    /// Whether its selectors want an event of this source (`kms.amazonaws.com`).
    pub(crate) fn wants(&self, source: &str, read_only: bool) -> bool {
        let mut selectors = self.selectors.iter();
        self.selectors.is_empty() || selectors.any(|selector| selector.wants(source, read_only))
    }

    /// Whether it delivers events that stand in `region`; `is_global` are those of services that are in no Region.
    pub(crate) fn covers(&self, region: &Region, is_global: bool) -> bool {
        let is_within = self.is_multi_region || self.home == *region;
        is_within && (self.includes_global_events || !is_global)
    }
}

/// An event selector.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SelectorRecord {
    /// Which events it selects.
    #[n(0)]
    pub read_write: ReadWrite,
    /// Whether it selects management events, of which all events here are.
    #[n(1)]
    pub includes_management: bool,
    /// The sources whose events it leaves out, such as `kms.amazonaws.com`.
    #[n(2)]
    pub excluded_sources: Vec<String>,
}

impl SelectorRecord {
    fn wants(&self, source: &str, read_only: bool) -> bool {
        let is_of_kind = match self.read_write {
            ReadWrite::All => true,
            ReadWrite::ReadOnly => read_only,
            ReadWrite::WriteOnly => !read_only,
        };
        let mut excluded = self.excluded_sources.iter();
        is_of_kind && self.includes_management && !excluded.any(|excluded| excluded == source)
    }
}

/// ReadWriteType.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum ReadWrite {
    /// All.
    #[n(1)]
    All,
    /// ReadOnly.
    #[n(2)]
    ReadOnly,
    /// WriteOnly.
    #[n(3)]
    WriteOnly,
}

/// How far the delivery of a trail is with the events of one Region.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct TrailDeliveryRecord {
    /// The account of the trail.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The home Region of the trail.
    #[cbor(n(1), with = "text")]
    pub home: Region,
    /// The name of the trail.
    #[n(2)]
    pub trail: String,
    /// The Region whose events these are.
    #[cbor(n(3), with = "text")]
    pub region: Region,
    /// Up to where everything is delivered.
    #[n(4)]
    pub position: LogPositionRecord,
    /// The step that was begun and is not yet known to be done.
    #[n(5)]
    pub planned: Option<DeliveryStepRecord>,
    /// The digest that is being collected; only while the trail validates logs.
    #[n(6)]
    pub digest: Option<DigestRecord>,
    /// When a file was last delivered.
    #[n(7)]
    pub delivered: Option<Millis>,
    /// When delivery was last tried.
    #[n(8)]
    pub attempted: Option<Millis>,
    /// Why it failed, if it did; as GetTrailStatus tells it.
    #[n(9)]
    pub error: Option<String>,
    /// When a digest was last delivered.
    #[n(10)]
    pub digest_delivered: Option<Millis>,
    /// Why the delivery of a digest failed, if it did; as GetTrailStatus tells it.
    #[n(11)]
    pub digest_error: Option<String>,
}

/// How far the stream of all events to the syslog receiver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct StreamRecord {
    /// Up to where the receiver took everything.
    #[n(0)]
    pub position: LogPositionRecord,
}

/// A place in the hot log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub(crate) struct LogPositionRecord {
    /// The number of the segment.
    #[n(0)]
    pub segment: u64,
    /// Bytes from its start.
    #[n(1)]
    pub offset: u64,
}

/// A step of delivery, stored before anything of it is put, so that after a crash the same is put again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct DeliveryStepRecord {
    /// Up to where it delivers.
    #[n(0)]
    pub to: LogPositionRecord,
    /// The time in the names of its files.
    #[n(1)]
    pub time: Millis,
    /// What makes the names of its files unique, 16 letters and digits.
    #[n(2)]
    pub suffix: String,
}

/// A digest that is being collected.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct DigestRecord {
    /// When its period began.
    #[n(0)]
    pub since: Millis,
    /// The digest before it; none of the first.
    #[n(1)]
    pub previous: Option<PreviousDigestRecord>,
    /// The files that were delivered since, oldest first.
    #[n(2)]
    pub files: Vec<DeliveredFileRecord>,
}

/// A digest that was delivered, as the next one refers to it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct PreviousDigestRecord {
    /// Its bucket.
    #[n(0)]
    pub bucket: String,
    /// Its key.
    #[n(1)]
    pub key: String,
    /// SHA-256 of its uncompressed bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// Its signature.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub signature: Vec<u8>,
}

/// A file that was delivered, as a digest lists it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct DeliveredFileRecord {
    /// Its bucket.
    #[n(0)]
    pub bucket: String,
    /// Its key.
    #[n(1)]
    pub key: String,
    /// SHA-256 of its uncompressed bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub hash: [u8; 32],
    /// The time of its newest event.
    #[n(3)]
    pub newest: Millis,
    /// The time of its oldest event.
    #[n(4)]
    pub oldest: Millis,
}

#[cfg(test)]
mod tests;
