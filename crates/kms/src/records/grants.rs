//! Stored grants: the grants themselves, the indexes that find them, and what their tokens say.

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};
use strongroom_base::id::{AccountId, KeyId, Region};

use super::{Millis, text};

/// The GrantId, which clients see as 64 hexadecimal digits.
pub(crate) type GrantId = [u8; 32];

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct GrantRecord {
    /// The account of the key.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The Region of the key.
    #[cbor(n(1), with = "text")]
    pub region: Region,
    /// The key.
    #[cbor(n(2), with = "text")]
    pub key: KeyId,
    /// Its id.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub id: GrantId,
    /// When it was created.
    #[n(4)]
    pub created: Millis,
    /// What was asked for.
    #[n(5)]
    pub terms: GrantTerms,
}

/// All that a request says of a grant: two requests with the same name and terms mean one grant. Its
/// bytes are also what the index of named grants is kept under, so those of old terms must stay.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct GrantTerms {
    /// The account under which it was issued.
    #[cbor(n(0), with = "text")]
    pub issuer: AccountId,
    /// Its name, if it has one.
    #[n(1)]
    pub name: Option<String>,
    /// Who may use the key.
    #[n(2)]
    pub grantee: GrantParty,
    /// Who may retire the grant besides those who issued it.
    #[n(3)]
    pub retiring: Option<GrantParty>,
    /// For what, in the order of the request.
    #[n(4)]
    pub operations: Vec<GrantOperation>,
    /// The encryption context that requests must have, exactly.
    #[n(5)]
    pub context_equals: Option<BTreeMap<String, String>>,
    /// The encryption context that requests must include.
    #[n(6)]
    pub context_subset: Option<BTreeMap<String, String>>,
    /// The resource on whose behalf requests must be made.
    #[n(7)]
    pub source_arn: Option<String>,
}

/// Whom a grant names.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum GrantParty {
    /// What has no unique id, by its account and ARN: a root or a federated user. Grants older than IAM name
    /// users and roles like this; as nobody had those names then, they speak for nobody.
    #[n(1)]
    Principal(#[cbor(n(0), with = "text")] AccountId, #[n(1)] String),
    /// An AWS service, by its service principal.
    #[n(2)]
    Service(#[n(0)] String),
    /// A user, a role or a role's session, by its account and unique id (`AIDA…`, `AROA…`, `AROA…:session`).
    #[n(3)]
    Identity(#[cbor(n(0), with = "text")] AccountId, #[n(1)] String),
}

impl GrantParty {
    /// What indexes keep it under: ARNs, service principals and unique ids never look alike.
    pub(crate) fn index_name(&self) -> &str {
        match self {
            Self::Principal(_, name) | Self::Service(name) | Self::Identity(_, name) => name,
        }
    }

    /// The account it belongs to; a service belongs to none.
    pub(crate) fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Principal(account, _) | Self::Identity(account, _) => Some(account),
            Self::Service(_) => None,
        }
    }
}

macro_rules! operations {
    ($($number:literal $operation:ident),* $(,)?) => {
        /// What a grant permits, as the API names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
        #[cbor(index_only)]
        pub(crate) enum GrantOperation {
            $(#[doc = stringify!($operation)] #[n($number)] $operation),*
        }

        impl GrantOperation {
            /// As the API names it.
            pub(crate) fn wire(self) -> strongroom_aws::kms::GrantOperation {
                match self {
                    $(Self::$operation => strongroom_aws::kms::GrantOperation::$operation),*
                }
            }
        }

        impl From<strongroom_aws::kms::GrantOperation> for GrantOperation {
            fn from(operation: strongroom_aws::kms::GrantOperation) -> Self {
                match operation {
                    $(strongroom_aws::kms::GrantOperation::$operation => Self::$operation),*
                }
            }
        }
    };
}

operations! {
    1 Decrypt,
    2 Encrypt,
    3 GenerateDataKey,
    4 GenerateDataKeyWithoutPlaintext,
    5 ReEncryptFrom,
    6 ReEncryptTo,
    7 Sign,
    8 Verify,
    9 GetPublicKey,
    10 CreateGrant,
    11 RetireGrant,
    12 DescribeKey,
    13 GenerateDataKeyPair,
    14 GenerateDataKeyPairWithoutPlaintext,
    15 GenerateMac,
    16 VerifyMac,
    17 DeriveSharedSecret,
    18 Encapsulate,
    19 Decapsulate,
}

/// Which grant: what a grant token says, and what the indexes by principal hold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct GrantReference {
    /// The account of the key.
    #[cbor(n(0), with = "text")]
    pub account: AccountId,
    /// The Region of the key.
    #[cbor(n(1), with = "text")]
    pub region: Region,
    /// The key.
    #[cbor(n(2), with = "text")]
    pub key: KeyId,
    /// The grant.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub id: GrantId,
}

/// Which grant has this name and these terms.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct NamedGrantRecord {
    /// The grant.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub id: GrantId,
}

/// How many grants a key has. Once there, it stays as long as its key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct GrantCountRecord {
    /// At most 50,000.
    #[n(0)]
    pub grants: u32,
}

/// That the index by grantee has every grant: grants older than the index were added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct GranteeIndexRecord {}
