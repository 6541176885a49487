//! The calls, counted in rows. Who called pays, whoever owns the key (AWS KMS pricing, key usage, note 2).

use std::collections::HashMap;

use strongroom_audit::{Identity, Outcome, Record};

use super::class::{Basis, Class, basis, common};
use super::keys::{Keys, is_key};
use super::seen::Change;
use super::{Scope, TooMany};

/// The most rows held while counting. Where the class follows from the key, each key has a row.
pub const CALL_ROWS_MAX: usize = 65_536;

/// What calls are told apart by, besides account, Region and class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By key and by principal.
    KeyAndPrincipal,
    /// By nothing more.
    Account,
    /// By key.
    Key,
    /// By principal.
    Principal,
    /// By operation.
    Operation,
}

/// Calls that have everything in common which they are told apart by; the rest is "".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallRow {
    /// The account of the caller, who pays.
    pub account: String,
    /// The Region called.
    pub region: String,
    /// The ARN of the key, of ReEncrypt that of the source; "" of calls without one.
    pub key: String,
    /// The ARN of the caller, of a role's session that of the role; of a service its name.
    pub principal: String,
    /// Service and operation, such as `kms:Encrypt`.
    pub operation: String,
    /// What the price list counts them as.
    pub class: Class,
    /// The calls that did what was asked.
    pub succeeded: u64,
    /// The calls that failed, denied ones too.
    pub failed: u64,
}

/// The count.
#[derive(Default)]
pub(super) struct Calls {
    rows: Vec<Tally>,
    places: HashMap<Apart, usize>,
}

struct Tally {
    succeeded: u64,
    failed: u64,
}

/// What tells rows apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Apart {
    account: String,
    region: String,
    key: String,
    principal: String,
    operation: String,
    class: ClassOf,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum ClassOf {
    Known(Class),
    /// The class follows from the specs of these keys, which a later record may tell; else it is this one.
    Keys(Vec<String>, Class),
}

impl Calls {
    /// The row in which the call counts that `record` tells of; none if it is not asked for.
    pub(super) fn row_of(
        &mut self,
        record: &Record,
        scope: &Scope,
    ) -> Result<Option<usize>, TooMany> {
        if !scope.covers(record.time) || !scope.is_about(record.account.as_str()) {
            return Ok(None);
        }
        let apart = apart(record, scope.by);
        if let Some(place) = self.places.get(&apart) {
            return Ok(Some(*place));
        }
        let place = self.rows.len();
        if place >= CALL_ROWS_MAX {
            return Err(TooMany::CallRows);
        }
        self.places.insert(apart, place);
        self.rows.push(Tally {
            succeeded: 0,
            failed: 0,
        });
        Ok(Some(place))
    }

    /// Counts the call of `record` in or out.
    pub(super) fn change(&mut self, row: usize, change: Change, record: &Record) {
        let Some(row) = self.rows.get_mut(row) else {
            return;
        };
        let count = match record.outcome {
            Outcome::Success => &mut row.succeeded,
            Outcome::Exception { .. } => &mut row.failed,
        };
        *count = match change {
            Change::Add => count.saturating_add(1),
            Change::Remove => count.saturating_sub(1),
        };
    }

    /// The rows, sorted, those of one class together.
    pub(super) fn finish(self, keys: &Keys) -> Vec<CallRow> {
        let Self { rows, places } = self;
        let found = places
            .into_iter()
            .filter_map(|(apart, place)| Some(row(apart, rows.get(place)?, keys)));
        let mut found: Vec<CallRow> = found.collect();
        found.sort();
        found.dedup_by(|next, row| absorb(row, next));
        found.retain(|row| row.succeeded > 0 || row.failed > 0);
        found
    }
}

/// Adds `next` to `row` if only the counts differ.
fn absorb(row: &mut CallRow, next: &CallRow) -> bool {
    let apart = |row: &CallRow| CallRow {
        succeeded: 0,
        failed: 0,
        ..row.clone()
    };
    if apart(row) != apart(next) {
        return false;
    }
    row.succeeded = row.succeeded.saturating_add(next.succeeded);
    row.failed = row.failed.saturating_add(next.failed);
    true
}

fn row(apart: Apart, tally: &Tally, keys: &Keys) -> CallRow {
    let class = match &apart.class {
        ClassOf::Known(class) => *class,
        ClassOf::Keys(arns, otherwise) => keys.class_of(arns).unwrap_or(*otherwise),
    };
    CallRow {
        account: apart.account,
        region: apart.region,
        key: apart.key,
        principal: apart.principal,
        operation: apart.operation,
        class,
        succeeded: tally.succeeded,
        failed: tally.failed,
    }
}

fn apart(record: &Record, by: By) -> Apart {
    let arns = record.resources.iter().map(|one| one.arn.as_str());
    let keys: Vec<String> = arns.filter(|arn| is_key(arn)).map(str::to_owned).collect();
    let shows = |which: &[By], text: &str| match which.contains(&by) {
        true => text.to_owned(),
        false => String::new(),
    };
    let key = keys.first().map_or("", String::as_str);
    let operation = format!("{}:{}", record.service, record.operation);
    Apart {
        account: record.account.as_str().to_owned(),
        region: record.region.as_str().to_owned(),
        key: shows(&[By::Key, By::KeyAndPrincipal], key),
        principal: shows(
            &[By::Principal, By::KeyAndPrincipal],
            principal(&record.identity),
        ),
        operation: shows(&[By::Operation], &operation),
        class: match basis(record) {
            Basis::Call(class) => ClassOf::Known(class),
            Basis::Keys(otherwise) if keys.is_empty() => ClassOf::Known(otherwise),
            Basis::Keys(otherwise) => ClassOf::Keys(keys, otherwise),
        },
    }
}

/// Sessions are told by their role: whoever may assume it chooses their names.
fn principal(identity: &Identity) -> &str {
    let role = identity
        .session
        .as_ref()
        .and_then(|one| one.role.as_deref());
    match role {
        Some(role) => role,
        None if identity.arn.is_empty() => &identity.principal_id,
        None => &identity.arn,
    }
}

impl Keys {
    /// The class of what is done with these keys; none if the spec of one is not known.
    fn class_of(&self, arns: &[String]) -> Option<Class> {
        let classes = arns.iter().map(|arn| self.spec(arn).map(Class::of_spec));
        classes.collect::<Option<Vec<_>>>().map(common)
    }
}
