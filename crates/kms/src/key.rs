//! A KMS key as operations see it: its record with version and ARN, and the rules of its state.

use strongroom_aws::error::KmsException;
use strongroom_aws::kms as wire;
use strongroom_aws::text;
use strongroom_base::id::{AccountId, KeyId, Region};
use strongroom_base::{UnixMillis, hex};
use strongroom_hsm_api::key::MaterialId;

use crate::failure::{Failure, refuse_with};
use crate::records::{
    KeyOrigin, KeyRecord, KeySpec, KeyState, KeyUsage, MaterialRecord, MaterialRole, Millis,
    TimerKind, Unreadable,
};
use crate::usage_report::{ROTATIONS_CHARGED, StandingKey};

/// The states in which a key may be used.
pub(crate) const USABLE: &[KeyState] = &[KeyState::Enabled];

/// The states in which a key may be changed: all but those that end in its deletion.
pub(crate) const CHANGEABLE: &[KeyState] = &[
    KeyState::Enabled,
    KeyState::Disabled,
    KeyState::PendingImport,
];

/// Where a key is: enough to find its record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// The owning account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The bare id.
    pub id: KeyId,
}

impl KeyName {
    /// Where the key that `record` describes is.
    pub fn of(record: &KeyRecord) -> Self {
        Self {
            account: record.account,
            region: record.region.clone(),
            id: record.id.clone(),
        }
    }

    /// The key's ARN.
    pub fn arn(&self) -> String {
        arn(&self.region, &self.account, "key/", self.id.as_str())
    }

    /// What the key process binds derivations to: no Region, so that multi-Region keys agree.
    pub fn identity(&self) -> Vec<u8> {
        format!("{}/{}", self.account, self.id).into_bytes()
    }

    /// The related multi-Region key in `region`.
    pub fn in_region(&self, region: &Region) -> Self {
        Self {
            region: region.clone(),
            ..self.clone()
        }
    }
}

/// The ARN of an alias; `name` begins with `alias/`.
pub(crate) fn alias_arn(region: &Region, account: &AccountId, name: &str) -> String {
    arn(region, account, "", name)
}

fn arn(region: &Region, account: &AccountId, kind: &str, name: &str) -> String {
    format!(
        "arn:{}:kms:{region}:{account}:{kind}{name}",
        region.partition()
    )
}

/// A stored key.
#[derive(Debug)]
pub struct Key {
    /// Where it is.
    pub name: KeyName,
    /// Its ARN.
    pub arn: String,
    /// The version of its record, which a change must rely on.
    pub version: u64,
    /// Its record.
    pub record: KeyRecord,
}

impl Key {
    /// The key that `record` describes.
    pub fn new(record: KeyRecord, version: u64) -> Self {
        let name = KeyName::of(&record);
        Self {
            arn: name.arn(),
            name,
            version,
            record,
        }
    }

    /// The material that encrypts: the last one in use.
    pub fn current_material(&self) -> Option<&MaterialRecord> {
        self.record.current_material()
    }

    /// The material with this id.
    pub fn material(&self, id: &MaterialId) -> Option<&MaterialRecord> {
        self.record
            .materials
            .iter()
            .find(|material| material.id == *id)
    }

    /// Refuses unless the key's state is one of `allowed`.
    pub fn require_state(&self, allowed: &[KeyState]) -> Result<(), Failure> {
        if allowed.contains(&self.record.state) {
            return Ok(());
        }
        let invalid = |text| Err(refuse_with(KmsException::KmsInvalidState, text));
        match self.record.state {
            KeyState::Disabled => Err(refuse_with(
                KmsException::Disabled,
                text::key_disabled(&self.arn),
            )),
            KeyState::PendingDeletion => invalid(text::key_pending_deletion(&self.arn)),
            KeyState::PendingReplicaDeletion => {
                invalid(text::key_pending_replica_deletion(&self.arn))
            }
            KeyState::PendingImport => invalid(text::key_pending_import(&self.arn)),
            KeyState::Enabled => invalid(text::key_not_pending_deletion(&self.arn)),
        }
    }

    /// Refuses `operation` unless it is one that the key is for.
    pub fn require_usage(&self, usage: KeyUsage, operation: &str) -> Result<(), Failure> {
        if self.record.usage == usage {
            return Ok(());
        }
        Err(refuse_with(
            KmsException::InvalidKeyUsage,
            text::key_usage_not_valid(&self.arn, self.record.usage.wire().as_str(), operation),
        ))
    }

    /// Refuses any encryption algorithm but those of the key's spec; absent means SYMMETRIC_DEFAULT.
    pub fn require_encryption_algorithm(
        &self,
        algorithm: Option<wire::EncryptionAlgorithmSpec>,
    ) -> Result<wire::EncryptionAlgorithmSpec, Failure> {
        let algorithm = algorithm.unwrap_or(wire::EncryptionAlgorithmSpec::SymmetricDefault);
        if self
            .record
            .spec
            .encryption_algorithms()
            .contains(&algorithm)
        {
            return Ok(algorithm);
        }
        Err(self.incompatible(algorithm.as_str()))
    }

    /// Refuses any signing algorithm but those of the key's spec.
    pub fn require_signing_algorithm(
        &self,
        algorithm: wire::SigningAlgorithmSpec,
    ) -> Result<(), Failure> {
        if self.record.spec.signing_algorithms().contains(&algorithm) {
            return Ok(());
        }
        Err(self.incompatible(algorithm.as_str()))
    }

    /// That `algorithm` does not fit the key's spec.
    pub(crate) fn incompatible(&self, algorithm: &str) -> Failure {
        refuse_with(
            KmsException::InvalidKeyUsage,
            text::algorithm_incompatible(algorithm, self.record.spec.wire().as_str()),
        )
    }

    /// The material that a cryptographic operation begins with, where only one can be meant. An Enabled
    /// key has all of its material.
    pub(crate) fn material_in_use(&self) -> Result<(&MaterialId, &[u8]), Failure> {
        let material = self.current_material().ok_or(Unreadable)?;
        Ok((&material.id, material.token.as_deref().ok_or(Unreadable)?))
    }

    /// Whether the key is a replica of a key in another Region.
    pub fn is_replica(&self) -> bool {
        self.record.is_replica()
    }

    /// Whether the key is a primary with replicas in other Regions.
    pub fn has_replicas(&self) -> bool {
        let regions = self.record.multi_region.as_ref();
        !self.is_replica() && regions.is_some_and(|regions| !regions.replicas.is_empty())
    }

    /// What DescribeKey shows; member rules in `KeyMetadata` of the API reference.
    pub fn metadata(&self) -> wire::KeyMetadata {
        let record = &self.record;
        let expiration = record.expiration();
        wire::KeyMetadata {
            aws_account_id: Some(record.account.as_str().into()),
            key_id: record.id.as_str().into(),
            arn: Some(self.arn.as_str().into()),
            creation_date: Some(wire::DateType(record.created.into())),
            enabled: Some(wire::BooleanType(record.state == KeyState::Enabled)),
            description: Some(record.description.as_str().into()),
            key_usage: Some(record.usage.wire()),
            key_state: Some(wire_state(record.state)),
            deletion_date: record.deletion.map(wire_date),
            valid_to: expiration.and_then(|earliest| earliest).map(wire_date),
            origin: Some(record.origin.wire()),
            expiration_model: expiration.map(|earliest| match earliest {
                Some(_) => wire::ExpirationModelType::KeyMaterialExpires,
                None => wire::ExpirationModelType::KeyMaterialDoesNotExpire,
            }),
            key_manager: Some(record.manager()),
            customer_master_key_spec: Some(wire::EchoedKeySpec(record.spec.wire())),
            key_spec: Some(record.spec.wire()),
            multi_region: Some(wire::NullableBooleanType(record.multi_region.is_some())),
            multi_region_configuration: self.multi_region_configuration(),
            pending_deletion_window_in_days: record
                .pending_window_days
                .and_then(|days| i32::try_from(days).ok())
                .map(wire::PendingWindowInDaysType),
            current_key_material_id: self
                .current_material()
                .filter(|_| record.spec == KeySpec::SymmetricDefault)
                .map(|material| hex::encode(&material.id).into()),
            ..self.algorithms()
        }
    }

    /// Metadata with nothing but the one list of algorithms that the key's usage has.
    pub(crate) fn algorithms(&self) -> wire::KeyMetadata {
        let spec = self.record.spec;
        let mut metadata = wire::KeyMetadata::default();
        match self.record.usage {
            KeyUsage::EncryptDecrypt => {
                let algorithms = spec.encryption_algorithms().to_vec();
                metadata.encryption_algorithms =
                    Some(wire::EncryptionAlgorithmSpecList(algorithms));
            }
            KeyUsage::SignVerify => {
                let algorithms = spec.signing_algorithms().to_vec();
                metadata.signing_algorithms = Some(wire::SigningAlgorithmSpecList(algorithms));
            }
            KeyUsage::GenerateVerifyMac => {
                let algorithms = spec.mac_algorithm().into_iter().collect();
                metadata.mac_algorithms = Some(wire::MacAlgorithmSpecList(algorithms));
            }
            KeyUsage::KeyAgreement => {
                let algorithms = vec![wire::KeyAgreementAlgorithmSpec::Ecdh];
                metadata.key_agreement_algorithms =
                    Some(wire::KeyAgreementAlgorithmSpecList(algorithms));
            }
            KeyUsage::EncapsulateDecapsulate => {
                let algorithms = vec![wire::EncapsulationAlgorithmSpec::MlKem];
                metadata.encapsulation_algorithms =
                    Some(wire::EncapsulationAlgorithmSpecList(algorithms));
            }
        }
        metadata
    }

    fn multi_region_configuration(&self) -> Option<wire::MultiRegionConfiguration> {
        let regions = self.record.multi_region.as_ref()?;
        let key_in = |region: &Region| wire::MultiRegionKey {
            arn: Some(self.name.in_region(region).arn().into()),
            region: Some(region.as_str().into()),
        };
        let replicas = regions.replicas.iter().map(|region| key_in(&region.0));
        Some(wire::MultiRegionConfiguration {
            multi_region_key_type: Some(if self.is_replica() {
                wire::MultiRegionKeyType::Replica
            } else {
                wire::MultiRegionKeyType::Primary
            }),
            primary_key: Some(key_in(&regions.primary)),
            replica_keys: Some(wire::MultiRegionKeyList(replicas.collect())),
        })
    }
}

/// Rules that need no more than the record.
impl KeyRecord {
    /// The material that encrypts: the last one in use.
    pub fn current_material(&self) -> Option<&MaterialRecord> {
        self.permanent_materials().next_back()
    }

    /// The materials that are or were in use, oldest first.
    pub fn permanent_materials(&self) -> impl DoubleEndedIterator<Item = &MaterialRecord> {
        self.materials
            .iter()
            .filter(|material| material.role == MaterialRole::Permanent)
    }

    /// Whether the key is a replica of a key in another Region.
    pub fn is_replica(&self) -> bool {
        self.multi_region
            .as_ref()
            .is_some_and(|regions| regions.primary != self.region)
    }

    /// What operators are told of the key.
    pub(crate) fn standing(&self) -> StandingKey {
        let mut rotated: Vec<i64> = self
            .permanent_materials()
            .filter_map(|material| Some(material.rotated?.date.0))
            .collect();
        rotated.truncate(ROTATIONS_CHARGED);
        StandingKey {
            arn: KeyName::of(self).arn(),
            spec: self.spec.wire().as_str().to_owned(),
            usage: self.usage.wire().as_str().to_owned(),
            origin: self.origin.wire().as_str().to_owned(),
            manager: self.manager().as_str().to_owned(),
            created: self.created.0,
            rotated,
            is_pending_deletion: matches!(
                self.state,
                KeyState::PendingDeletion | KeyState::PendingReplicaDeletion
            ),
        }
    }

    /// Who manages it.
    fn manager(&self) -> wire::KeyManagerType {
        match self.managed_for {
            Some(_) => wire::KeyManagerType::Aws,
            None => wire::KeyManagerType::Customer,
        }
    }

    /// Whether the key has material, and all that is or was in use is there.
    pub fn has_all_material(&self) -> bool {
        let mut materials = self.permanent_materials().peekable();
        materials.peek().is_some() && materials.all(|one| one.token.is_some())
    }

    /// The state in which a key waits that is neither Enabled nor to be deleted: PendingImport while material
    /// that was to be imported is missing, else Disabled.
    pub fn resting_state(&self) -> KeyState {
        match self.origin {
            KeyOrigin::External if !self.has_all_material() => KeyState::PendingImport,
            KeyOrigin::External | KeyOrigin::AwsKms => KeyState::Disabled,
        }
    }

    /// Of a key with imported material that is there: when the first of it expires, if any does.
    fn expiration(&self) -> Option<Option<Millis>> {
        let present = self.permanent_materials().filter(|one| one.token.is_some());
        let mut present = present.map(|one| one.expires).peekable();
        present
            .peek()
            .filter(|_| self.origin == KeyOrigin::External)?;
        Some(present.flatten().min())
    }

    /// When the key must be looked at next, and why: the earliest of its deletion, its rotation while it
    /// is Enabled and no replica, and the expiry of a material in use.
    pub fn next_due(&self) -> Option<(Millis, TimerKind)> {
        let deletion = self.deletion.map(|date| (date, TimerKind::Deletion));
        let rotates = self.state == KeyState::Enabled && !self.is_replica();
        let rotation = self.rotation.filter(|_| rotates);
        let rotation = rotation.map(|rotation| (rotation.next, TimerKind::Rotation));
        let present = self.permanent_materials().filter(|one| one.token.is_some());
        let expiry = present.filter_map(|one| one.expires).min();
        let expiry = expiry.map(|date| (date, TimerKind::Expiry));
        [deletion, rotation, expiry].into_iter().flatten().min()
    }
}

/// A stored time on the wire.
pub(crate) fn wire_date(time: Millis) -> wire::DateType {
    wire::DateType(UnixMillis::from(time))
}

/// A state as the API names it.
pub(crate) fn wire_state(state: KeyState) -> wire::KeyState {
    match state {
        KeyState::Enabled => wire::KeyState::Enabled,
        KeyState::Disabled => wire::KeyState::Disabled,
        KeyState::PendingDeletion => wire::KeyState::PendingDeletion,
        KeyState::PendingImport => wire::KeyState::PendingImport,
        KeyState::PendingReplicaDeletion => wire::KeyState::PendingReplicaDeletion,
    }
}
