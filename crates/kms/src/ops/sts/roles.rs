//! Sessions of roles. Whoever gets one has been let in by the role's trust policy.

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::sts::{
    AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser, NonNegativeIntegerType,
    RoleDurationSecondsType,
};
use strongroom_aws::text::sts as text;

use super::super::Operation;
use super::limits;
use super::sessions::{self, NewSession};
use super::tags;
use crate::authorize::{Authorized, Keys, Target};
use crate::failure::{Failure, refuse_with};
use crate::iam::{Caller, Identity, Role, session_arn};

/// How long a session of a role lasts when nobody says (STS API, AssumeRole).
const SECONDS_DEFAULT: i32 = 3600;
/// The longest session that a session of a role may begin (IAM User Guide, "Roles terms and concepts").
const CHAINED_SECONDS_MAX: i32 = 3600;

/// STS API, AssumeRole.
pub(in crate::ops) struct AssumeRole;

impl Operation for AssumeRole {
    type Input = AssumeRoleRequest;
    type Output = AssumeRoleResponse;

    fn targets(input: &AssumeRoleRequest) -> Vec<Target<'_>> {
        vec![Target::Role(input.role_arn.as_str())]
    }

    fn condition_keys<'i>(input: &'i AssumeRoleRequest, _: usize, keys: &mut Keys<'i>) {
        let external = input.external_id.as_ref().map(|id| id.as_str());
        keys.maybe("sts:externalid", external);
        keys.one("sts:rolesessionname", input.role_session_name.as_str());
        let source = input.source_identity.as_ref().map(|source| source.as_str());
        keys.maybe("sts:sourceidentity", source);
        let tags = asked_tags(input);
        if input.transitive_tag_keys.is_some() {
            let transitive = tags.transitive().map(Into::into);
            keys.many("sts:transitivetagkeys", transitive.collect());
        }
        keys.request_tag_texts(tags.pairs());
    }

    fn check(input: &AssumeRoleRequest) -> Result<(), Refusal> {
        let source = input.source_identity.as_ref();
        if source.is_some_and(|source| source.as_str().to_ascii_lowercase().starts_with("aws:")) {
            let text = text::RESERVED_SOURCE_IDENTITY;
            return Err(Refusal::new(QueryException::Validation, text));
        }
        asked_tags(input).check()?;
        asked_limits(input).check()?;
        refuse_contexts(input)?;
        super::refuse_second_factor(input.serial_number.as_ref(), input.token_code.as_ref())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<AssumeRoleResponse, Failure> {
        let (kms, caller, input) = (request.kms(), request.caller(), request.input());
        let role = request.role()?;
        let seconds = seconds(role, caller, input.duration_seconds)?;
        let tags = asked_tags(input).inheriting(caller)?;
        let source_identity = source_identity(input, caller)?;
        let (limits, account) = (asked_limits(input), role.record.entity.account);
        let packed = limits.packed_size(&tags.tags)?;
        let limits = limits.resolve(&kms.records, caller.partition(), &account)?;
        let name = input.role_session_name.as_str();
        let session = NewSession {
            source_identity: source_identity.clone(),
            ..NewSession::of_role(role, name, seconds, limits, tags)
        };
        let credentials = sessions::begin(kms, session).await?;
        let mut answer = AssumeRoleResponse {
            assumed_role_user: Some(assumed(role, caller.partition(), name)),
            packed_policy_size: packed.map(NonNegativeIntegerType),
            source_identity: source_identity.map(Into::into),
            ..AssumeRoleResponse::default()
        };
        sessions::note(request.call(), &credentials, &answer);
        answer.credentials = Some(credentials);
        Ok(answer)
    }
}

fn asked_tags(input: &AssumeRoleRequest) -> tags::Asked<'_> {
    tags::Asked {
        tags: input.tags.as_ref(),
        transitive: input.transitive_tag_keys.as_ref(),
    }
}

fn asked_limits(input: &AssumeRoleRequest) -> limits::Asked<'_> {
    limits::Asked {
        policy: input.policy.as_ref().map(|policy| policy.as_str()),
        arns: input.policy_arns.as_ref(),
    }
}

/// Contexts are vouched for by services of AWS that do not exist here.
fn refuse_contexts(input: &AssumeRoleRequest) -> Result<(), Refusal> {
    let mut contexts = input.provided_contexts.iter().flat_map(|all| &all.0);
    let Some(context) = contexts.next() else {
        return Ok(());
    };
    let provider = context.provider_arn.as_ref();
    let text = text::unknown_context_provider(provider.map(|arn| arn.as_str()).unwrap_or_default());
    Err(Refusal::new(QueryException::Validation, text))
}

/// How long the session may last. Errors: ValidationError.
pub(super) fn seconds(
    role: &Role,
    caller: &Caller,
    asked: Option<RoleDurationSecondsType>,
) -> Result<i64, Failure> {
    let seconds = asked.map_or(SECONDS_DEFAULT, |RoleDurationSecondsType(seconds)| seconds);
    let too_long = |text: &str| Err(refuse_with(QueryException::Validation, text));
    if i64::from(seconds) > i64::from(role.record.session_seconds_max) {
        return too_long(text::DURATION_EXCEEDS_ROLE);
    }
    if matches!(caller.identity, Identity::Role(..)) && seconds > CHAINED_SECONDS_MAX {
        return too_long(text::DURATION_EXCEEDS_CHAINING);
    }
    Ok(i64::from(seconds))
}

/// IAM User Guide, "Monitor and control actions taken with assumed roles": once set, it stays. Errors:
/// AccessDenied for another one than the caller's session has.
fn source_identity(input: &AssumeRoleRequest, caller: &Caller) -> Result<Option<String>, Failure> {
    let asked = input.source_identity.as_ref().map(|source| source.as_str());
    let inherited = caller.source_identity();
    if let (Some(asked), Some(inherited)) = (asked, inherited)
        && asked != inherited
    {
        let action = "sts:SetSourceIdentity";
        let text = text::denied_role(&caller.arn, action, input.role_arn.as_str());
        return Err(refuse_with(QueryException::AccessDenied, text));
    }
    Ok(inherited.or(asked).map(str::to_owned))
}

/// The session of a role as answers show it.
pub(super) fn assumed(role: &Role, partition: &str, session: &str) -> AssumedRoleUser {
    let entity = &role.record.entity;
    AssumedRoleUser {
        assumed_role_id: format!("{}:{session}", entity.id).into(),
        arn: session_arn(partition, entity, session).into(),
    }
}
