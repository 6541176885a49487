//! Versions of managed policies. The default version counts at once for everybody that the policy speaks of; it is
//! never deleted before its policy.

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::iam::{
    BooleanType, CreatePolicyVersionRequest, CreatePolicyVersionResponse,
    DeletePolicyVersionRequest, GetPolicyVersionRequest, GetPolicyVersionResponse,
    ListPolicyVersionsRequest, ListPolicyVersionsResponse, PolicyVersion, PolicyVersionIdType,
    SetDefaultPolicyVersionRequest,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text;

use super::{AWS_POLICIES_CREATED, change, check_document, date, named, target};
use crate::authorize::{Authorized, Target};
use crate::failure::{Failure, refuse_with};
use crate::iam::{AwsManagedPolicy, Managed};
use crate::ops::Operation;
use crate::ops::iam::{delete_conflict, documents, pages};
use crate::records::{ManagedPolicyRecord, Millis, PolicyVersionRecord};
use crate::told;

/// IAM User Guide, "IAM and AWS STS quotas": versions of a managed policy.
pub(in crate::ops::iam) const MAX: usize = 5;
/// The version that policies of AWS have here.
pub(super) const OF_AWS: u32 = 1;

/// The id of the version with this number.
pub(super) fn version_id(number: u32) -> PolicyVersionIdType {
    format!("v{number}").into()
}

/// The number of the version with this id; `None` for an id that IAM gave to none.
fn number_of(id: &str) -> Option<u32> {
    id.strip_prefix('v')?.parse().ok()
}

/// Every version of a policy with its document, newest first.
pub(in crate::ops::iam) fn all_shown(record: &ManagedPolicyRecord) -> Vec<PolicyVersion> {
    let newest_first = record.versions.iter().rev();
    let shown = |version| with_document(record, version);
    newest_first.map(shown).collect()
}

/// The only version of a policy of AWS.
pub(in crate::ops::iam) fn shown_of_aws(policy: &AwsManagedPolicy) -> PolicyVersion {
    PolicyVersion {
        document: Some(documents::shown(policy.document).into()),
        version_id: Some(version_id(OF_AWS)),
        is_default_version: Some(BooleanType(true)),
        create_date: Some(date(AWS_POLICIES_CREATED)),
    }
}

/// IAM API, PolicyVersion: only some operations show the document.
fn shown(policy: &ManagedPolicyRecord, version: &PolicyVersionRecord) -> PolicyVersion {
    PolicyVersion {
        document: None,
        version_id: Some(version_id(version.number)),
        is_default_version: Some(BooleanType(version.number == policy.default_version)),
        create_date: Some(date(version.created)),
    }
}

fn with_document(policy: &ManagedPolicyRecord, version: &PolicyVersionRecord) -> PolicyVersion {
    PolicyVersion {
        document: Some(documents::shown(&version.document).into()),
        ..shown(policy, version)
    }
}

fn absent(arn: &str, id: &PolicyVersionIdType) -> Failure {
    let text = text::iam::no_such_policy_version(arn, id.as_str());
    refuse_with(QueryException::NoSuchEntity, text)
}

/// Where in the record the version with this id is.
fn position(record: &ManagedPolicyRecord, id: &PolicyVersionIdType) -> Option<usize> {
    let number = number_of(id.as_str())?;
    let mut versions = record.versions.iter();
    versions.position(|version| version.number == number)
}

/// IAM API, CreatePolicyVersion.
pub(in crate::ops) struct CreatePolicyVersion;

impl Operation for CreatePolicyVersion {
    type Input = CreatePolicyVersionRequest;
    type Output = CreatePolicyVersionResponse;

    fn check(input: &CreatePolicyVersionRequest) -> Result<(), Refusal> {
        check_document(&input.policy_document)
    }

    fn targets(input: &CreatePolicyVersionRequest) -> Vec<Target<'_>> {
        target(&input.policy_arn)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreatePolicyVersionResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let now = request.env().clock.now().into();
        let add = |record: &mut ManagedPolicyRecord| {
            let version = add_version(record, input.policy_document.as_str(), now)?;
            if input.set_as_default.is_some_and(|as_default| as_default.0) {
                record.default_version = version.number;
            }
            let answer = CreatePolicyVersionResponse {
                policy_version: Some(shown(record, &version)),
            };
            call.note_response(told::output(&answer));
            Ok(answer)
        };
        change(request, &input.policy_arn, add).await
    }
}

fn add_version(
    record: &mut ManagedPolicyRecord,
    document: &str,
    now: Millis,
) -> Result<PolicyVersionRecord, Failure> {
    if record.versions.len() >= MAX {
        let text = text::iam::too_many_versions(MAX);
        return Err(refuse_with(QueryException::LimitExceeded, text));
    }
    // Numbers are never used twice, and nobody makes four billion versions.
    record.last_version = record.last_version.saturating_add(1);
    record.updated = now;
    let version = PolicyVersionRecord {
        number: record.last_version,
        created: now,
        document: document.to_owned(),
    };
    record.versions.push(version.clone());
    Ok(version)
}

/// IAM API, GetPolicyVersion.
pub(in crate::ops) struct GetPolicyVersion;

impl Operation for GetPolicyVersion {
    type Input = GetPolicyVersionRequest;
    type Output = GetPolicyVersionResponse;

    fn targets(input: &GetPolicyVersionRequest) -> Vec<Target<'_>> {
        target(&input.policy_arn)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetPolicyVersionResponse, Failure> {
        let input = request.input();
        let found = match named(&request, &input.policy_arn)? {
            Managed::Customer(policy) => {
                let record = &policy.record;
                let version = position(record, &input.version_id);
                let version = version.and_then(|position| record.versions.get(position));
                version.map(|version| with_document(record, version))
            }
            Managed::Aws(policy) => {
                let is_it = number_of(input.version_id.as_str()) == Some(OF_AWS);
                is_it.then(|| shown_of_aws(policy))
            }
        };
        let absent = || absent(input.policy_arn.as_str(), &input.version_id);
        Ok(GetPolicyVersionResponse {
            policy_version: Some(found.ok_or_else(absent)?),
        })
    }
}

/// IAM API, ListPolicyVersions: newest first.
pub(in crate::ops) struct ListPolicyVersions;

impl Operation for ListPolicyVersions {
    type Input = ListPolicyVersionsRequest;
    type Output = ListPolicyVersionsResponse;

    fn targets(input: &ListPolicyVersionsRequest) -> Vec<Target<'_>> {
        target(&input.policy_arn)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListPolicyVersionsResponse, Failure> {
        let input = request.input();
        let all = match named(&request, &input.policy_arn)? {
            Managed::Customer(policy) => all_shown(&policy.record),
            Managed::Aws(policy) => vec![shown_of_aws(policy)],
        };
        let page = pages::of_list(input, all, newest_first)?;
        Ok(page.answer::<ListPolicyVersionsRequest>(|versions| {
            let versions = versions.into_iter();
            let without = |version| PolicyVersion {
                document: None,
                ..version
            };
            versions.map(without).collect()
        }))
    }
}

/// What sorts newer versions before older ones.
fn newest_first(version: &PolicyVersion) -> String {
    let id = version.version_id.as_ref();
    let number = id.and_then(|id| number_of(id.as_str()));
    format!("{:010}", u32::MAX - number.unwrap_or_default())
}

/// IAM API, SetDefaultPolicyVersion.
pub(in crate::ops) struct SetDefaultPolicyVersion;

impl Operation for SetDefaultPolicyVersion {
    type Input = SetDefaultPolicyVersionRequest;
    type Output = NoOutput;

    fn targets(input: &SetDefaultPolicyVersionRequest) -> Vec<Target<'_>> {
        target(&input.policy_arn)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let input = request.input();
        let now = request.env().clock.now().into();
        let absent = || absent(input.policy_arn.as_str(), &input.version_id);
        let set = |record: &mut ManagedPolicyRecord| {
            let position = position(record, &input.version_id);
            let version = position.and_then(|position| record.versions.get(position));
            record.default_version = version.ok_or_else(absent)?.number;
            record.updated = now;
            Ok(())
        };
        change(request, &input.policy_arn, set).await?;
        Ok(NoOutput)
    }
}

/// IAM API, DeletePolicyVersion.
pub(in crate::ops) struct DeletePolicyVersion;

impl Operation for DeletePolicyVersion {
    type Input = DeletePolicyVersionRequest;
    type Output = NoOutput;

    fn targets(input: &DeletePolicyVersionRequest) -> Vec<Target<'_>> {
        target(&input.policy_arn)
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let input = request.input();
        let now = request.env().clock.now().into();
        let absent = || absent(input.policy_arn.as_str(), &input.version_id);
        let delete = |record: &mut ManagedPolicyRecord| {
            let position = position(record, &input.version_id).ok_or_else(absent)?;
            let is_default = number_of(input.version_id.as_str()) == Some(record.default_version);
            if is_default {
                return Err(delete_conflict(text::iam::IS_DEFAULT_VERSION));
            }
            record.versions.remove(position);
            record.updated = now;
            Ok(())
        };
        change(request, &input.policy_arn, delete).await?;
        Ok(NoOutput)
    }
}
