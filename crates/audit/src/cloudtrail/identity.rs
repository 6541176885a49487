//! userIdentity: who called, as the recipient may know it (CloudTrail User Guide, "CloudTrail userIdentity element").

use serde::Serialize;

use super::body::{INTERNAL, event_time};
use super::{Event, account_of, last_part, some_text};
use crate::record::{Identity, IdentityKind, Issuer, Session};

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserIdentity<'e> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_provider: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'e str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    session_issuer: Option<SessionIssuer<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_id_federation_data: Option<WebIdFederationData<'e>>,
    attributes: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<&'e str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer<'e> {
    #[serde(rename = "type")]
    kind: &'static str,
    principal_id: &'e str,
    arn: &'e str,
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'e str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WebIdFederationData<'e> {
    federated_provider: &'e str,
    attributes: NoAttributes,
}

/// What a provider tells of whom it vouches for; none of it is kept.
#[derive(Serialize)]
struct NoAttributes {}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    creation_date: String,
    mfa_authenticated: &'static str,
}

impl Event<'_> {
    pub(super) fn user_identity(&self) -> UserIdentity<'_> {
        let identity = &self.record.identity;
        match identity.kind {
            IdentityKind::Internal => UserIdentity {
                account_id: Some(self.record.account.as_str()),
                invoked_by: Some(INTERNAL),
                ..UserIdentity::default()
            },
            IdentityKind::AwsService => UserIdentity {
                kind: Some("AWSService"),
                invoked_by: some_text(&identity.arn),
                ..UserIdentity::default()
            },
            IdentityKind::WebIdentityUser => UserIdentity {
                kind: Some("WebIdentityUser"),
                principal_id: some_text(&identity.arn),
                user_name: some_text(&identity.principal_id),
                identity_provider: provider(&identity.arn),
                ..UserIdentity::default()
            },
            _ if self.is_of_owner() => UserIdentity {
                kind: Some("AWSAccount"),
                principal_id: some_text(&identity.principal_id),
                account_id: Some(self.record.account.as_str()),
                invoked_by: self.invoked_by(),
                ..UserIdentity::default()
            },
            _ => self.own_identity(identity),
        }
    }

    /// Whoever called with credentials, as the own account knows it.
    fn own_identity<'e>(&'e self, identity: &'e Identity) -> UserIdentity<'e> {
        let name = last_part(&identity.arn);
        UserIdentity {
            kind: Some(kind(identity.kind)),
            principal_id: some_text(&identity.principal_id),
            arn: some_text(&identity.arn),
            account_id: Some(self.record.account.as_str()),
            access_key_id: some_text(&identity.access_key_id),
            user_name: name.filter(|_| identity.kind == IdentityKind::IamUser),
            session_context: identity.session.as_ref().map(|s| context(s, identity)),
            identity_provider: None,
            invoked_by: self.invoked_by(),
        }
    }
}

fn kind(kind: IdentityKind) -> &'static str {
    match kind {
        IdentityKind::Root => "Root",
        IdentityKind::IamUser => "IAMUser",
        IdentityKind::AssumedRole => "AssumedRole",
        IdentityKind::FederatedUser => "FederatedUser",
        IdentityKind::WebIdentityUser => "WebIdentityUser",
        IdentityKind::AwsService => "AWSService",
        IdentityKind::Internal => "Unknown",
    }
}

fn context<'e>(session: &'e Session, identity: &'e Identity) -> SessionContext<'e> {
    let role = session.role.as_deref();
    let user = session.federated_by.as_ref();
    let provider = session.provider.as_deref();
    SessionContext {
        session_issuer: (role.map(|role| of_role(role, identity)))
            .or_else(|| user.map(of_federated_user)),
        web_id_federation_data: provider.map(|provider| WebIdFederationData {
            federated_provider: provider,
            attributes: NoAttributes {},
        }),
        attributes: Attributes {
            creation_date: event_time(session.created),
            mfa_authenticated: if session.mfa { "true" } else { "false" },
        },
        source_identity: session.source_identity.as_deref(),
    }
}

fn of_role<'e>(role: &'e str, identity: &'e Identity) -> SessionIssuer<'e> {
    // aws:userid of a role's session is the role's id, a colon and the session's name.
    let id = identity.principal_id.split(':').next().unwrap_or_default();
    SessionIssuer {
        kind: "Role",
        principal_id: id,
        arn: role,
        account_id: account_of(role).map(|account| account.to_string()),
        user_name: last_part(role),
    }
}

fn of_federated_user(issuer: &Issuer) -> SessionIssuer<'_> {
    let is_root = issuer.arn.ends_with(":root");
    SessionIssuer {
        kind: if is_root { "Root" } else { "IAMUser" },
        principal_id: &issuer.principal_id,
        arn: &issuer.arn,
        account_id: account_of(&issuer.arn).map(|account| account.to_string()),
        user_name: last_part(&issuer.arn).filter(|_| !is_root),
    }
}

/// The ARN of the provider that `PROVIDER:audience:subject` begins with.
fn provider(principal: &str) -> Option<&str> {
    let (end, _) = principal.match_indices(':').nth(5)?;
    principal.get(..end)
}
