//! Marker, MaxItems and IsTruncated, the same in every list of IAM. A marker says which item came last, so what is
//! added or removed meanwhile makes no other item be skipped or shown twice.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_aws::error::QueryException;
use strongroom_aws::iam::{MarkerType, MaxItemsType, ResponseMarkerType};
use strongroom_aws::text::iam as text;
use strongroom_crypto::digest::sha256;
use strongroom_store::Cursor;

use super::inputs::Lists;
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::repository::EntityRecord;

/// IAM API, MaxItems: what is returned when nothing is asked for.
const ITEMS_DEFAULT: usize = 100;
/// How many records are read at a time.
pub(super) const RECORDS_AT_ONCE: usize = 256;
/// How much of a key a marker holds, in bytes, besides its digest.
const KEY_START_MAX: usize = 200;
const DIGEST_LENGTH: usize = 16;
/// What the markers of short lists begin with; those of records begin with the kind.
const SHORT_LIST: u8 = 0;
/// What the markers of lists of several kinds begin with.
pub(super) const MIXED_LIST: u8 = u8::MAX;

/// Part of a list, and where the rest begins if there is a rest.
pub(super) struct Page<T> {
    /// What it has.
    pub(super) items: Vec<T>,
    /// Where the list goes on, if it does.
    pub(super) marker: Option<ResponseMarkerType>,
}

impl<T> Page<T> {
    /// The page as the operation answers with it.
    pub(super) fn answer<I: Lists>(self, shown: impl FnOnce(Vec<T>) -> I::Items) -> I::Output {
        I::answer(shown(self.items), self.marker)
    }
}

/// A page of a list that is held whole, sorted by what `key` makes of its items. Errors: ValidationError for a marker
/// that is none.
pub(super) fn of_list<I: Lists, T>(
    asked: &I,
    items: Vec<T>,
    key: impl Fn(&T) -> String,
) -> Result<Page<T>, Failure> {
    let mut keyed: Vec<(String, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    if let Some(marker) = asked.marker() {
        let place = place(SHORT_LIST, marker).ok_or_else(invalid_marker)?;
        let last = LastKey::read(&place).ok_or_else(invalid_marker)?;
        keyed.drain(..last.following(keyed.iter().map(|(key, _)| key)));
    }
    let limit = limit(asked.max_items());
    let is_truncated = keyed.len() > limit;
    keyed.truncate(limit);
    let last = keyed.last().filter(|_| is_truncated);
    Ok(Page {
        marker: last.map(|(key, _)| marker(SHORT_LIST, &LastKey::of(key).written())),
        items: keyed.into_iter().map(|(_, item)| item).collect(),
    })
}

/// The key of a page's last item, as far as there is room for it in a marker (IAM API, Marker: 320 characters).
struct LastKey {
    digest: [u8; DIGEST_LENGTH],
    start: Vec<u8>,
}

impl LastKey {
    fn of(key: &str) -> Self {
        let mut digest = [0; DIGEST_LENGTH];
        let whole = sha256(&[key.as_bytes()]);
        digest
            .iter_mut()
            .zip(whole)
            .for_each(|(to, from)| *to = from);
        let start = key.bytes().take(KEY_START_MAX).collect();
        Self { digest, start }
    }

    fn read(place: &[u8]) -> Option<Self> {
        let (digest, start) = place.split_first_chunk()?;
        let (digest, start) = (*digest, start.to_vec());
        Some(Self { digest, start })
    }

    fn written(&self) -> Vec<u8> {
        [&self.digest[..], &self.start].concat()
    }

    /// How many of the sorted keys the rest of the list comes after.
    fn following<'k>(&self, mut keys: impl Iterator<Item = &'k String> + Clone) -> usize {
        let known = keys
            .clone()
            .position(|key| Self::of(key).digest == self.digest);
        if let Some(known) = known {
            return known + 1;
        }
        // It is gone: what comes after it comes after what is known of it.
        let count = keys.clone().count();
        let next = keys.position(|key| key.as_bytes() > self.start.as_slice());
        next.unwrap_or(count)
    }
}

/// A page of the records of the caller's account that `is_wanted` wants, in an order that means nothing. Errors:
/// ValidationError for a marker that is none.
pub(super) fn of_records<I: Lists, R: EntityRecord>(
    call: &Call<'_>,
    asked: &I,
    is_wanted: impl Fn(&R) -> bool,
) -> Result<Page<R>, Failure> {
    let records = &call.kms.records;
    let after = asked.marker().map(|marker| cursor::<R>(call, marker));
    let limit = limit(asked.max_items());
    let mut items = Vec::new();
    each(call, after.transpose()?, |record: R| {
        if is_wanted(&record) {
            items.push(record);
        }
        items.len() <= limit
    })?;
    let is_truncated = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| is_truncated);
    let place = last.map(|record| records.place_of_entity(record));
    let place = place.transpose()?;
    Ok(Page {
        marker: place.map(|place| marker(kind_mark::<R>(), place.as_bytes())),
        items,
    })
}

/// How many records of a kind the caller's account has, counted up to `max`.
pub(super) fn count<R: EntityRecord>(call: &Call<'_>, max: usize) -> Result<usize, Failure> {
    let mut count = 0;
    each(call, None, |_: R| {
        count += 1;
        count < max
    })?;
    Ok(count)
}

/// Shows `take` the records of the caller's account after the cursor, until it wants no more.
pub(super) fn each<R: EntityRecord>(
    call: &Call<'_>,
    mut after: Option<Cursor>,
    mut take: impl FnMut(R) -> bool,
) -> Result<(), Failure> {
    let (records, account) = (&call.kms.records, &call.caller.account);
    loop {
        let page = records.list_entities::<R>(account, after.as_ref(), RECORDS_AT_ONCE)?;
        for record in page.records {
            if !take(record) {
                return Ok(());
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

/// How many items a page may have.
pub(super) fn limit(asked: Option<MaxItemsType>) -> usize {
    asked
        .and_then(|MaxItemsType(max)| usize::try_from(max).ok())
        .unwrap_or(ITEMS_DEFAULT)
}

/// The marker of a place in a kind of list.
pub(super) fn marker(kind: u8, place: &[u8]) -> ResponseMarkerType {
    URL_SAFE_NO_PAD.encode([&[kind], place].concat()).into()
}

/// The place that a marker of this kind of list stands for; `None` of any other marker.
pub(super) fn place(kind: u8, marker: &MarkerType) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(marker.as_str()).ok()?;
    bytes.strip_prefix(&[kind]).map(<[u8]>::to_vec)
}

fn cursor<R: EntityRecord>(call: &Call<'_>, marker: &MarkerType) -> Result<Cursor, Failure> {
    let (records, account) = (&call.kms.records, &call.caller.account);
    let place = place(kind_mark::<R>(), marker).ok_or_else(invalid_marker)?;
    let cursor = Cursor::from_bytes(&place);
    match records.is_cursor_of_entities(R::KIND, account, &cursor) {
        true => Ok(cursor),
        false => Err(invalid_marker()),
    }
}

fn kind_mark<R: EntityRecord>() -> u8 {
    R::KIND as u8 + 1
}

/// ValidationError for a marker that no list gave.
pub(super) fn invalid_marker() -> Failure {
    refuse_with(QueryException::Validation, text::INVALID_MARKER)
}
