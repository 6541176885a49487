//! The table of all operations. Routing, authorization, audit, metrics, docs and the exhaustive tests
//! walk it; an operation that is not in it does not exist.

use std::future::Future;
use std::pin::Pin;

use strongroom_aws::cbor;
use strongroom_aws::cloudtrail as cloudtrail_wire;
use strongroom_aws::cloudwatch as cloudwatch_wire;
use strongroom_aws::error::{KmsException, QueryException, Refusal};
use strongroom_aws::iam as iam_wire;
use strongroom_aws::kms as wire;
use strongroom_aws::query::to_json;
use strongroom_aws::shape::{self, Shape};
use strongroom_aws::xml;

use crate::authorize::{Authorized, Keys, Target, authorize};
use crate::call::{Call, Input};
use crate::failure::{Cause, Failure};
use crate::managed_keys;
use crate::told;

use custom_key_stores::CustomKeyStores;

mod agreement;
mod aliases;
mod cloudtrail;
mod cloudwatch;
mod cryptography;
mod custom_key_stores;
mod data_keys;
mod deletion;
mod encryption;
mod grants;
mod iam;
mod imports;
mod keys;
mod macs;
mod multi_region;
mod paging;
mod policies;
mod public_keys;
mod random;
mod recipient;
pub mod reference;
mod rotation;
mod signing;
mod state;
mod sts;
mod tags;
mod usage;

pub(crate) use deletion::end_of_window;
pub(crate) use keys::creation;
pub(crate) use policies::document as key_policy_document;
pub(crate) use recipient::attested;
pub(crate) use state::token_state;

/// How often an operation that conflicts with others is tried in all.
const ATTEMPTS_MAX: usize = 16;

/// A service of the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Key Management Service, AWS JSON 1.1.
    Kms,
    /// Security Token Service, Query.
    Sts,
    /// Identity and Access Management, Query.
    Iam,
    /// CloudTrail, AWS JSON 1.1.
    CloudTrail,
    /// CloudWatch, AWS JSON 1.0, Query and Smithy RPC v2 CBOR.
    CloudWatch,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 5] = [
        Self::Kms,
        Self::Sts,
        Self::Iam,
        Self::CloudTrail,
        Self::CloudWatch,
    ];

    /// The names that credential scopes may carry.
    pub const NAMES: &'static [&'static str] = &["kms", "sts", "iam", "cloudtrail", "monitoring"];

    /// The services that speak AWS JSON, each with what the targets of its operations begin with.
    pub(crate) const JSON: &'static [(Self, &'static str)] = &[
        (Self::Kms, wire::TARGET_PREFIX),
        (Self::CloudTrail, cloudtrail_wire::TARGET_PREFIX),
        (Self::CloudWatch, cloudwatch_wire::TARGET_PREFIX),
    ];

    /// The content type of its requests and replies in AWS JSON.
    pub(crate) fn json_content_type(self) -> &'static str {
        match self {
            Self::CloudWatch => cloudwatch_wire::CONTENT_TYPE,
            Self::Kms | Self::Sts | Self::Iam | Self::CloudTrail => wire::CONTENT_TYPE,
        }
    }

    /// How the service writes XML; the forms of those that answer in JSON, as STS would.
    pub(crate) fn xml(self) -> xml::Service {
        match self {
            Self::Kms | Self::Sts | Self::CloudTrail => xml::STS,
            Self::Iam => xml::IAM,
            Self::CloudWatch => xml::CLOUDWATCH,
        }
    }

    /// The name in credential scopes and audit records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kms => "kms",
            Self::Sts => "sts",
            Self::Iam => "iam",
            Self::CloudTrail => "cloudtrail",
            Self::CloudWatch => "monitoring",
        }
    }
}

/// What an operation does, as the audit sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditClass {
    /// Reads metadata.
    Read,
    /// Uses a key.
    Cryptographic,
    /// Changes state: its record is committed with the change.
    Mutation,
}

impl AuditClass {
    /// CloudTrail's readOnly.
    pub fn is_read_only(self) -> bool {
        match self {
            Self::Read | Self::Cryptographic => true,
            Self::Mutation => false,
        }
    }
}

/// On what an operation's permission is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// Nothing: the caller needs no permission.
    Nothing,
    /// The account: identity policies only.
    Account,
    /// One key, which may be another account's.
    Key,
    /// One key of the caller's account.
    OwnKey,
    /// One key, and the account.
    KeyAndAccount,
    /// The key that a ciphertext names.
    CiphertextKey,
    /// Two keys, which may be other accounts'.
    TwoKeys,
    /// Two keys of the caller's account.
    TwoOwnKeys,
    /// An alias, and the key or keys it names before and after.
    AliasAndKeys,
    /// A grant, which itself says who may.
    Grant,
    /// A user, group, role or managed policy: identity policies only.
    Entity,
    /// A trail: identity policies only.
    Trail,
    /// A role to be assumed, which may be another account's.
    Role,
    /// A role to be assumed by whoever has a token for it: requests are not signed.
    RoleForToken,
}

impl ResourceKind {
    /// Whether its keys may be other accounts': KMS Developer Guide, "Allowing users in other accounts to use a KMS
    /// key".
    pub(crate) fn reaches_other_accounts(self) -> bool {
        match self {
            Self::Key | Self::CiphertextKey | Self::TwoKeys | Self::Grant => true,
            Self::Nothing
            | Self::Account
            | Self::OwnKey
            | Self::TwoOwnKeys
            | Self::KeyAndAccount
            | Self::AliasAndKeys
            | Self::Entity
            | Self::Trail
            | Self::Role
            | Self::RoleForToken => false,
        }
    }
}

/// An operation: its types, what it needs permission for, what it does.
pub trait Operation: Sized + Send + Sync + 'static {
    /// The request.
    type Input: Shape + Send + Sync;
    /// The reply.
    type Output: Shape;

    /// What the input names.
    fn targets(input: &Self::Input) -> Vec<Target<'_>>;

    /// The condition keys that the input has for the target at `index`; keys of caller, request and resource are
    /// known without.
    fn condition_keys<'i>(_input: &'i Self::Input, _index: usize, _keys: &mut Keys<'i>) {}

    /// Refuses input that no key or caller could make valid, before anything is looked up.
    fn check(_: &Self::Input) -> Result<(), Refusal> {
        Ok(())
    }

    /// Does it. Key state comes first, then usage and algorithm, then cryptography.
    fn run(
        request: Authorized<'_, Self>,
    ) -> impl Future<Output = Result<Self::Output, Failure>> + Send;
}

/// What [`Op::carry_out`] returns: the body of the reply.
pub type Reply<'r> = Pin<Box<dyn Future<Output = Result<Vec<u8>, Failure>> + Send + 'r>>;

/// A row of the table.
pub struct Op {
    /// The name, as clients send it.
    pub name: &'static str,
    /// The service it belongs to.
    pub service: Service,
    /// The actions a caller needs, in the order of the resources.
    pub actions: &'static [&'static str],
    /// On what they are needed.
    pub resource: ResourceKind,
    /// What the audit makes of it.
    pub audit: AuditClass,
    /// Decodes, authorizes and runs it.
    pub carry_out: for<'r> fn(&'r Call<'r>) -> Reply<'r>,
}

impl Op {
    /// CloudTrail's readOnly. STS's sessions of users are told as changes, unlike those of roles.
    pub fn is_read_only(&self) -> bool {
        match (self.service, self.name) {
            (Service::Sts, "GetFederationToken" | "GetSessionToken") => false,
            _ => self.audit.is_read_only(),
        }
    }
}

/// The operation that a client means.
pub fn find(service: Service, name: &str) -> Option<&'static Op> {
    OPS.iter()
        .find(|op| op.service == service && op.name == name)
}

fn json<'r, O: Operation>(call: &'r Call<'r>) -> Reply<'r> {
    Box::pin(async move {
        let Input::Json(input) = &call.input else {
            return Err(Refusal::bare(KmsException::Serialization).into());
        };
        let decoded: O::Input = shape::decode_json(input).map_err(|error| error.json())?;
        call.note_parameters(told::parameters(O::Input::MODEL, input));
        Ok(shape::encode(&carry_out::<O>(call, &decoded).await?))
    })
}

fn query<'r, O: Operation>(call: &'r Call<'r>) -> Reply<'r> {
    Box::pin(async move {
        let Input::Form(form) = &call.input else {
            return Err(Refusal::bare(QueryException::MalformedInput).into());
        };
        let input = to_json(form, O::Input::MODEL)?;
        let decoded: O::Input = shape::decode_json(&input).map_err(|error| error.query())?;
        call.note_parameters(told::parameters(O::Input::MODEL, &input));
        let output = carry_out::<O>(call, &decoded).await?;
        let service = call.op.service.xml();
        Ok(xml::reply(service, call.op.name, &output, call.request_id).into())
    })
}

/// Of CloudWatch, whose clients speak three protocols.
fn each_protocol<'r, O: Operation>(call: &'r Call<'r>) -> Reply<'r> {
    Box::pin(async move {
        let of_form;
        let input = match &call.input {
            Input::Json(input) | Input::Cbor(input) => input,
            Input::Form(form) => {
                of_form = to_json(form, O::Input::MODEL)?;
                &of_form
            }
        };
        let decoded: O::Input = shape::decode_json(input).map_err(|error| error.cloudwatch())?;
        call.note_parameters(told::parameters(O::Input::MODEL, input));
        let output = carry_out::<O>(call, &decoded).await?;
        Ok(match &call.input {
            Input::Json(_) => shape::encode(&output),
            Input::Cbor(_) => cbor::encode(&output),
            Input::Form(_) => {
                let service = call.op.service.xml();
                xml::reply(service, call.op.name, &output, call.request_id).into()
            }
        })
    })
}

async fn carry_out<O: Operation>(call: &Call<'_>, input: &O::Input) -> Result<O::Output, Failure> {
    O::check(input)?;
    let targets = O::targets(input);
    managed_keys::ensure(call, &targets).await?;
    let mut turn = None;
    let mut cause = Cause::Contention;
    for _ in 0..ATTEMPTS_MAX {
        call.begin_attempt();
        // Everything is looked up and decided again: what the decision rested on may have changed.
        match O::run(authorize::<O>(call, input, &targets)?).await {
            Ok(output) => return Ok(output),
            Err(Failure::Conflict) => cause = Cause::Contention,
            Err(Failure::Stale(error)) => {
                cause = Cause::KeyProcess(error);
                continue;
            }
            Err(other) => return Err(other),
        }
        // Those who conflicted go on one after another, so that each has only newcomers to fear.
        if let (None, Some(key)) = (&turn, call.first_key_id()) {
            turn = call.kms.key_turns.take(&key).await;
        }
    }
    Err(Failure::Internal(cause))
}

macro_rules! ops {
    ($($service:ident $name:literal $carry_out:expr, $resource:ident [$($action:literal),*], $audit:ident;)*) => {
        /// Every operation.
        pub static OPS: &[Op] = &[$(Op {
            name: $name,
            service: Service::$service,
            actions: &[$($action),*],
            resource: ResourceKind::$resource,
            audit: AuditClass::$audit,
            carry_out: $carry_out,
        }),*];
    };
}

ops! {
    CloudTrail "AddTags" json::<cloudtrail::tags::AddTags>, Trail ["cloudtrail:AddTags"], Mutation;
    CloudTrail "CreateTrail" json::<cloudtrail::trails::CreateTrail>, Trail ["cloudtrail:CreateTrail", "cloudtrail:AddTags"], Mutation;
    CloudTrail "DeleteTrail" json::<cloudtrail::trails::DeleteTrail>, Trail ["cloudtrail:DeleteTrail"], Mutation;
    CloudTrail "DescribeTrails" json::<cloudtrail::lists::DescribeTrails>, Account ["cloudtrail:DescribeTrails"], Read;
    CloudTrail "GetEventSelectors" json::<cloudtrail::selectors::GetEventSelectors>, Trail ["cloudtrail:GetEventSelectors"], Read;
    CloudTrail "GetTrail" json::<cloudtrail::lists::GetTrail>, Trail ["cloudtrail:GetTrail"], Read;
    CloudTrail "GetTrailStatus" json::<cloudtrail::logging::GetTrailStatus>, Trail ["cloudtrail:GetTrailStatus"], Read;
    CloudTrail "ListPublicKeys" json::<cloudtrail::public_keys::ListPublicKeys>, Account ["cloudtrail:ListPublicKeys"], Read;
    CloudTrail "ListTags" json::<cloudtrail::tags::ListTags>, Trail ["cloudtrail:ListTags"], Read;
    CloudTrail "ListTrails" json::<cloudtrail::lists::ListTrails>, Account ["cloudtrail:ListTrails"], Read;
    CloudTrail "LookupEvents" cloudtrail::events::lookup_events, Account ["cloudtrail:LookupEvents"], Read;
    CloudTrail "PutEventSelectors" json::<cloudtrail::selectors::PutEventSelectors>, Trail ["cloudtrail:PutEventSelectors"], Mutation;
    CloudTrail "RemoveTags" json::<cloudtrail::tags::RemoveTags>, Trail ["cloudtrail:RemoveTags"], Mutation;
    CloudTrail "StartLogging" json::<cloudtrail::logging::StartLogging>, Trail ["cloudtrail:StartLogging"], Mutation;
    CloudTrail "StopLogging" json::<cloudtrail::logging::StopLogging>, Trail ["cloudtrail:StopLogging"], Mutation;
    CloudTrail "UpdateTrail" json::<cloudtrail::trails::UpdateTrail>, Trail ["cloudtrail:UpdateTrail"], Mutation;
    Iam "AddUserToGroup" query::<iam::groups::AddUserToGroup>, Entity ["iam:AddUserToGroup"], Mutation;
    Iam "AttachGroupPolicy" query::<iam::attachments::AttachPolicy<iam_wire::AttachGroupPolicyRequest>>, Entity ["iam:AttachGroupPolicy"], Mutation;
    Iam "AttachRolePolicy" query::<iam::attachments::AttachPolicy<iam_wire::AttachRolePolicyRequest>>, Entity ["iam:AttachRolePolicy"], Mutation;
    Iam "AttachUserPolicy" query::<iam::attachments::AttachPolicy<iam_wire::AttachUserPolicyRequest>>, Entity ["iam:AttachUserPolicy"], Mutation;
    Iam "CreateAccessKey" query::<iam::access_keys::CreateAccessKey>, Entity ["iam:CreateAccessKey"], Mutation;
    Iam "CreateGroup" query::<iam::groups::CreateGroup>, Entity ["iam:CreateGroup"], Mutation;
    Iam "CreatePolicy" query::<iam::managed_policies::CreatePolicy>, Entity ["iam:CreatePolicy", "iam:TagPolicy"], Mutation;
    Iam "CreatePolicyVersion" query::<iam::managed_policies::CreatePolicyVersion>, Entity ["iam:CreatePolicyVersion"], Mutation;
    Iam "CreateRole" query::<iam::roles::CreateRole>, Entity ["iam:CreateRole", "iam:TagRole"], Mutation;
    Iam "CreateUser" query::<iam::users::CreateUser>, Entity ["iam:CreateUser", "iam:TagUser"], Mutation;
    Iam "DeleteAccessKey" query::<iam::access_keys::DeleteAccessKey>, Entity ["iam:DeleteAccessKey"], Mutation;
    Iam "DeleteGroup" query::<iam::groups::DeleteGroup>, Entity ["iam:DeleteGroup"], Mutation;
    Iam "DeleteGroupPolicy" query::<iam::inline_policies::DeletePolicy<iam_wire::DeleteGroupPolicyRequest>>, Entity ["iam:DeleteGroupPolicy"], Mutation;
    Iam "DeletePolicy" query::<iam::managed_policies::DeletePolicy>, Entity ["iam:DeletePolicy"], Mutation;
    Iam "DeletePolicyVersion" query::<iam::managed_policies::DeletePolicyVersion>, Entity ["iam:DeletePolicyVersion"], Mutation;
    Iam "DeleteRole" query::<iam::roles::DeleteRole>, Entity ["iam:DeleteRole"], Mutation;
    Iam "DeleteRolePermissionsBoundary" query::<iam::attachments::DeleteBoundary<iam_wire::DeleteRolePermissionsBoundaryRequest>>, Entity ["iam:DeleteRolePermissionsBoundary"], Mutation;
    Iam "DeleteRolePolicy" query::<iam::inline_policies::DeletePolicy<iam_wire::DeleteRolePolicyRequest>>, Entity ["iam:DeleteRolePolicy"], Mutation;
    Iam "DeleteUser" query::<iam::users::DeleteUser>, Entity ["iam:DeleteUser"], Mutation;
    Iam "DeleteUserPermissionsBoundary" query::<iam::attachments::DeleteBoundary<iam_wire::DeleteUserPermissionsBoundaryRequest>>, Entity ["iam:DeleteUserPermissionsBoundary"], Mutation;
    Iam "DeleteUserPolicy" query::<iam::inline_policies::DeletePolicy<iam_wire::DeleteUserPolicyRequest>>, Entity ["iam:DeleteUserPolicy"], Mutation;
    Iam "DetachGroupPolicy" query::<iam::attachments::DetachPolicy<iam_wire::DetachGroupPolicyRequest>>, Entity ["iam:DetachGroupPolicy"], Mutation;
    Iam "DetachRolePolicy" query::<iam::attachments::DetachPolicy<iam_wire::DetachRolePolicyRequest>>, Entity ["iam:DetachRolePolicy"], Mutation;
    Iam "DetachUserPolicy" query::<iam::attachments::DetachPolicy<iam_wire::DetachUserPolicyRequest>>, Entity ["iam:DetachUserPolicy"], Mutation;
    Iam "GetAccessKeyLastUsed" query::<iam::access_keys::GetAccessKeyLastUsed>, Entity ["iam:GetAccessKeyLastUsed"], Read;
    Iam "GetAccountAuthorizationDetails" query::<iam::account::GetAccountAuthorizationDetails>, Account ["iam:GetAccountAuthorizationDetails"], Read;
    Iam "GetAccountSummary" query::<iam::account::GetAccountSummary>, Account ["iam:GetAccountSummary"], Read;
    Iam "GetContextKeysForCustomPolicy" query::<iam::simulation::GetContextKeysForCustomPolicy>, Account ["iam:GetContextKeysForCustomPolicy"], Read;
    Iam "GetContextKeysForPrincipalPolicy" query::<iam::simulation::GetContextKeysForPrincipalPolicy>, Entity ["iam:GetContextKeysForPrincipalPolicy"], Read;
    Iam "GetGroup" query::<iam::groups::GetGroup>, Entity ["iam:GetGroup"], Read;
    Iam "GetGroupPolicy" query::<iam::inline_policies::GetPolicy<iam_wire::GetGroupPolicyRequest>>, Entity ["iam:GetGroupPolicy"], Read;
    Iam "GetPolicy" query::<iam::managed_policies::GetPolicy>, Entity ["iam:GetPolicy"], Read;
    Iam "GetPolicyVersion" query::<iam::managed_policies::GetPolicyVersion>, Entity ["iam:GetPolicyVersion"], Read;
    Iam "GetRole" query::<iam::roles::GetRole>, Entity ["iam:GetRole"], Read;
    Iam "GetRolePolicy" query::<iam::inline_policies::GetPolicy<iam_wire::GetRolePolicyRequest>>, Entity ["iam:GetRolePolicy"], Read;
    Iam "GetUser" query::<iam::users::GetUser>, Entity ["iam:GetUser"], Read;
    Iam "GetUserPolicy" query::<iam::inline_policies::GetPolicy<iam_wire::GetUserPolicyRequest>>, Entity ["iam:GetUserPolicy"], Read;
    Iam "ListAccessKeys" query::<iam::access_keys::ListAccessKeys>, Entity ["iam:ListAccessKeys"], Read;
    Iam "ListAttachedGroupPolicies" query::<iam::attachments::ListAttachedPolicies<iam_wire::ListAttachedGroupPoliciesRequest>>, Entity ["iam:ListAttachedGroupPolicies"], Read;
    Iam "ListAttachedRolePolicies" query::<iam::attachments::ListAttachedPolicies<iam_wire::ListAttachedRolePoliciesRequest>>, Entity ["iam:ListAttachedRolePolicies"], Read;
    Iam "ListAttachedUserPolicies" query::<iam::attachments::ListAttachedPolicies<iam_wire::ListAttachedUserPoliciesRequest>>, Entity ["iam:ListAttachedUserPolicies"], Read;
    Iam "ListEntitiesForPolicy" query::<iam::managed_policies::ListEntitiesForPolicy>, Entity ["iam:ListEntitiesForPolicy"], Read;
    Iam "ListGroupPolicies" query::<iam::inline_policies::ListPolicies<iam_wire::ListGroupPoliciesRequest>>, Entity ["iam:ListGroupPolicies"], Read;
    Iam "ListGroups" query::<iam::groups::ListGroups>, Entity ["iam:ListGroups"], Read;
    Iam "ListGroupsForUser" query::<iam::users::ListGroupsForUser>, Entity ["iam:ListGroupsForUser"], Read;
    Iam "ListPolicies" query::<iam::managed_policies::ListPolicies>, Account ["iam:ListPolicies"], Read;
    Iam "ListPolicyTags" query::<iam::tags::ListTags<iam_wire::ListPolicyTagsRequest>>, Entity ["iam:ListPolicyTags"], Read;
    Iam "ListPolicyVersions" query::<iam::managed_policies::ListPolicyVersions>, Entity ["iam:ListPolicyVersions"], Read;
    Iam "ListRolePolicies" query::<iam::inline_policies::ListPolicies<iam_wire::ListRolePoliciesRequest>>, Entity ["iam:ListRolePolicies"], Read;
    Iam "ListRoleTags" query::<iam::tags::ListTags<iam_wire::ListRoleTagsRequest>>, Entity ["iam:ListRoleTags"], Read;
    Iam "ListRoles" query::<iam::roles::ListRoles>, Entity ["iam:ListRoles"], Read;
    Iam "ListUserPolicies" query::<iam::inline_policies::ListPolicies<iam_wire::ListUserPoliciesRequest>>, Entity ["iam:ListUserPolicies"], Read;
    Iam "ListUserTags" query::<iam::tags::ListTags<iam_wire::ListUserTagsRequest>>, Entity ["iam:ListUserTags"], Read;
    Iam "ListUsers" query::<iam::users::ListUsers>, Entity ["iam:ListUsers"], Read;
    Iam "PutGroupPolicy" query::<iam::inline_policies::PutPolicy<iam_wire::PutGroupPolicyRequest>>, Entity ["iam:PutGroupPolicy"], Mutation;
    Iam "PutRolePermissionsBoundary" query::<iam::attachments::PutBoundary<iam_wire::PutRolePermissionsBoundaryRequest>>, Entity ["iam:PutRolePermissionsBoundary"], Mutation;
    Iam "PutRolePolicy" query::<iam::inline_policies::PutPolicy<iam_wire::PutRolePolicyRequest>>, Entity ["iam:PutRolePolicy"], Mutation;
    Iam "PutUserPermissionsBoundary" query::<iam::attachments::PutBoundary<iam_wire::PutUserPermissionsBoundaryRequest>>, Entity ["iam:PutUserPermissionsBoundary"], Mutation;
    Iam "PutUserPolicy" query::<iam::inline_policies::PutPolicy<iam_wire::PutUserPolicyRequest>>, Entity ["iam:PutUserPolicy"], Mutation;
    Iam "RemoveUserFromGroup" query::<iam::groups::RemoveUserFromGroup>, Entity ["iam:RemoveUserFromGroup"], Mutation;
    Iam "SetDefaultPolicyVersion" query::<iam::managed_policies::SetDefaultPolicyVersion>, Entity ["iam:SetDefaultPolicyVersion"], Mutation;
    Iam "SimulateCustomPolicy" query::<iam::simulation::SimulateCustomPolicy>, Account ["iam:SimulateCustomPolicy"], Read;
    Iam "SimulatePrincipalPolicy" query::<iam::simulation::SimulatePrincipalPolicy>, Entity ["iam:SimulatePrincipalPolicy"], Read;
    Iam "TagPolicy" query::<iam::tags::AddTags<iam_wire::TagPolicyRequest>>, Entity ["iam:TagPolicy"], Mutation;
    Iam "TagRole" query::<iam::tags::AddTags<iam_wire::TagRoleRequest>>, Entity ["iam:TagRole"], Mutation;
    Iam "TagUser" query::<iam::tags::AddTags<iam_wire::TagUserRequest>>, Entity ["iam:TagUser"], Mutation;
    Iam "UntagPolicy" query::<iam::tags::RemoveTags<iam_wire::UntagPolicyRequest>>, Entity ["iam:UntagPolicy"], Mutation;
    Iam "UntagRole" query::<iam::tags::RemoveTags<iam_wire::UntagRoleRequest>>, Entity ["iam:UntagRole"], Mutation;
    Iam "UntagUser" query::<iam::tags::RemoveTags<iam_wire::UntagUserRequest>>, Entity ["iam:UntagUser"], Mutation;
    Iam "UpdateAccessKey" query::<iam::access_keys::UpdateAccessKey>, Entity ["iam:UpdateAccessKey"], Mutation;
    Iam "UpdateAssumeRolePolicy" query::<iam::roles::UpdateAssumeRolePolicy>, Entity ["iam:UpdateAssumeRolePolicy"], Mutation;
    Iam "UpdateGroup" query::<iam::groups::UpdateGroup>, Entity ["iam:UpdateGroup"], Mutation;
    Iam "UpdateRole" query::<iam::roles::UpdateRole>, Entity ["iam:UpdateRole"], Mutation;
    Iam "UpdateRoleDescription" query::<iam::roles::UpdateRoleDescription>, Entity ["iam:UpdateRoleDescription"], Mutation;
    Iam "UpdateUser" query::<iam::users::UpdateUser>, Entity ["iam:UpdateUser"], Mutation;
    Kms "CancelKeyDeletion" json::<deletion::CancelKeyDeletion>, OwnKey ["kms:CancelKeyDeletion"], Mutation;
    Kms "ConnectCustomKeyStore" json::<CustomKeyStores<wire::ConnectCustomKeyStoreRequest>>, Account ["kms:ConnectCustomKeyStore"], Mutation;
    Kms "CreateAlias" json::<aliases::CreateAlias>, AliasAndKeys ["kms:CreateAlias"], Mutation;
    Kms "CreateCustomKeyStore" json::<CustomKeyStores<wire::CreateCustomKeyStoreRequest>>, Account ["kms:CreateCustomKeyStore"], Mutation;
    Kms "CreateGrant" json::<grants::CreateGrant>, Key ["kms:CreateGrant"], Mutation;
    Kms "CreateKey" json::<keys::CreateKey>, Account ["kms:CreateKey", "kms:TagResource"], Mutation;
    Kms "Decapsulate" json::<agreement::Decapsulate>, Key ["kms:Decapsulate"], Cryptographic;
    Kms "Decrypt" json::<encryption::Decrypt>, CiphertextKey ["kms:Decrypt"], Cryptographic;
    Kms "DeleteAlias" json::<aliases::DeleteAlias>, AliasAndKeys ["kms:DeleteAlias"], Mutation;
    Kms "DeleteCustomKeyStore" json::<CustomKeyStores<wire::DeleteCustomKeyStoreRequest>>, Account ["kms:DeleteCustomKeyStore"], Mutation;
    Kms "DeleteImportedKeyMaterial" json::<imports::DeleteImportedKeyMaterial>, OwnKey ["kms:DeleteImportedKeyMaterial"], Mutation;
    Kms "DeriveSharedSecret" json::<agreement::DeriveSharedSecret>, Key ["kms:DeriveSharedSecret"], Cryptographic;
    Kms "DescribeCustomKeyStores" json::<CustomKeyStores<wire::DescribeCustomKeyStoresRequest>>, Account ["kms:DescribeCustomKeyStores"], Read;
    Kms "DescribeKey" json::<keys::DescribeKey>, Key ["kms:DescribeKey"], Read;
    Kms "DisableKey" json::<state::DisableKey>, OwnKey ["kms:DisableKey"], Mutation;
    Kms "DisableKeyRotation" json::<rotation::DisableKeyRotation>, OwnKey ["kms:DisableKeyRotation"], Mutation;
    Kms "DisconnectCustomKeyStore" json::<CustomKeyStores<wire::DisconnectCustomKeyStoreRequest>>, Account ["kms:DisconnectCustomKeyStore"], Mutation;
    Kms "EnableKey" json::<state::EnableKey>, OwnKey ["kms:EnableKey"], Mutation;
    Kms "EnableKeyRotation" json::<rotation::EnableKeyRotation>, OwnKey ["kms:EnableKeyRotation"], Mutation;
    Kms "Encapsulate" json::<agreement::Encapsulate>, Key ["kms:Encapsulate"], Cryptographic;
    Kms "Encrypt" json::<encryption::Encrypt>, Key ["kms:Encrypt"], Cryptographic;
    Kms "GenerateDataKey" json::<data_keys::GenerateDataKey>, Key ["kms:GenerateDataKey"], Cryptographic;
    Kms "GenerateDataKeyPair" json::<data_keys::GenerateDataKeyPair>, Key ["kms:GenerateDataKeyPair"], Cryptographic;
    Kms "GenerateDataKeyPairWithoutPlaintext" json::<data_keys::GenerateDataKeyPairWithoutPlaintext>, Key ["kms:GenerateDataKeyPairWithoutPlaintext"], Cryptographic;
    Kms "GenerateDataKeyWithoutPlaintext" json::<data_keys::GenerateDataKeyWithoutPlaintext>, Key ["kms:GenerateDataKeyWithoutPlaintext"], Cryptographic;
    Kms "GenerateMac" json::<macs::GenerateMac>, Key ["kms:GenerateMac"], Cryptographic;
    Kms "GenerateRandom" json::<random::GenerateRandom>, Account ["kms:GenerateRandom"], Cryptographic;
    Kms "GetKeyLastUsage" json::<usage::GetKeyLastUsage>, OwnKey ["kms:GetKeyLastUsage"], Read;
    Kms "GetKeyPolicy" json::<policies::GetKeyPolicy>, OwnKey ["kms:GetKeyPolicy"], Read;
    Kms "GetKeyRotationStatus" json::<rotation::GetKeyRotationStatus>, Key ["kms:GetKeyRotationStatus"], Read;
    Kms "GetParametersForImport" json::<imports::GetParametersForImport>, OwnKey ["kms:GetParametersForImport"], Read;
    Kms "GetPublicKey" json::<public_keys::GetPublicKey>, Key ["kms:GetPublicKey"], Read;
    Kms "ImportKeyMaterial" json::<imports::ImportKeyMaterial>, OwnKey ["kms:ImportKeyMaterial"], Mutation;
    Kms "ListAliases" json::<aliases::ListAliases>, Account ["kms:ListAliases"], Read;
    Kms "ListGrants" json::<grants::ListGrants>, Key ["kms:ListGrants"], Read;
    Kms "ListKeyPolicies" json::<policies::ListKeyPolicies>, OwnKey ["kms:ListKeyPolicies"], Read;
    Kms "ListKeyRotations" json::<rotation::ListKeyRotations>, OwnKey ["kms:ListKeyRotations"], Read;
    Kms "ListKeys" json::<keys::ListKeys>, Account ["kms:ListKeys"], Read;
    Kms "ListResourceTags" json::<tags::ListResourceTags>, OwnKey ["kms:ListResourceTags"], Read;
    Kms "ListRetirableGrants" json::<grants::ListRetirableGrants>, Account ["kms:ListRetirableGrants"], Read;
    Kms "PutKeyPolicy" json::<policies::PutKeyPolicy>, OwnKey ["kms:PutKeyPolicy"], Mutation;
    Kms "ReEncrypt" json::<encryption::ReEncrypt>, TwoKeys ["kms:ReEncryptFrom", "kms:ReEncryptTo"], Cryptographic;
    Kms "ReplicateKey" json::<multi_region::ReplicateKey>, KeyAndAccount ["kms:ReplicateKey", "kms:CreateKey", "kms:TagResource"], Mutation;
    Kms "RetireGrant" json::<grants::RetireGrant>, Grant ["kms:RetireGrant"], Mutation;
    Kms "RevokeGrant" json::<grants::RevokeGrant>, Key ["kms:RevokeGrant"], Mutation;
    Kms "RotateKeyOnDemand" json::<rotation::RotateKeyOnDemand>, OwnKey ["kms:RotateKeyOnDemand"], Mutation;
    Kms "ScheduleKeyDeletion" json::<deletion::ScheduleKeyDeletion>, OwnKey ["kms:ScheduleKeyDeletion"], Mutation;
    Kms "Sign" json::<signing::Sign>, Key ["kms:Sign"], Cryptographic;
    Kms "TagResource" json::<tags::TagResource>, OwnKey ["kms:TagResource"], Mutation;
    Kms "UntagResource" json::<tags::UntagResource>, OwnKey ["kms:UntagResource"], Mutation;
    Kms "UpdateAlias" json::<aliases::UpdateAlias>, AliasAndKeys ["kms:UpdateAlias"], Mutation;
    Kms "UpdateCustomKeyStore" json::<CustomKeyStores<wire::UpdateCustomKeyStoreRequest>>, Account ["kms:UpdateCustomKeyStore"], Mutation;
    Kms "UpdateKeyDescription" json::<keys::UpdateKeyDescription>, OwnKey ["kms:UpdateKeyDescription"], Mutation;
    Kms "UpdatePrimaryRegion" json::<multi_region::UpdatePrimaryRegion>, TwoOwnKeys ["kms:UpdatePrimaryRegion"], Mutation;
    Kms "Verify" json::<signing::Verify>, Key ["kms:Verify"], Cryptographic;
    Kms "VerifyMac" json::<macs::VerifyMac>, Key ["kms:VerifyMac"], Cryptographic;
    CloudWatch "GetMetricData" each_protocol::<cloudwatch::GetMetricData>, Account ["cloudwatch:GetMetricData"], Read;
    CloudWatch "GetMetricStatistics" each_protocol::<cloudwatch::GetMetricStatistics>, Account ["cloudwatch:GetMetricStatistics"], Read;
    CloudWatch "ListMetrics" each_protocol::<cloudwatch::ListMetrics>, Account ["cloudwatch:ListMetrics"], Read;
    Sts "AssumeRole" query::<sts::AssumeRole>, Role ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], Read;
    Sts "AssumeRoleWithWebIdentity" query::<sts::AssumeRoleWithWebIdentity>, RoleForToken ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"], Read;
    Sts "GetAccessKeyInfo" query::<sts::GetAccessKeyInfo>, Account ["sts:GetAccessKeyInfo"], Read;
    Sts "GetCallerIdentity" query::<sts::GetCallerIdentity>, Nothing [], Read;
    Sts "GetFederationToken" query::<sts::GetFederationToken>, Entity ["sts:GetFederationToken", "sts:TagSession"], Read;
    Sts "GetSessionToken" query::<sts::GetSessionToken>, Nothing [], Read;
}

#[cfg(test)]
mod tests;
