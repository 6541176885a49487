//! Stored records: the bytes inside sealed values. Each begins with a version; a field number is
//! never reused. These are neither wire types nor domain logic.

mod audit_keys;
mod grants;
mod identities;
mod series;
mod text;
mod trails;

use minicbor::{Decode, Encode};
use strongroom_base::UnixMillis;
use strongroom_base::id::{AccountId, KeyId, Region};
use strongroom_hsm_api::key::MaterialId;

pub(crate) use audit_keys::{AuditKeyRecord, AuditKeyUse};
pub(crate) use grants::{
    GrantCountRecord, GrantId, GrantOperation, GrantParty, GrantRecord, GrantReference, GrantTerms,
    GranteeIndexRecord, NamedGrantRecord,
};
pub(crate) use identities::{
    Entity, EntityKind, EntityReference, GroupRecord, InlinePolicyRecord, ManagedPolicyRecord,
    PoliciesRecord, PolicyReference, PolicyVersionRecord, RoleRecord, SessionOf, SessionRecord,
    UserRecord,
};
pub(crate) use series::{
    DimensionRecord, MetricDimension, MetricKind, Sample, SampleRecord, SamplesRecord, SeriesRecord,
};

pub(crate) use trails::{
    DeliveredFileRecord, DeliveryStepRecord, DigestRecord, LogPositionRecord, PreviousDigestRecord,
    ReadWrite, SelectorRecord, StreamRecord, TrailDeliveryRecord, TrailRecord,
};

/// The bytes are not a record of the expected kind, or of a newer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// A record type with its current version.
pub(crate) trait Record: Encode<()> + for<'b> Decode<'b, ()> {
    /// The version this code writes; older ones are read by the same field numbers.
    const VERSION: u8 = 1;

    /// The record's bytes: version, then CBOR.
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![Self::VERSION];
        // Writing to memory cannot fail, and no record's own encoding does.
        if minicbor::encode(self, &mut bytes).is_err() {
            std::process::abort();
        }
        bytes
    }

    /// Reads what [`Record::to_bytes`] wrote, in this or an earlier version.
    fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        match bytes.split_first() {
            Some((&version, body)) if (1..=Self::VERSION).contains(&version) => {
                minicbor::decode(body).map_err(|_| Unreadable)
            }
            _ => Err(Unreadable),
        }
    }
}

/// A KMS key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KeyRecord {
    /// The owning account.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The Region it lives in.
    #[cbor(n(1), with = "text")]
    pub region: Region,
    /// Its bare id.
    #[cbor(n(2), with = "text")]
    pub id: KeyId,
    /// When it was created.
    #[n(3)]
    pub created: Millis,
    /// Its description, "" when it has none.
    #[n(4)]
    pub description: String,
    /// Its state.
    #[n(5)]
    pub state: KeyState,
    /// When it will be deleted; only in PendingDeletion.
    #[n(6)]
    pub deletion: Option<Millis>,
    /// Its tags, in the order they were added.
    #[n(7)]
    pub tags: Vec<TagRecord>,
    /// Which policy governs it.
    #[n(8)]
    pub policy: PolicyKind,
    /// Its materials, oldest first; those that wait for their rotation come last.
    #[n(9)]
    pub materials: Vec<MaterialRecord>,
    /// Its spec.
    #[n(10)]
    pub spec: KeySpec,
    /// What it is for.
    #[cbor(n(11), default)]
    pub usage: KeyUsage,
    /// Where its material comes from.
    #[cbor(n(12), default)]
    pub origin: KeyOrigin,
    /// Of an AWS managed key: the NAME of its alias `alias/aws/NAME`.
    #[n(13)]
    pub managed_for: Option<String>,
    /// While it is rotated automatically.
    #[n(14)]
    pub rotation: Option<RotationRecord>,
    /// Of a multi-Region key.
    #[n(15)]
    pub multi_region: Option<MultiRegionRecord>,
    /// The window that begins when its last replica is deleted; only in PendingReplicaDeletion.
    #[n(16)]
    pub pending_window_days: Option<u32>,
    /// How often it was rotated on demand.
    #[cbor(n(17), default)]
    pub on_demand_rotations: u32,
}

/// The states that are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum KeyState {
    /// Ready for use.
    #[n(1)]
    Enabled,
    /// Refused until enabled.
    #[n(2)]
    Disabled,
    /// Refused; will be deleted.
    #[n(3)]
    PendingDeletion,
    /// Refused until all of its material is imported.
    #[n(4)]
    PendingImport,
    /// Refused; will be PendingDeletion when its last replica is deleted.
    #[n(5)]
    PendingReplicaDeletion,
}

/// What a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum KeySpec {
    /// SYMMETRIC_DEFAULT.
    #[n(1)]
    SymmetricDefault,
    /// HMAC_224.
    #[n(8)]
    Hmac224,
    /// HMAC_256.
    #[n(9)]
    Hmac256,
    /// HMAC_384.
    #[n(10)]
    Hmac384,
    /// HMAC_512.
    #[n(11)]
    Hmac512,
    /// RSA_2048.
    #[n(16)]
    Rsa2048,
    /// RSA_3072.
    #[n(17)]
    Rsa3072,
    /// RSA_4096.
    #[n(18)]
    Rsa4096,
    /// ECC_NIST_P256.
    #[n(32)]
    EccNistP256,
    /// ECC_NIST_P384.
    #[n(33)]
    EccNistP384,
    /// ECC_NIST_P521.
    #[n(34)]
    EccNistP521,
    /// ECC_SECG_P256K1.
    #[n(35)]
    EccSecgP256k1,
    /// SM2.
    #[n(36)]
    Sm2,
    /// ECC_NIST_EDWARDS25519.
    #[n(40)]
    EccNistEdwards25519,
    /// ML_DSA_44.
    #[n(48)]
    MlDsa44,
    /// ML_DSA_65.
    #[n(49)]
    MlDsa65,
    /// ML_DSA_87.
    #[n(50)]
    MlDsa87,
    /// ML_KEM_512.
    #[n(56)]
    MlKem512,
    /// ML_KEM_768.
    #[n(57)]
    MlKem768,
    /// ML_KEM_1024.
    #[n(58)]
    MlKem1024,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum KeyUsage {
    /// ENCRYPT_DECRYPT.
    #[default]
    #[n(1)]
    EncryptDecrypt,
    /// SIGN_VERIFY.
    #[n(2)]
    SignVerify,
    /// GENERATE_VERIFY_MAC.
    #[n(4)]
    GenerateVerifyMac,
    /// KEY_AGREEMENT.
    #[n(5)]
    KeyAgreement,
    /// ENCAPSULATE_DECAPSULATE.
    #[n(6)]
    EncapsulateDecapsulate,
}

/// Where a key's material comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum KeyOrigin {
    /// AWS_KMS: the key process made it.
    #[default]
    #[n(1)]
    AwsKms,
    /// EXTERNAL: it is imported.
    #[n(2)]
    External,
}

/// Automatic rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RotationRecord {
    /// 90 to 2560 days.
    #[n(0)]
    pub period_days: u32,
    /// The date of the next rotation, in domain time.
    #[n(1)]
    pub next: Millis,
}

/// Which Regions a multi-Region key is in; the same in all of its related keys.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MultiRegionRecord {
    /// Where its primary is.
    #[cbor(n(0), with = "text")]
    pub primary: Region,
    /// Where its replicas are, in the order of their names.
    #[n(1)]
    pub replicas: Vec<RegionName>,
}

/// A Region in a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct RegionName(#[cbor(n(0), with = "text")] pub Region);

/// Which policy governs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum PolicyKind {
    /// The default one, which is not stored.
    #[n(1)]
    Default,
    /// A document that delegates everything to the account, written by its owner.
    #[n(2)]
    EquivalentToDefault,
    /// Any other document.
    #[n(3)]
    Custom,
    /// That of AWS managed keys, which is not stored.
    #[n(4)]
    AwsManaged,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TagRecord {
    /// 1 to 128 characters.
    #[n(0)]
    pub key: String,
    /// 0 to 256 characters.
    #[n(1)]
    pub value: String,
}

/// One key material.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MaterialRecord {
    /// Its KeyMaterialId.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: MaterialId,
    /// Its exported key token; none of imported material that was deleted, expired or not imported here.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub token: Option<Vec<u8>>,
    /// Whether it is in use.
    #[cbor(n(2), default)]
    pub role: MaterialRole,
    /// How it became current; none of the first.
    #[n(3)]
    pub rotated: Option<RotationMark>,
    /// Of imported material: its ValidTo.
    #[n(4)]
    pub expires: Option<Millis>,
    /// Of imported material: its KeyMaterialDescription.
    #[n(5)]
    pub description: Option<String>,
}

impl MaterialRecord {
    /// Material that the key process just made or took in, in use at once.
    pub fn new(id: MaterialId, token: Vec<u8>) -> Self {
        Self {
            id,
            token: Some(token),
            role: MaterialRole::Permanent,
            rotated: None,
            expires: None,
            description: None,
        }
    }
}

/// Whether a material is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum MaterialRole {
    /// It is current, or was.
    #[default]
    #[n(1)]
    Permanent,
    /// PENDING_ROTATION.
    #[n(2)]
    PendingRotation,
    /// PENDING_MULTI_REGION_IMPORT_AND_ROTATION.
    #[n(3)]
    PendingMultiRegionImport,
}

/// How a material became current.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RotationMark {
    /// When.
    #[n(0)]
    pub date: Millis,
    /// Why.
    #[n(1)]
    pub kind: RotationKind,
}

/// Why a key was rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RotationKind {
    /// Its period was over.
    #[n(1)]
    Automatic,
    /// Somebody called RotateKeyOnDemand.
    #[n(2)]
    OnDemand,
}

/// A key policy other than the default one.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PolicyRecord {
    /// The document, as GetKeyPolicy shows it.
    #[n(0)]
    pub document: String,
}

/// An alias.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AliasRecord {
    /// Its name, `alias/…`.
    #[n(0)]
    pub name: String,
    /// The key it names, in the same account and Region.
    #[cbor(n(1), with = "text")]
    pub target: KeyId,
    /// When it was created.
    #[n(2)]
    pub created: Millis,
    /// When its target was last set.
    #[n(3)]
    pub updated: Millis,
}

/// That an alias belongs to a key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KeyAliasRecord {
    /// The alias's name.
    #[n(0)]
    pub name: String,
}

/// Whose key a material belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MaterialOwnerRecord {
    /// The key's account.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The key.
    #[cbor(n(1), with = "text")]
    pub key: KeyId,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AccountRecord {
    /// Its id.
    #[cbor(n(0), with = "text")]
    pub id: AccountId,
    /// When it was created.
    #[n(1)]
    pub created: Millis,
    /// What limits every principal of the account, as it was given.
    #[n(2)]
    pub guardrail: Option<String>,
    /// Whether replies to it wait until their audit records are on the disk; absent for no.
    #[n(3)]
    pub strict_audit: Option<bool>,
}

/// A long-term access key of a user, or of an account's root.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AccessKeyRecord {
    /// The access key id.
    #[n(0)]
    pub id: String,
    /// The account it belongs to.
    #[cbor(n(1), with = "text")]
    pub account: AccountId,
    /// The secret, wrapped by the key process.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub token: Vec<u8>,
    /// The unique id of the user it belongs to; none of a root's.
    #[n(3)]
    pub user: Option<String>,
    /// Whether it is Inactive.
    #[cbor(n(4), default)]
    pub inactive: bool,
    /// When it was created; none of roots' keys that are older than this member.
    #[n(5)]
    pub created: Option<Millis>,
}

/// When a key must be looked at next; its record says why.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TimerRecord {
    /// The key's account.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The key's Region.
    #[cbor(n(1), with = "text")]
    pub region: Region,
    /// The key.
    #[cbor(n(2), with = "text")]
    pub key: KeyId,
    /// When, in domain time.
    #[n(3)]
    pub due: Millis,
    /// Why.
    #[cbor(n(4), default)]
    pub kind: TimerKind,
}

/// Why a key must be looked at. Of what is due at one time, deletion comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum TimerKind {
    /// It is to be deleted.
    #[default]
    #[n(1)]
    Deletion,
    /// It is to be rotated.
    #[n(2)]
    Rotation,
    /// Imported material expires.
    #[n(3)]
    Expiry,
}

/// Domain time, as recorded now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ClockRecord {
    /// Domain time.
    #[n(0)]
    pub time: Millis,
    /// How long it has been held, in milliseconds.
    #[n(1)]
    pub held_millis: u64,
    /// How far the wall clock that it is held from was ahead, in milliseconds. Earlier versions did not record it.
    #[n(2)]
    pub lead_millis: Option<u64>,
}

/// The last use of a key.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct KeyUsageRecord {
    /// The operation, as the API names it.
    #[n(0)]
    pub operation: String,
    /// When.
    #[n(1)]
    pub time: Millis,
    /// The id of the audit record.
    #[n(2)]
    pub event_id: String,
    /// The x-amzn-RequestId.
    #[n(3)]
    pub request_id: String,
}

/// A time, as milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Millis(#[n(0)] pub i64);

impl From<UnixMillis> for Millis {
    fn from(time: UnixMillis) -> Self {
        Self(time.0)
    }
}

impl From<Millis> for UnixMillis {
    fn from(time: Millis) -> Self {
        Self(time.0)
    }
}

macro_rules! records {
    ($($record:ident),* $(,)?) => {
        $(impl Record for $record {})*

        /// Every type of stored record: its name, and how its bytes are read and written again.
        #[cfg(feature = "fuzzing")]
        pub(crate) const ALL: &[(&str, crate::fuzzing::Reencode)] = &[$((
            stringify!($record),
            |bytes| $record::from_bytes(bytes).ok().map(|record| record.to_bytes()),
        )),*];
    };
}

records!(
    KeyRecord,
    PolicyRecord,
    AliasRecord,
    KeyAliasRecord,
    MaterialOwnerRecord,
    AccountRecord,
    AccessKeyRecord,
    TimerRecord,
    ClockRecord,
    GrantRecord,
    GrantTerms,
    GrantReference,
    NamedGrantRecord,
    GrantCountRecord,
    GranteeIndexRecord,
    KeyUsageRecord,
    SamplesRecord,
    SeriesRecord,
    UserRecord,
    GroupRecord,
    RoleRecord,
    ManagedPolicyRecord,
    EntityReference,
    SessionRecord,
    AuditKeyRecord,
    TrailRecord,
    TrailDeliveryRecord,
    StreamRecord,
);

#[cfg(test)]
mod tests;
