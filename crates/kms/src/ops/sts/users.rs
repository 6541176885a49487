//! Sessions of users and of accounts' roots, and those of federated users. None of them may do more than who
//! asked for it.

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::sts::{
    DurationSecondsType, FederatedUser, GetFederationTokenRequest, GetFederationTokenResponse,
    GetSessionTokenRequest, GetSessionTokenResponse, NonNegativeIntegerType,
};
use strongroom_aws::text::sts as text;

use super::super::Operation;
use super::sessions::{self, NewSession};
use super::tags::{self, SessionTags};
use super::{limits, require_long_term};
use crate::authorize::{Authorized, Entity, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::iam::{Caller, Identity, federated_user_arn};
use crate::records::SessionOf;

/// How long a session lasts when nobody says (STS API, GetSessionToken and GetFederationToken).
const SECONDS_DEFAULT: i32 = 43_200;
/// The longest session of a root, and of a federated user of one; longer ones are shortened.
const ROOT_SECONDS_MAX: i32 = 3600;

/// STS API, GetSessionToken: needs no permission.
pub(in crate::ops) struct GetSessionToken;

impl Operation for GetSessionToken {
    type Input = GetSessionTokenRequest;
    type Output = GetSessionTokenResponse;

    fn targets(_: &GetSessionTokenRequest) -> Vec<Target<'_>> {
        Vec::new()
    }

    fn check(input: &GetSessionTokenRequest) -> Result<(), Refusal> {
        super::refuse_second_factor(input.serial_number.as_ref(), input.token_code.as_ref())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetSessionTokenResponse, Failure> {
        let caller = request.caller();
        require_long_term(caller, "GetSessionToken")?;
        let of = match &caller.identity {
            Identity::Root => SessionOf::Root(caller.account),
            Identity::User(user) => SessionOf::User(user.record.entity.id.clone()),
            _ => return Err(session_credentials("GetSessionToken")),
        };
        let session = NewSession {
            account: caller.account,
            of,
            name: String::new(),
            seconds: seconds(caller, request.input().duration_seconds),
            limits: None,
            tags: SessionTags::default(),
            source_identity: None,
            provider: None,
        };
        let credentials = sessions::begin(request.kms(), session).await?;
        let mut answer = GetSessionTokenResponse {
            ..GetSessionTokenResponse::default()
        };
        sessions::note(request.call(), &credentials, &answer);
        answer.credentials = Some(credentials);
        Ok(answer)
    }
}

/// STS API, GetFederationToken.
pub(in crate::ops) struct GetFederationToken;

impl Operation for GetFederationToken {
    type Input = GetFederationTokenRequest;
    type Output = GetFederationTokenResponse;

    fn targets(input: &GetFederationTokenRequest) -> Vec<Target<'_>> {
        let user = || Target::Entity(Entity::FederatedUser(input.name.as_str()));
        match asked_tags(input).pairs().next() {
            // The second is for the tags, as the row in OPS says.
            Some(_) => vec![user(), user()],
            None => vec![user()],
        }
    }

    fn condition_keys<'i>(input: &'i GetFederationTokenRequest, _: usize, keys: &mut Keys<'i>) {
        keys.request_tag_texts(asked_tags(input).pairs());
    }

    fn check(input: &GetFederationTokenRequest) -> Result<(), Refusal> {
        asked_tags(input).check()?;
        asked_limits(input).check()
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetFederationTokenResponse, Failure> {
        let (kms, caller, input) = (request.kms(), request.caller(), request.input());
        require_long_term(caller, "GetFederationToken")?;
        let of = match &caller.identity {
            Identity::Root => SessionOf::FederatedByRoot(caller.account),
            Identity::User(user) => SessionOf::FederatedByUser(user.record.entity.id.clone()),
            _ => return Err(session_credentials("GetFederationToken")),
        };
        let tags = asked_tags(input).inheriting(caller)?;
        let limits = asked_limits(input);
        let packed = limits.packed_size(&tags.tags)?;
        let (partition, name) = (caller.partition(), input.name.as_str());
        let session = NewSession {
            account: caller.account,
            of,
            name: name.to_owned(),
            seconds: seconds(caller, input.duration_seconds),
            // Without session policies nothing passes them.
            limits: Some(limits.resolve(&kms.records, partition, &caller.account)?),
            tags,
            source_identity: None,
            provider: None,
        };
        let credentials = sessions::begin(kms, session).await?;
        let mut answer = GetFederationTokenResponse {
            federated_user: Some(FederatedUser {
                federated_user_id: format!("{}:{name}", caller.account).into(),
                arn: federated_user_arn(partition, &caller.account, name).into(),
            }),
            packed_policy_size: packed.map(NonNegativeIntegerType),
            ..GetFederationTokenResponse::default()
        };
        sessions::note(request.call(), &credentials, &answer);
        answer.credentials = Some(credentials);
        Ok(answer)
    }
}

fn asked_tags(input: &GetFederationTokenRequest) -> tags::Asked<'_> {
    tags::Asked {
        tags: input.tags.as_ref(),
        transitive: None,
    }
}

fn asked_limits(input: &GetFederationTokenRequest) -> limits::Asked<'_> {
    limits::Asked {
        policy: input.policy.as_ref().map(|policy| policy.as_str()),
        arns: input.policy_arns.as_ref(),
    }
}

fn seconds(caller: &Caller, asked: Option<DurationSecondsType>) -> i64 {
    let seconds = asked.map_or(SECONDS_DEFAULT, |DurationSecondsType(seconds)| seconds);
    i64::from(match caller.identity {
        Identity::Root => seconds.min(ROOT_SECONDS_MAX),
        _ => seconds,
    })
}

fn session_credentials(operation: &str) -> Failure {
    let text = text::session_credentials(operation);
    refuse_with(QueryException::AccessDenied, text)
}
