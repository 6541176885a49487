//! Stored identities: users, groups, roles, managed policies, and what session tokens say. Each record
//! holds everything that belongs to its entity, so that a change of it is one compare-and-swap.

use minicbor::{Decode, Encode};
use strongroom_base::id::AccountId;

use super::{Millis, TagRecord, text};

/// What users, groups, roles and managed policies have in common.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Entity {
    /// The account it belongs to.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// Its name as it was given; names are unique without regard to case.
    #[n(1)]
    pub name: String,
    /// Its path, `/` or `/…/`.
    #[n(2)]
    pub path: String,
    /// Its unique id, which no other entity ever has.
    #[n(3)]
    pub id: String,
    /// When it was created.
    #[n(4)]
    pub created: Millis,
}

/// A policy that is part of a user, group or role.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct InlinePolicyRecord {
    /// Its name.
    #[n(0)]
    pub name: String,
    /// The document as it was given.
    #[n(1)]
    pub document: String,
}

/// A managed policy as users, groups and roles refer to it. What is referred to cannot be deleted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum PolicyReference {
    /// One of the account's own, by name in lower case.
    #[n(1)]
    Customer(#[n(0)] String),
    /// One that every account has, by name.
    #[n(2)]
    Aws(#[n(0)] String),
}

/// The policies of a user, group or role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(crate) struct PoliciesRecord {
    /// Inline policies, in the order of their names.
    #[n(0)]
    pub inline: Vec<InlinePolicyRecord>,
    /// Attached managed policies, in the order of their attachment.
    #[n(1)]
    pub attached: Vec<PolicyReference>,
    /// The permissions boundary; groups have none.
    #[n(2)]
    pub boundary: Option<PolicyReference>,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct UserRecord {
    /// Name, path, unique id (`AIDA…`).
    #[n(0)]
    pub entity: Entity,
    /// Its tags, in the order they were added.
    #[n(1)]
    pub tags: Vec<TagRecord>,
    /// What it may.
    #[n(2)]
    pub policies: PoliciesRecord,
    /// The groups it is in, by unique id, in the order it joined.
    #[n(3)]
    pub group_ids: Vec<String>,
    /// The ids of its access keys, oldest first.
    #[n(4)]
    pub access_keys: Vec<String>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct GroupRecord {
    /// Name, path, unique id (`AGPA…`).
    #[n(0)]
    pub entity: Entity,
    /// What its users may.
    #[n(1)]
    pub policies: PoliciesRecord,
    /// How many users are in it.
    #[n(2)]
    pub users: u32,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RoleRecord {
    /// Name, path, unique id (`AROA…`).
    #[n(0)]
    pub entity: Entity,
    /// Its tags, in the order they were added.
    #[n(1)]
    pub tags: Vec<TagRecord>,
    /// What its sessions may.
    #[n(2)]
    pub policies: PoliciesRecord,
    /// Who may assume it; principals that exist are named by unique id.
    #[n(3)]
    pub trust: String,
    /// Its description, "" when it has none.
    #[n(4)]
    pub description: String,
    /// The longest session, 3,600 to 43,200 seconds.
    #[n(5)]
    pub session_seconds_max: u32,
}

/// A managed policy of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct ManagedPolicyRecord {
    /// Name, path, unique id (`ANPA…`).
    #[n(0)]
    pub entity: Entity,
    /// Its tags, in the order they were added.
    #[n(1)]
    pub tags: Vec<TagRecord>,
    /// Its description, "" when it has none.
    #[n(2)]
    pub description: String,
    /// When its versions last changed.
    #[n(3)]
    pub updated: Millis,
    /// Its versions, oldest first, 1 to 5 of them.
    #[n(4)]
    pub versions: Vec<PolicyVersionRecord>,
    /// The number of the version in force.
    #[n(5)]
    pub default_version: u32,
    /// The number of the newest version there ever was.
    #[n(6)]
    pub last_version: u32,
    /// How many users, groups and roles it is attached to.
    #[n(7)]
    pub attachments: u32,
    /// How many users and roles it bounds.
    #[n(8)]
    pub boundaries: u32,
}

impl ManagedPolicyRecord {
    /// The document in force; none only of a damaged record.
    pub(crate) fn document(&self) -> Option<&str> {
        let version = |one: &&PolicyVersionRecord| one.number == self.default_version;
        let in_force = self.versions.iter().find(version);
        in_force.map(|version| version.document.as_str())
    }
}

/// A version of a managed policy.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct PolicyVersionRecord {
    /// Its number, from 1.
    #[n(0)]
    pub number: u32,
    /// When it was created.
    #[n(1)]
    pub created: Millis,
    /// The document as it was given.
    #[n(2)]
    pub document: String,
}

/// What has a unique id, and where its record is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct EntityReference {
    /// The account.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// What it is.
    #[n(1)]
    pub kind: EntityKind,
    /// Its name in lower case.
    #[n(2)]
    pub name: String,
}

/// What has a unique id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub(crate) enum EntityKind {
    /// `AIDA…`
    #[n(1)]
    User,
    /// `AGPA…`
    #[n(2)]
    Group,
    /// `AROA…`
    #[n(3)]
    Role,
    /// `ANPA…`
    #[n(4)]
    ManagedPolicy,
}

/// Whom temporary credentials stand for.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum SessionOf {
    /// The root of an account (GetSessionToken).
    #[n(1)]
    Root(#[cbor(n(0), with = "text")] AccountId),
    /// A user (GetSessionToken), by unique id.
    #[n(2)]
    User(#[n(0)] String),
    /// A role (AssumeRole…), by unique id.
    #[n(3)]
    Role(#[n(0)] String),
    /// A federated user of an account's root (GetFederationToken).
    #[n(4)]
    FederatedByRoot(#[cbor(n(0), with = "text")] AccountId),
    /// A federated user of a user (GetFederationToken), by the user's unique id.
    #[n(5)]
    FederatedByUser(#[n(0)] String),
}

/// A session: what its token says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct SessionRecord {
    /// The access key id, `ASIA…`.
    #[n(0)]
    pub access_key_id: String,
    /// The secret access key, wrapped by the key process.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub secret: Vec<u8>,
    /// Whom it stands for, by unique id.
    #[n(2)]
    pub of: SessionOf,
    /// RoleSessionName, or the name of the federated user; "" of GetSessionToken.
    #[n(3)]
    pub name: String,
    /// When it began.
    #[n(4)]
    pub issued: Millis,
    /// When it ends.
    #[n(5)]
    pub expires: Millis,
    /// Whether session policies limit it: then what none of them allows is denied.
    #[n(6)]
    pub is_limited: bool,
    /// The session policy given inline.
    #[n(7)]
    pub policy: Option<String>,
    /// Managed session policies, which count as they are when a request comes.
    #[n(8)]
    pub policies: Vec<PolicyReference>,
    /// Session tags.
    #[n(9)]
    pub tags: Vec<TagRecord>,
    /// The keys of those tags that further sessions inherit.
    #[n(10)]
    pub transitive: Vec<String>,
    /// SourceIdentity, which further sessions inherit.
    #[n(11)]
    pub source_identity: Option<String>,
    /// The identity provider (AssumeRoleWithWebIdentity).
    #[n(12)]
    pub provider: Option<String>,
}
