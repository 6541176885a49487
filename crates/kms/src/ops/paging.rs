//! Limit, Marker, Truncated and NextMarker, the same in every list.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_aws::error::KmsException;
use strongroom_aws::kms::{LimitType, MarkerType};
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

/// A page of a short list that is held whole, from the item at the marker on.
pub(super) fn page_of<T: Clone>(
    list: u8,
    items: &[T],
    after: Option<&MarkerType>,
    limit: usize,
) -> Result<(Vec<T>, Option<MarkerType>), Failure> {
    let start = match after {
        None => 0,
        Some(marker) => {
            index(&place(list, marker)?).ok_or_else(|| refuse(KmsException::InvalidMarker))?
        }
    };
    let page: Vec<T> = items.iter().skip(start).take(limit).cloned().collect();
    let end = start.saturating_add(page.len());
    let more = end < items.len();
    let next = more.then(|| marker(list, &u32::try_from(end).unwrap_or(u32::MAX).to_be_bytes()));
    Ok((page, next))
}

/// A page of a list in the store.
pub(super) fn cursor(list: u8, marker: Option<&MarkerType>) -> Result<Option<Cursor>, Failure> {
    marker
        .map(|marker| place(list, marker).map(|place| Cursor::from_bytes(&place)))
        .transpose()
}

fn index(place: &[u8]) -> Option<usize> {
    let bytes = place.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}
