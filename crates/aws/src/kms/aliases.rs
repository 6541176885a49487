//! Aliases: the friendly names of keys.

use super::common::is_name;
use super::{ArnType, BooleanType, DateType, KeyIdType, LimitType, MarkerType};
use crate::{list, structure, text};

text!(AliasNameType, 1..=256, "^[a-zA-Z0-9:/_-]+$", is_name);
list!(AliasList of AliasListEntry);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    CreateAliasRequest {
        alias_name: AliasNameType = "AliasName", required;
        target_key_id: KeyIdType = "TargetKeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    UpdateAliasRequest {
        alias_name: AliasNameType = "AliasName", required;
        target_key_id: KeyIdType = "TargetKeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DeleteAliasRequest {
        alias_name: AliasNameType = "AliasName", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListAliasesRequest {
        key_id: KeyIdType = "KeyId";
        limit: LimitType = "Limit";
        marker: MarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListAliasesResponse {
        aliases: AliasList = "Aliases";
        next_marker: MarkerType = "NextMarker";
        truncated: BooleanType = "Truncated";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    AliasListEntry {
        alias_name: AliasNameType = "AliasName";
        alias_arn: ArnType = "AliasArn";
        target_key_id: KeyIdType = "TargetKeyId";
        creation_date: DateType = "CreationDate";
        last_updated_date: DateType = "LastUpdatedDate";
    }
}
