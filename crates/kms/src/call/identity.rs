//! Who called, as the audit tells it. Nothing here decides anything.

use strongroom_audit::{Identity as Told, IdentityKind, Issuer, Session};

use super::Call;
use crate::iam::{Caller, Identity, User, root_arn, user_arn};
use crate::oidc::WebIdentity;
use crate::records::SessionRecord;

impl Call<'_> {
    /// Who called, as the audit tells it: CloudTrail User Guide, userIdentity.
    pub(super) fn told_identity(&self) -> Told {
        let caller = &self.caller;
        if let Some(who) = self.web_identity.get() {
            return self.told_by_token(who);
        }
        Told {
            kind: kind(&caller.identity),
            principal_id: caller.user_id.clone(),
            arn: caller.arn.clone(),
            access_key_id: caller.access_key_id.clone(),
            session: session(caller),
        }
    }

    /// Whom a token vouches for: the subject, and `PROVIDER:audience:subject`.
    fn told_by_token(&self, who: &WebIdentity) -> Told {
        let provider = who.provider_arn(self.region.partition(), &self.caller.account);
        Told {
            kind: IdentityKind::WebIdentityUser,
            principal_id: who.subject.clone(),
            arn: format!("{provider}:{}:{}", who.audience, who.subject),
            access_key_id: String::new(),
            session: None,
        }
    }
}

fn kind(identity: &Identity) -> IdentityKind {
    match identity {
        Identity::Root => IdentityKind::Root,
        Identity::User(_) => IdentityKind::IamUser,
        Identity::Role(..) => IdentityKind::AssumedRole,
        Identity::FederatedUser(_) => IdentityKind::FederatedUser,
        Identity::Service => IdentityKind::AwsService,
        Identity::Web(_) => IdentityKind::WebIdentityUser,
    }
}

fn session(caller: &Caller) -> Option<Session> {
    let record: &SessionRecord = &caller.session.as_deref()?.record;
    let (role, federated_by) = match &caller.identity {
        Identity::Role(_, arn) => (Some(arn.clone()), None),
        Identity::FederatedUser(user) => (None, Some(issuer(caller, user.as_deref()))),
        Identity::Root | Identity::User(_) | Identity::Service | Identity::Web(_) => (None, None),
    };
    Some(Session {
        created: record.issued.into(),
        // No second factors are known here.
        mfa: false,
        role,
        federated_by,
        source_identity: record.source_identity.clone(),
        provider: record.provider.clone(),
    })
}

/// Whose federated user `caller` is: of `user`, or of the root.
fn issuer(caller: &Caller, user: Option<&User>) -> Issuer {
    match user {
        Some(User { record, .. }) => Issuer {
            principal_id: record.entity.id.clone(),
            arn: user_arn(caller.partition(), &record.entity),
        },
        None => Issuer {
            principal_id: caller.account.to_string(),
            arn: root_arn(caller.partition(), &caller.account),
        },
    }
}

#[cfg(test)]
mod tests;
