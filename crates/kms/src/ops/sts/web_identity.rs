//! Sessions of roles for those whom an identity provider vouches for. Requests are not signed: the token is all.

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::sts::{
    AssumeRoleWithWebIdentityRequest, AssumeRoleWithWebIdentityResponse, NonNegativeIntegerType,
};
use strongroom_aws::text::sts as text;

use super::super::Operation;
use super::sessions::{self, NewSession};
use super::{limits, roles, tags};
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse};
use crate::oidc::WebIdentity;

/// STS API, AssumeRoleWithWebIdentity.
pub(in crate::ops) struct AssumeRoleWithWebIdentity;

impl Operation for AssumeRoleWithWebIdentity {
    type Input = AssumeRoleWithWebIdentityRequest;
    type Output = AssumeRoleWithWebIdentityResponse;

    fn targets(input: &AssumeRoleWithWebIdentityRequest) -> Vec<Target<'_>> {
        vec![Target::RoleForToken {
            arn: input.role_arn.as_str(),
            token: input.web_identity_token.0.expose(),
        }]
    }

    fn condition_keys<'i>(
        input: &'i AssumeRoleWithWebIdentityRequest,
        _: usize,
        keys: &mut Keys<'i>,
    ) {
        keys.one("sts:rolesessionname", input.role_session_name.as_str());
    }

    fn check(input: &AssumeRoleWithWebIdentityRequest) -> Result<(), Refusal> {
        // ProviderId is for OAuth 2.0 access tokens, which no provider here issues.
        if let Some(provider) = &input.provider_id {
            let text = text::unknown_identity_provider(provider.as_str());
            return Err(Refusal::new(QueryException::InvalidIdentityToken, text));
        }
        asked_limits(input).check()
    }

    async fn run(
        request: Authorized<'_, Self>,
    ) -> Result<AssumeRoleWithWebIdentityResponse, Failure> {
        let (kms, call, input) = (request.kms(), request.call(), request.input());
        let (role, partition) = (request.role()?, call.region.partition());
        let who = call.web_identity.get();
        let who = who.ok_or_else(|| refuse(QueryException::InvalidIdentityToken))?;
        let seconds = roles::seconds(role, &call.caller, input.duration_seconds)?;
        let asked_tags = asked_tags(who);
        asked_tags.check()?;
        let tags = asked_tags.inheriting(&call.caller)?;
        let (limits, account) = (asked_limits(input), role.record.entity.account);
        let packed = limits.packed_size(&tags.tags)?;
        let limits = limits.resolve(&kms.records, partition, &account)?;
        let name = input.role_session_name.as_str();
        let source = who.source_identity.as_ref();
        let session = NewSession {
            source_identity: source.map(|source| source.as_str().to_owned()),
            provider: Some(who.provider_arn(partition, &account)),
            ..NewSession::of_role(role, name, seconds, limits, tags)
        };
        let credentials = sessions::begin(kms, session).await?;
        let mut answer = AssumeRoleWithWebIdentityResponse {
            subject_from_web_identity_token: Some(who.subject.as_str().into()),
            assumed_role_user: Some(roles::assumed(role, partition, name)),
            packed_policy_size: packed.map(NonNegativeIntegerType),
            provider: Some(who.issuer.as_str().into()),
            audience: Some(who.audience.as_str().into()),
            source_identity: source.cloned(),
            ..AssumeRoleWithWebIdentityResponse::default()
        };
        sessions::note(call, &credentials, &answer);
        answer.credentials = Some(credentials);
        Ok(answer)
    }
}

fn asked_tags(who: &WebIdentity) -> tags::Asked<'_> {
    tags::Asked {
        tags: who.tags.as_ref(),
        transitive: who.transitive.as_ref(),
    }
}

fn asked_limits(input: &AssumeRoleWithWebIdentityRequest) -> limits::Asked<'_> {
    limits::Asked {
        policy: input.policy.as_ref().map(|policy| policy.as_str()),
        arns: input.policy_arns.as_ref(),
    }
}
