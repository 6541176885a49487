//! Limit, Marker, Truncated and NextMarker, the same in every list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_aws::error::KmsException;
use strongroom_aws::kms::{LimitType, MarkerType};
use strongroom_crypto::digest::sha256;
use strongroom_store::Cursor;

use crate::failure::{Failure, refuse};

/// The page size: what was asked for, at most `max`; `default` when nothing was. KMS may return
/// fewer items than asked for.
pub(super) fn limit(asked: Option<LimitType>, default: usize, max: usize) -> usize {
    asked
        .and_then(|LimitType(limit)| usize::try_from(limit).ok())
        .unwrap_or(default)
        .min(max)
}

/// The marker that stands for a place in a list, tied to the list's kind.
pub(super) fn marker(list: u8, place: &[u8]) -> MarkerType {
    let mut bytes = vec![list];
    bytes.extend_from_slice(place);
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// The place that `marker` stands for. Errors: InvalidMarkerException.
pub(super) fn place(list: u8, marker: &MarkerType) -> Result<Vec<u8>, Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(marker.as_str()).ok();
    bytes
        .as_deref()
        .and_then(|bytes| bytes.strip_prefix(&[list]))
        .map(<[u8]>::to_vec)
        .ok_or_else(|| refuse(KmsException::InvalidMarker))
}

/// A short list that is held whole: its kind, and what it is a list of.
pub(super) struct List<'l> {
    pub(super) kind: u8,
    pub(super) owner: &'l str,
}

impl List<'_> {
    /// A page of `items`, sorted by their names, after the one that the marker names: what is added or
    /// removed meanwhile makes no other item be skipped or shown twice.
    pub(super) fn page<T: Clone>(
        &self,
        items: &[T],
        name: impl Fn(&T) -> &str,
        after: Option<&MarkerType>,
        limit: usize,
    ) -> Result<(Vec<T>, Option<MarkerType>), Failure> {
        let after = after.map(|marker| self.last_name(marker)).transpose()?;
        let follows = |item: &&T| after.as_deref().is_none_or(|after| name(item) > after);
        let rest: Vec<&T> = items.iter().filter(follows).collect();
        let page: Vec<T> = rest
            .iter()
            .take(limit)
            .map(|item| (*item).clone())
            .collect();
        let last = page.last().filter(|_| rest.len() > page.len());
        let next = last.map(|item| self.marker_after(name(item)));
        Ok((page, next))
    }

    fn marker_after(&self, name: &str) -> MarkerType {
        marker(
            self.kind,
            &[&self.owner_digest()[..], name.as_bytes()].concat(),
        )
    }

    fn last_name(&self, marker: &MarkerType) -> Result<String, Failure> {
        place(self.kind, marker)?
            .strip_prefix(&self.owner_digest()[..])
            .and_then(|name| String::from_utf8(name.to_vec()).ok())
            .ok_or_else(|| refuse(KmsException::InvalidMarker))
    }

    /// Ties a marker to its list; no secret, so a few bytes are enough.
    fn owner_digest(&self) -> [u8; 8] {
        let [a, b, c, d, e, f, g, h, ..] = sha256(&[self.owner.as_bytes()]);
        [a, b, c, d, e, f, g, h]
    }
}

/// A page of a list in the store.
pub(super) fn cursor(list: u8, marker: Option<&MarkerType>) -> Result<Option<Cursor>, Failure> {
    marker
        .map(|marker| place(list, marker).map(|place| Cursor::from_bytes(&place)))
        .transpose()
}
