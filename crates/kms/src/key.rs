//! A KMS key as operations see it: its record with version and ARN, and the rules of its state.

use strongroom_aws::error::KmsException;
use strongroom_aws::kms as wire;
use strongroom_aws::text;
use strongroom_base::id::{AccountId, KeyId, Region};
use strongroom_base::{UnixMillis, hex};
use strongroom_hsm_api::key::MaterialId;

use crate::failure::{Failure, refuse_with};
use crate::records::{KeyRecord, KeySpec, KeyState, MaterialRecord, PolicyKind};

/// Where a key is: enough to find its record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyName {
    /// The owning account.
    pub account: AccountId,
    /// The Region.
    pub region: Region,
    /// The bare id.
    pub id: KeyId,
}

impl KeyName {
    /// The key's ARN.
    pub fn arn(&self) -> String {
        arn(&self.region, &self.account, "key/", self.id.as_str())
    }

    /// What the key process binds derivations to: no Region, so that multi-Region keys agree.
    pub fn identity(&self) -> Vec<u8> {
        format!("{}/{}", self.account, self.id).into_bytes()
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
        let name = KeyName {
            account: record.account,
            region: record.region.clone(),
            id: record.id.clone(),
        };
        Self {
            arn: name.arn(),
            name,
            version,
            record,
        }
    }

    /// The material that encrypts.
    pub fn current_material(&self) -> Option<&MaterialRecord> {
        self.record.materials.last()
    }

    /// The material with this id.
    pub fn material(&self, id: &MaterialId) -> Option<&MaterialRecord> {
        self.record
            .materials
            .iter()
            .find(|material| material.id == *id)
    }

    /// Whether the account's root may do everything: the policy is, or equals, the default one.
    pub fn delegates_to_account(&self) -> bool {
        match self.record.policy {
            PolicyKind::Default | PolicyKind::EquivalentToDefault => true,
            PolicyKind::Custom => false,
        }
    }

    /// Refuses cryptographic use unless the key is Enabled.
    pub fn require_enabled(&self) -> Result<(), Failure> {
        match self.record.state {
            KeyState::Enabled => Ok(()),
            KeyState::Disabled => Err(refuse_with(
                KmsException::Disabled,
                text::key_disabled(&self.arn),
            )),
            KeyState::PendingDeletion => Err(self.pending_deletion()),
        }
    }

    /// Refuses changes while the key waits for its deletion.
    pub fn require_not_pending_deletion(&self) -> Result<(), Failure> {
        match self.record.state {
            KeyState::Enabled | KeyState::Disabled => Ok(()),
            KeyState::PendingDeletion => Err(self.pending_deletion()),
        }
    }

    fn pending_deletion(&self) -> Failure {
        refuse_with(
            KmsException::KmsInvalidState,
            text::key_pending_deletion(&self.arn),
        )
    }

    /// Refuses any algorithm but the one of the key's spec.
    pub fn require_algorithm(
        &self,
        algorithm: Option<wire::EncryptionAlgorithmSpec>,
    ) -> Result<(), Failure> {
        match (self.record.spec, algorithm) {
            (
                KeySpec::SymmetricDefault,
                None | Some(wire::EncryptionAlgorithmSpec::SymmetricDefault),
            ) => Ok(()),
            (KeySpec::SymmetricDefault, Some(other)) => Err(refuse_with(
                KmsException::InvalidKeyUsage,
                text::algorithm_incompatible(
                    other.as_str(),
                    wire::KeySpec::SymmetricDefault.as_str(),
                ),
            )),
        }
    }

    /// What DescribeKey shows; member rules in `KeyMetadata` of the API reference.
    pub fn metadata(&self) -> wire::KeyMetadata {
        let record = &self.record;
        let (spec, usage) = match record.spec {
            KeySpec::SymmetricDefault => (
                wire::KeySpec::SymmetricDefault,
                wire::KeyUsageType::EncryptDecrypt,
            ),
        };
        wire::KeyMetadata {
            aws_account_id: Some(record.account.as_str().into()),
            key_id: record.id.as_str().into(),
            arn: Some(self.arn.as_str().into()),
            creation_date: Some(wire::DateType(record.created.into())),
            enabled: Some(wire::BooleanType(record.state == KeyState::Enabled)),
            description: Some(record.description.as_str().into()),
            key_usage: Some(usage),
            key_state: Some(wire_state(record.state)),
            deletion_date: record
                .deletion
                .map(|date| wire::DateType(UnixMillis::from(date))),
            origin: Some(wire::OriginType::AwsKms),
            key_manager: Some(wire::KeyManagerType::Customer),
            customer_master_key_spec: Some(wire::EchoedKeySpec(spec)),
            key_spec: Some(spec),
            encryption_algorithms: Some(wire::EncryptionAlgorithmSpecList(vec![
                wire::EncryptionAlgorithmSpec::SymmetricDefault,
            ])),
            multi_region: Some(wire::NullableBooleanType(false)),
            current_key_material_id: self
                .current_material()
                .map(|material| hex::encode(&material.id).into()),
            ..wire::KeyMetadata::default()
        }
    }
}

/// A state as the API names it.
pub(crate) fn wire_state(state: KeyState) -> wire::KeyState {
    match state {
        KeyState::Enabled => wire::KeyState::Enabled,
        KeyState::Disabled => wire::KeyState::Disabled,
        KeyState::PendingDeletion => wire::KeyState::PendingDeletion,
    }
}
