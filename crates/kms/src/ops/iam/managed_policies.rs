//! Managed policies: those of the account, and those that every account has, which nobody changes. What is in
//! use is never deleted.

use std::str::FromStr;

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::iam::{
    ArnType, AttachmentCountType, BooleanType, CreatePolicyRequest, CreatePolicyResponse, DateType,
    DeletePolicyRequest, GetPolicyRequest, GetPolicyResponse, Policy, PolicyDocumentType,
    PolicyPathType,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;
use strongroom_policy::{Arn, Grammar};

use super::policy_use::{AwsPolicyUses, PolicyUse};
use super::{delete_conflict, deleted, documents, in_turn, new_entity, require_within_quota, tags};
use crate::authorize::{Authorized, Entity, Keys, Target};
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::iam::{AwsManagedPolicy, Managed, managed_with_arn, policy_arn};
use crate::ops::Operation;
use crate::records::{ManagedPolicyRecord, Millis, PolicyVersionRecord};
use crate::repository::{Changes, EntityName, Stored};
use crate::told;

pub(in crate::ops) use lists::{ListEntitiesForPolicy, ListPolicies};
pub(in crate::ops) use versions::{
    CreatePolicyVersion, DeletePolicyVersion, GetPolicyVersion, ListPolicyVersions,
    SetDefaultPolicyVersion,
};
pub(super) use versions::{
    MAX as VERSIONS_MAX, all_shown as shown_versions, shown_of_aws as shown_version_of_aws,
};

mod lists;
mod versions;

/// IAM User Guide, "IAM and AWS STS quotas": characters of a managed policy, white space not counted.
pub(super) const CHARACTERS_MAX: usize = 6_144;

/// When the policies of AWS came into being, as AWS states it: 2015-02-06T18:39:46Z.
const AWS_POLICIES_CREATED: Millis = Millis(1_423_247_986_000);

/// The policy that the call names. Errors: InvalidInput for what is no ARN, NoSuchEntity.
pub(super) fn named<O: Operation>(
    request: &Authorized<'_, O>,
    arn: &ArnType,
) -> Result<Managed, Failure> {
    with_arn(request.call(), arn.as_str(), text::iam::no_such_policy)
}

/// The policy that `arn` means. Errors: InvalidInput for what is no ARN, NoSuchEntity with the text of `absent`.
pub(super) fn with_arn(
    call: &Call<'_>,
    arn: &str,
    absent: fn(&str) -> String,
) -> Result<Managed, Failure> {
    if Arn::from_str(arn).is_err() {
        return Err(refuse_with(
            QueryException::InvalidInput,
            text::iam::INVALID_ARN,
        ));
    }
    let found = managed_with_arn(&call.kms.records, &call.caller, arn)?;
    found.ok_or_else(|| refuse_with(QueryException::NoSuchEntity, absent(arn)))
}

/// The policy of the caller's account that the call is to change. Errors: NoSuchEntity, and AccessDenied for the
/// policies of AWS, which only AWS changes.
fn own<O: Operation>(
    request: &Authorized<'_, O>,
    arn: &ArnType,
) -> Result<Stored<ManagedPolicyRecord>, Failure> {
    match named(request, arn)? {
        Managed::Customer(policy) => Ok(Stored {
            version: policy.version,
            record: policy.record.clone(),
        }),
        Managed::Aws(_) => {
            let actions = request.call().op.actions;
            let action = actions.first().copied().unwrap_or_default();
            let text = text::denied_by_resource(&request.caller().arn, action, arn.as_str());
            Err(refuse_with(QueryException::AccessDenied, text))
        }
    }
}

/// Changes a policy of the caller's account, and answers what `change` does.
async fn change<O: Operation, T>(
    request: Authorized<'_, O>,
    arn: &ArnType,
    change: impl FnOnce(&mut ManagedPolicyRecord) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let (_turn, request) = in_turn(request).await?;
    let policy = own(&request, arn)?;
    let mut record = policy.record.clone();
    let answer = change(&mut record)?;
    let changes = Changes::default().replace_entity(policy.version, &record);
    request.commit(changes).await?;
    Ok(answer)
}

fn target(arn: &ArnType) -> Vec<Target<'_>> {
    vec![Target::Entity(Entity::Arn(arn.as_str()))]
}

/// A policy of the account as it is shown in lists.
pub(super) fn shown(record: &ManagedPolicyRecord, partition: &str) -> Policy {
    let entity = &record.entity;
    let used = PolicyUse::of_own(record);
    Policy {
        policy_name: Some(entity.name.as_str().into()),
        policy_id: Some(entity.id.as_str().into()),
        arn: Some(policy_arn(partition, entity).into()),
        path: Some(entity.path.as_str().into()),
        default_version_id: Some(versions::version_id(record.default_version)),
        attachment_count: Some(count(used.attachments)),
        permissions_boundary_usage_count: Some(count(used.boundaries)),
        is_attachable: Some(BooleanType(true)),
        description: None,
        create_date: Some(date(entity.created)),
        update_date: Some(date(record.updated)),
        tags: None,
    }
}

/// A policy of the account with its description.
pub(super) fn described(record: &ManagedPolicyRecord, partition: &str) -> Policy {
    let description = record.description.as_str();
    Policy {
        description: (!description.is_empty()).then(|| description.into()),
        ..shown(record, partition)
    }
}

/// A policy of AWS as it is shown in lists.
pub(super) fn shown_of_aws(policy: &AwsManagedPolicy, partition: &str, used: PolicyUse) -> Policy {
    Policy {
        policy_name: Some(policy.name.into()),
        policy_id: Some(policy.id.into()),
        arn: Some(policy.arn(partition).into()),
        path: Some("/".into()),
        default_version_id: Some(versions::version_id(versions::OF_AWS)),
        attachment_count: Some(count(used.attachments)),
        permissions_boundary_usage_count: Some(count(used.boundaries)),
        is_attachable: Some(BooleanType(true)),
        description: None,
        create_date: Some(date(AWS_POLICIES_CREATED)),
        update_date: Some(date(AWS_POLICIES_CREATED)),
        tags: None,
    }
}

/// A number of users.
pub(super) fn count(number: u32) -> AttachmentCountType {
    AttachmentCountType(i32::try_from(number).unwrap_or(i32::MAX))
}

/// A time of a record.
pub(super) fn date(time: Millis) -> DateType {
    DateType(time.into())
}

/// Refuses a document that no managed policy may have. Errors: MalformedPolicyDocument, LimitExceeded.
fn check_document(document: &PolicyDocumentType) -> Result<(), Refusal> {
    let document = document.as_str();
    documents::read(document, Grammar::Identity)?;
    documents::require_size(document, "PolicySize", CHARACTERS_MAX)
}

/// IAM API, CreatePolicy.
pub(in crate::ops) struct CreatePolicy;

impl Operation for CreatePolicy {
    type Input = CreatePolicyRequest;
    type Output = CreatePolicyResponse;

    fn check(input: &CreatePolicyRequest) -> Result<(), Refusal> {
        check_document(&input.policy_document)?;
        tags::check(input.tags.as_ref())
    }

    fn targets(input: &CreatePolicyRequest) -> Vec<Target<'_>> {
        let path = input.path.as_ref().map_or("/", PolicyPathType::as_str);
        let policy = Entity::New("policy", path, input.policy_name.as_str());
        tags::targets_of_new(policy, input.tags.as_ref())
    }

    fn condition_keys<'i>(input: &'i CreatePolicyRequest, _: usize, keys: &mut Keys<'i>) {
        tags::condition_keys(input.tags.as_ref(), keys);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreatePolicyResponse, Failure> {
        let input = request.input();
        let (_turn, request) = in_turn(request).await?;
        require_room(request.call(), input.policy_name.as_str())?;
        let record = new_policy(request.call(), input);
        let changes = Changes::default().create_entity(&record);
        let answer = CreatePolicyResponse {
            policy: Some(Policy {
                tags: tags::shown(&record.tags),
                ..shown(&record, request.caller().partition())
            }),
        };
        request.call().note_response(told::output(&answer));
        request.commit(changes).await?;
        Ok(answer)
    }
}

/// Errors: EntityAlreadyExists, LimitExceeded.
fn require_room(call: &Call<'_>, name: &str) -> Result<(), Failure> {
    let place = EntityName::new(call.caller.account, name);
    if call.kms.records.managed_policy(&place)?.is_some() {
        let text = text::iam::policy_exists(name);
        return Err(refuse_with(QueryException::EntityAlreadyExists, text));
    }
    require_within_quota::<ManagedPolicyRecord>(call)
}

fn new_policy(call: &Call<'_>, input: &CreatePolicyRequest) -> ManagedPolicyRecord {
    let path = input.path.as_ref().map(|path| path.as_str().into());
    let name = input.policy_name.as_str();
    let entity = new_entity::<ManagedPolicyRecord>(call, name, path.as_ref());
    let (created, description) = (entity.created, input.description.as_ref());
    ManagedPolicyRecord {
        entity,
        tags: tags::records(input.tags.as_ref()),
        description: description.map_or_else(String::new, |text| text.as_str().to_owned()),
        updated: created,
        versions: vec![PolicyVersionRecord {
            number: 1,
            created,
            document: input.policy_document.as_str().to_owned(),
        }],
        default_version: 1,
        last_version: 1,
        attachments: 0,
        boundaries: 0,
    }
}

/// IAM API, GetPolicy.
pub(in crate::ops) struct GetPolicy;

impl Operation for GetPolicy {
    type Input = GetPolicyRequest;
    type Output = GetPolicyResponse;

    fn targets(input: &GetPolicyRequest) -> Vec<Target<'_>> {
        target(&input.policy_arn)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetPolicyResponse, Failure> {
        let partition = request.caller().partition();
        let policy = match named(&request, &request.input().policy_arn)? {
            Managed::Customer(policy) => {
                let record = &policy.record;
                Policy {
                    tags: tags::shown(&record.tags),
                    ..described(record, partition)
                }
            }
            Managed::Aws(policy) => Policy {
                description: Some(policy.description.into()),
                ..shown_of_aws(
                    policy,
                    partition,
                    AwsPolicyUses::read(request.call())?.of(policy.name),
                )
            },
        };
        Ok(GetPolicyResponse {
            policy: Some(policy),
        })
    }
}

/// IAM API, DeletePolicy: what is in use stays, and its other versions go first.
pub(in crate::ops) struct DeletePolicy;

impl Operation for DeletePolicy {
    type Input = DeletePolicyRequest;
    type Output = NoOutput;

    fn targets(input: &DeletePolicyRequest) -> Vec<Target<'_>> {
        target(&input.policy_arn)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let policy = own(&request, &request.input().policy_arn)?;
        if PolicyUse::of_own(&policy.record).is_any(None) {
            return Err(delete_conflict(text::iam::IS_ATTACHED));
        }
        if policy.record.versions.len() > 1 {
            return Err(delete_conflict(text::iam::HAS_VERSIONS));
        }
        let changes = deleted(request.call(), Changes::default(), &policy)?;
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

#[cfg(test)]
mod tests;
