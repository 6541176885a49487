//! Rotating key material, and the materials that a key has had.

use super::{
    BackingKeyIdType, BooleanType, DateType, ExpirationModelType, KeyIdType,
    KeyMaterialDescriptionType, LimitType, MarkerType,
};
use crate::{enumeration, integer, list, structure};

integer!(RotationPeriodInDaysType, 90..=2560);

enumeration!(IncludeKeyMaterial {
    AllKeyMaterial = "ALL_KEY_MATERIAL",
    RotationsOnly = "ROTATIONS_ONLY",
});

enumeration!(ImportState {
    Imported = "IMPORTED",
    PendingImport = "PENDING_IMPORT",
});

enumeration!(KeyMaterialState {
    NonCurrent = "NON_CURRENT",
    Current = "CURRENT",
    PendingRotation = "PENDING_ROTATION",
    PendingMultiRegionImportAndRotation = "PENDING_MULTI_REGION_IMPORT_AND_ROTATION",
});

enumeration!(RotationType {
    Automatic = "AUTOMATIC",
    OnDemand = "ON_DEMAND",
});

list!(RotationsList of RotationsListEntry);

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    EnableKeyRotationRequest {
        key_id: KeyIdType = "KeyId", required;
        rotation_period_in_days: RotationPeriodInDaysType = "RotationPeriodInDays";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    DisableKeyRotationRequest {
        key_id: KeyIdType = "KeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    GetKeyRotationStatusRequest {
        key_id: KeyIdType = "KeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    GetKeyRotationStatusResponse {
        key_rotation_enabled: BooleanType = "KeyRotationEnabled";
        key_id: KeyIdType = "KeyId";
        rotation_period_in_days: RotationPeriodInDaysType = "RotationPeriodInDays";
        next_rotation_date: DateType = "NextRotationDate";
        on_demand_rotation_start_date: DateType = "OnDemandRotationStartDate";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    RotateKeyOnDemandRequest {
        key_id: KeyIdType = "KeyId", required;
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    RotateKeyOnDemandResponse {
        key_id: KeyIdType = "KeyId";
    }
}

structure! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    ListKeyRotationsRequest {
        key_id: KeyIdType = "KeyId", required;
        include_key_material: IncludeKeyMaterial = "IncludeKeyMaterial";
        limit: LimitType = "Limit";
        marker: MarkerType = "Marker";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    ListKeyRotationsResponse {
        rotations: RotationsList = "Rotations";
        next_marker: MarkerType = "NextMarker";
        truncated: BooleanType = "Truncated";
    }
}

structure! {
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    RotationsListEntry {
        key_id: KeyIdType = "KeyId";
        key_material_id: BackingKeyIdType = "KeyMaterialId";
        key_material_description: KeyMaterialDescriptionType = "KeyMaterialDescription";
        import_state: ImportState = "ImportState";
        key_material_state: KeyMaterialState = "KeyMaterialState";
        expiration_model: ExpirationModelType = "ExpirationModel";
        valid_to: DateType = "ValidTo";
        rotation_date: DateType = "RotationDate";
        rotation_type: RotationType = "RotationType";
    }
}
