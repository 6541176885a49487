//! What a decision is about: who asks for what, on whose resource, under which policies.

use strongroom_base::id::AccountId;

use crate::compiled::CompiledPolicy;
use crate::context::Context;

/// Who makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller<'c> {
    /// The account the caller belongs to; of no meaning for services and web identities.
    pub account: AccountId,
    /// The caller's ARN, as aws sts get-caller-identity shows it; of no meaning for services and web identities.
    pub arn: &'c str,
    /// What the caller is.
    pub kind: CallerKind<'c>,
}

/// What a caller is, and the names by which policies know it besides its ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind<'c> {
    /// The root of the account.
    Root,
    /// An IAM user, also under GetSessionToken.
    User {
        /// The unique id, `AIDA…`.
        id: &'c str,
    },
    /// A session of a role.
    RoleSession {
        /// The ARN of the role, with its path.
        role_arn: &'c str,
        /// The unique id of the role, `AROA…`.
        role_id: &'c str,
        /// The unique id of the session, `AROA…:name`.
        session_id: &'c str,
    },
    /// A session of GetFederationToken.
    FederatedUser,
    /// An AWS service.
    Service {
        /// Its name, `s3.amazonaws.com`.
        principal: &'c str,
    },
    /// Somebody an identity provider vouches for, as trust policies meet it. No principal but the provider
    /// names it, not even `*`.
    WebIdentity {
        /// The provider, by host or by the ARN of its record.
        provider: &'c str,
    },
}

impl CallerKind<'_> {
    /// Whether only resource policies and grants speak of the caller: it has no account's policies.
    pub(crate) fn is_outside_accounts(&self) -> bool {
        matches!(self, Self::Service { .. } | Self::WebIdentity { .. })
    }
}

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource<'r> {
    /// The ARN; `None` for actions that have no resource.
    pub arn: Option<&'r str>,
    /// The account that owns it, or that the action is on.
    pub owner: AccountId,
}

/// The policy of the resource, and how it combines with the caller's own.
#[derive(Clone, Copy, Debug)]
pub enum ResourcePolicy<'p> {
    /// There is none: actions on the account, IAM.
    None,
    /// Nobody has access but through it: key policies, trust policies.
    Sole(&'p CompiledPolicy),
    /// It grants beside identity policies: other services, in simulations.
    Beside(&'p CompiledPolicy),
}

impl<'p> ResourcePolicy<'p> {
    /// The policy, if there is one.
    pub fn policy(self) -> Option<&'p CompiledPolicy> {
        match self {
            Self::None => None,
            Self::Sole(policy) | Self::Beside(policy) => Some(policy),
        }
    }
}

/// How closely a resource policy or a grant names the caller; the later, the closer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Word {
    /// The caller's account.
    Account,
    /// The role of the caller's session.
    Role,
    /// The caller itself, or everyone.
    Direct,
}

/// A grant whose operations and constraints fit the request and whose grantee is the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantMatch {
    /// How closely the grantee names the caller.
    pub speaks: Word,
    /// The account of the principal that issued the grant.
    pub issuer: AccountId,
}

/// One request and everything that bears on it.
#[derive(Clone, Copy)]
pub struct Case<'c> {
    /// The action, `kms:Encrypt`.
    pub action: &'c str,
    /// What it is on.
    pub resource: Resource<'c>,
    /// Who asks.
    pub caller: &'c Caller<'c>,
    /// The condition keys.
    pub context: &'c dyn Context,
    /// The account's guardrails, each of which must allow.
    pub guardrails: &'c [&'c CompiledPolicy],
    /// The policy of the resource.
    pub resource_policy: ResourcePolicy<'c>,
    /// The caller's identity policies.
    pub identity: &'c [&'c CompiledPolicy],
    /// The caller's permissions boundary.
    pub boundary: Option<&'c CompiledPolicy>,
    /// The session's policies; `None` when the session has no limits of its own, empty when nothing passes them.
    pub session: Option<&'c [&'c CompiledPolicy]>,
    /// The grants that fit, in the order they are to be tried.
    pub grants: &'c [GrantMatch],
}
