//! Stored records: the bytes inside sealed values. Each begins with a version; a field number is
//! never reused. These are neither wire types nor domain logic.

mod text;

use minicbor::{Decode, Encode};
use strongroom_base::UnixMillis;
use strongroom_base::id::{AccountId, KeyId, Region};
use strongroom_hsm_api::key::MaterialId;

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
    /// Its materials, oldest first; the last one is current.
    #[n(9)]
    pub materials: Vec<MaterialRecord>,
    /// Its spec.
    #[n(10)]
    pub spec: KeySpec,
}

/// The states this version can reach.
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
}

/// The specs this version can create.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum KeySpec {
    /// SYMMETRIC_DEFAULT, used for ENCRYPT_DECRYPT.
    #[n(1)]
    SymmetricDefault,
}

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
    /// Its exported key token.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub token: Vec<u8>,
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
}

/// An access key of an account's root.
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
}

/// Something that will happen to a key.
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
    ($($record:ty),* $(,)?) => { $(impl Record for $record {})* };
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
);

#[cfg(test)]
mod tests;
