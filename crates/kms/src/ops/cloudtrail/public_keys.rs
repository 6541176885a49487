//! ListPublicKeys.

use strongroom_aws::cloudtrail::{
    ByteBuffer, Date, ListPublicKeysRequest, ListPublicKeysResponse, PublicKey, PublicKeyList,
};
use strongroom_aws::error::{CloudTrailException, Refusal};
use strongroom_aws::text::cloudtrail as text;

use crate::audit_keys::DigestPublicKey;
use crate::authorize::{Authorized, Target};
use crate::failure::Failure;
use crate::ops::Operation;

/// CloudTrail API, ListPublicKeys: the keys of a period, of now where no time is given. They are no secret; all fit
/// in one reply, and a token, which none was given with, says nothing.
pub(in crate::ops) struct ListPublicKeys;

impl Operation for ListPublicKeys {
    type Input = ListPublicKeysRequest;
    type Output = ListPublicKeysResponse;

    fn targets(_: &ListPublicKeysRequest) -> Vec<Target<'_>> {
        vec![Target::AccountUnnamed]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListPublicKeysResponse, Failure> {
        let input = request.input();
        let now = request.env().clock.now();
        let time = |given: Option<Date>| given.map_or(now, |Date(time)| time);
        let (start, end) = (time(input.start_time), time(input.end_time));
        if start > end {
            return Err(invalid_range().into());
        }
        let keys = request.kms().audit_keys.public_keys(start, end);
        Ok(ListPublicKeysResponse {
            public_key_list: Some(PublicKeyList(keys.into_iter().map(shown).collect())),
            next_token: None,
        })
    }
}

fn invalid_range() -> Refusal {
    Refusal::new(CloudTrailException::InvalidTimeRange, text::START_AFTER_END)
}

fn shown(key: DigestPublicKey) -> PublicKey {
    PublicKey {
        value: Some(ByteBuffer(key.value)),
        validity_start_time: Some(Date(key.valid_from)),
        validity_end_time: Some(Date(key.valid_until)),
        fingerprint: Some(key.fingerprint.into()),
    }
}
