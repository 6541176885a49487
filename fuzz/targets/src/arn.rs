//! ARNs, account ids, Regions, key ids, UUIDs, hexadecimal and principals: whatever is taken is written as it was read.

use strongroom_base::hex;
use strongroom_base::id::{AccountId, KeyId, Region, uuid_bytes, uuid_text};
use strongroom_policy::{Arn, Principal};

use crate::split::text;

pub(crate) fn run(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(arn) = text.parse::<Arn>() {
        assert_eq!(arn.to_string(), text);
        let parts = [arn.partition(), arn.service(), arn.region(), arn.account()];
        assert!(parts.iter().all(|part| !part.contains(':')));
        let again = Arn::new(parts[0], parts[1], parts[2], parts[3], arn.resource());
        assert_eq!(again.as_ref(), Ok(&arn));
    }
    if let Ok(account) = text.parse::<AccountId>() {
        assert_eq!(account.as_str(), text);
        assert!(text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()));
    }
    if let Ok(region) = text.parse::<Region>() {
        assert_eq!(region.as_str(), text);
        assert!(!region.partition().is_empty());
    }
    if let Ok(id) = text.parse::<KeyId>() {
        // Its hexadecimal digits are the same in both cases, and kept in one.
        assert!(id.as_str().eq_ignore_ascii_case(text));
        assert_eq!(id.as_str().parse().as_ref(), Ok(&id));
        assert!(!text.contains(['/', ':']));
    }
    if let Ok(bytes) = uuid_bytes(text) {
        assert_eq!(uuid_text(&bytes), text);
    }
    if let Some(bytes) = hex::decode(text) {
        assert_eq!(hex::encode(&bytes), text.to_ascii_lowercase());
    }
    for kind in ["AWS", "Service", "Federated", "CanonicalUser"] {
        let _principal = Principal::parse(kind, text);
    }
}
