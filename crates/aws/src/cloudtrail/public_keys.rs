//! The keys that digests are verified with.

use super::{ByteBuffer, Date, Text};
use crate::{list, structure};

list!(PublicKeyList of PublicKey);

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListPublicKeysRequest {
        start_time: Date = "StartTime";
        end_time: Date = "EndTime";
        next_token: Text = "NextToken";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListPublicKeysResponse {
        public_key_list: PublicKeyList = "PublicKeyList";
        next_token: Text = "NextToken";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    PublicKey {
        value: ByteBuffer = "Value";
        validity_start_time: Date = "ValidityStartTime";
        validity_end_time: Date = "ValidityEndTime";
        fingerprint: Text = "Fingerprint";
    }
}
