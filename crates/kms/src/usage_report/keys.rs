//! The keys, and how long they stood: from what a server holds now, and from the records of their creation,
//! rotation and deletion. A key that waits for its deletion costs nothing (AWS KMS pricing, key storage).

use std::collections::{BTreeMap, HashMap};

use strongroom_audit::{IdentityKind, Outcome, Record};
use strongroom_base::UnixMillis;

use super::class::parameter;
use super::{By, Scope, StandingKey, TooMany};
use crate::records::KeySpec;

/// The most keys held while counting; those deleted before the first moment are not.
pub const KEYS_MAX: usize = 262_144;

/// The KeyManager of customer managed keys.
pub const MANAGED_BY_CUSTOMER: &str = "CUSTOMER";
/// The KeyManager of AWS managed keys, which cost nothing while they stand.
pub const MANAGED_BY_AWS: &str = "AWS";

/// The first two rotations add to what a key costs, no later one does (AWS KMS pricing, key storage).
pub(crate) const ROTATIONS_CHARGED: usize = 2;
/// KMS API, CreateKey: what is absent means.
const DEFAULTS: [&str; 3] = ["SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS"];

/// A key, or the keys of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyRow {
    /// The account that owns it, and pays.
    pub account: String,
    /// Its Region.
    pub region: String,
    /// Its ARN; "" of keys of one kind.
    pub key: String,
    /// `CUSTOMER` or `AWS`; "" if it is not known.
    pub manager: String,
    /// Its KeySpec; "" if it is not known.
    pub spec: String,
    /// Its KeyUsage; "" if it is not known.
    pub usage: String,
    /// Its Origin; "" if it is not known.
    pub origin: String,
    /// When it was created, in milliseconds since 1970; none if that is not known, and of keys of one kind.
    pub created: Option<i64>,
    /// When it was deleted or set to wait for that; none of keys that still stand, and of keys of one kind.
    pub ended: Option<i64>,
    /// How many keys.
    pub keys: u64,
    /// How long they stood between the two moments, in milliseconds.
    pub standing_millis: u64,
    /// How long of that after their first rotation.
    pub first_rotation_millis: u64,
    /// How long of that after their second rotation.
    pub second_rotation_millis: u64,
}

/// What is known of keys, by ARN.
#[derive(Default)]
pub(super) struct Keys {
    known: HashMap<String, Life>,
}

#[derive(Default)]
struct Life {
    kind: Kind,
    created: Option<UnixMillis>,
    scheduled: Option<UnixMillis>,
    cancelled: Option<UnixMillis>,
    deleted: Option<UnixMillis>,
    rotated: Vec<UnixMillis>,
    standing: Option<Standing>,
}

/// What it is, in the words of the API; "" where that is not known.
#[derive(Clone, Default)]
struct Kind {
    manager: String,
    spec: String,
    usage: String,
    origin: String,
}

/// What the server says of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    InUse,
    PendingDeletion,
}

/// Whether an ARN is that of a key.
pub(super) fn is_key(arn: &str) -> bool {
    parts(arn).is_some()
}

/// Account and Region of a key's ARN.
fn parts(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let (service, region) = (parts.nth(2)?, parts.next()?);
    let (account, resource) = (parts.next()?, parts.next()?);
    (service == "kms" && resource.starts_with("key/")).then_some((account, region))
}

impl Keys {
    /// Takes in a key that the server holds.
    pub(super) fn take_in(&mut self, key: &StandingKey) -> Result<(), TooMany> {
        let life = self.life(&key.arn)?;
        life.kind = Kind {
            manager: key.manager.clone(),
            spec: key.spec.clone(),
            usage: key.usage.clone(),
            origin: key.origin.clone(),
        };
        life.created = Some(UnixMillis(key.created));
        life.rotated = key.rotated.iter().map(|date| UnixMillis(*date)).collect();
        life.standing = Some(match key.is_pending_deletion {
            true => Standing::PendingDeletion,
            false => Standing::InUse,
        });
        Ok(())
    }

    /// Notes what `record` says of a key's life; what was over before `from` is forgotten.
    pub(super) fn note(&mut self, record: &Record, from: UnixMillis) -> Result<(), TooMany> {
        let mut arns = record.resources.iter().map(|one| one.arn.as_str());
        let Some(arn) = arns.find(|arn| is_key(arn)) else {
            return Ok(());
        };
        if record.service != "kms" || record.outcome != Outcome::Success {
            return Ok(());
        }
        let time = record.time;
        match record.operation.as_str() {
            "CreateKey" => self.life(arn)?.note_creation(record),
            "ScheduleKeyDeletion" => raise(&mut self.life(arn)?.scheduled, time),
            "CancelKeyDeletion" => raise(&mut self.life(arn)?.cancelled, time),
            "RotateKey" => self.life(arn)?.note_rotation(time),
            "DeleteKey" if time < from => drop(self.known.remove(arn)),
            "DeleteKey" => self.life(arn)?.deleted = Some(time),
            _ => {}
        }
        Ok(())
    }

    /// The spec of a key, if it is known.
    pub(super) fn spec(&self, arn: &str) -> Option<KeySpec> {
        let life = self.known.get(arn)?;
        let mut specs = KeySpec::ALL.iter().copied();
        specs.find(|spec| spec.wire().as_str() == life.kind.spec)
    }

    /// Tells keys of unknown spec what a related key in another Region is: replicating does not say it.
    pub(super) fn relate(&mut self) {
        let told = self.known.iter().filter(|(_, life)| life.kind.is_told());
        let told = told.filter_map(|(arn, life)| Some((relation(arn)?, life.kind.clone())));
        let told: HashMap<Relation, Kind> = told.collect();
        for (arn, life) in &mut self.known {
            let related = relation(arn).and_then(|relation| told.get(&relation));
            if let Some(kind) = related.filter(|_| !life.kind.is_told()) {
                life.kind.clone_from(kind);
            }
        }
    }

    /// The keys that stood in the period, sorted.
    pub(super) fn finish(&self, scope: &Scope) -> Vec<KeyRow> {
        let rows = self.known.iter();
        let mut rows: Vec<KeyRow> = rows
            .filter_map(|(arn, life)| life.row(arn, scope))
            .filter(|row| scope.is_about(&row.account))
            .collect();
        if !matches!(scope.by, By::Key | By::KeyAndPrincipal) {
            rows = by_kind(rows);
        }
        rows.sort();
        rows
    }

    fn life(&mut self, arn: &str) -> Result<&mut Life, TooMany> {
        if self.known.len() >= KEYS_MAX && !self.known.contains_key(arn) {
            return Err(TooMany::Keys);
        }
        Ok(self.known.entry(arn.to_owned()).or_default())
    }
}

impl Kind {
    fn is_told(&self) -> bool {
        !self.spec.is_empty()
    }
}

impl Life {
    /// Whoever made an AWS managed key, it was not a caller.
    fn note_creation(&mut self, record: &Record) {
        if self.standing.is_some() {
            return;
        }
        self.created = Some(record.time);
        self.kind.manager = match record.identity.kind {
            IdentityKind::Internal => MANAGED_BY_AWS,
            _ => MANAGED_BY_CUSTOMER,
        }
        .to_owned();
        self.note_kind(record);
    }

    /// The parameters of a replica's creation are not CreateKey's.
    fn note_kind(&mut self, record: &Record) {
        if record.parameters.is_none() || parameter(record, "replicaRegion").is_some() {
            return;
        }
        let [spec, usage, origin] = DEFAULTS;
        let older = parameter(record, "customerMasterKeySpec");
        let told = parameter(record, "keySpec").or(older).unwrap_or(spec);
        told.clone_into(&mut self.kind.spec);
        let told = parameter(record, "keyUsage").unwrap_or(usage);
        told.clone_into(&mut self.kind.usage);
        let told = parameter(record, "origin").unwrap_or(origin);
        told.clone_into(&mut self.kind.origin);
    }

    fn note_rotation(&mut self, time: UnixMillis) {
        if self.standing.is_some() {
            return;
        }
        self.rotated.push(time);
        self.rotated.sort();
        self.rotated.truncate(ROTATIONS_CHARGED);
    }

    /// When it ceased to cost. A cancelled deletion costs as if it had not been scheduled.
    fn ended(&self) -> Option<UnixMillis> {
        let waits = self.scheduled > self.cancelled && self.standing != Some(Standing::InUse);
        let scheduled = self.scheduled.filter(|_| waits);
        scheduled.into_iter().chain(self.deleted).min()
    }

    /// How long it stood in the period after `start`.
    fn standing_millis(&self, start: Option<UnixMillis>, scope: &Scope) -> u64 {
        let start = start.map_or(scope.from, |start| start.max(scope.from));
        let end = self.ended().map_or(scope.to, |end| end.min(scope.to));
        u64::try_from(end.0.saturating_sub(start.0)).unwrap_or(0)
    }

    /// Its row, if it stood in the period.
    fn row(&self, arn: &str, scope: &Scope) -> Option<KeyRow> {
        let (account, region) = parts(arn)?;
        let standing_millis = self.standing_millis(self.created, scope);
        let mut rotations = self.rotated.iter().map(|date| {
            let start = self.created.map_or(*date, |created| created.max(*date));
            self.standing_millis(Some(start), scope)
        });
        (standing_millis > 0).then(|| KeyRow {
            account: account.to_owned(),
            region: region.to_owned(),
            key: arn.to_owned(),
            manager: self.kind.manager.clone(),
            spec: self.kind.spec.clone(),
            usage: self.kind.usage.clone(),
            origin: self.kind.origin.clone(),
            created: self.created.map(|time| time.0),
            ended: self.ended().map(|time| time.0),
            keys: 1,
            standing_millis,
            first_rotation_millis: rotations.next().unwrap_or(0),
            second_rotation_millis: rotations.next().unwrap_or(0),
        })
    }
}

/// What related multi-Region keys have in common: account and id.
type Relation = (String, String);

fn relation(arn: &str) -> Option<Relation> {
    let (account, _) = parts(arn)?;
    let (_, id) = arn.rsplit_once('/')?;
    id.starts_with("mrk-")
        .then(|| (account.to_owned(), id.to_owned()))
}

fn raise(latest: &mut Option<UnixMillis>, time: UnixMillis) {
    *latest = (*latest).max(Some(time));
}

/// The keys of one account, Region and kind in one row.
fn by_kind(rows: Vec<KeyRow>) -> Vec<KeyRow> {
    let mut kinds: BTreeMap<KeyRow, KeyRow> = BTreeMap::new();
    for row in rows {
        let blank = KeyRow {
            key: String::new(),
            created: None,
            ended: None,
            keys: 0,
            standing_millis: 0,
            first_rotation_millis: 0,
            second_rotation_millis: 0,
            ..row.clone()
        };
        kinds.entry(blank.clone()).or_insert(blank).add(&row);
    }
    kinds.into_values().collect()
}

impl KeyRow {
    fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.keys, other.keys),
            (&mut self.standing_millis, other.standing_millis),
            (&mut self.first_rotation_millis, other.first_rotation_millis),
            (
                &mut self.second_rotation_millis,
                other.second_rotation_millis,
            ),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}
