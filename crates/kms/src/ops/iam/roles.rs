//! Roles, and who may assume them. A trust policy names those who exist when it is written, by unique id: who is
//! made later under such a name is somebody else.

use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::iam::{
    CreateRoleRequest, CreateRoleResponse, DeleteRoleRequest, GetRoleRequest, GetRoleResponse,
    ListRolesRequest, ListRolesResponse, PathPrefixType, PathType, PolicyDocumentType, Role,
    RoleDescriptionType, RoleLastUsed, RoleMaxSessionDurationType, UpdateAssumeRolePolicyRequest,
    UpdateRoleDescriptionRequest, UpdateRoleDescriptionResponse, UpdateRoleRequest,
    UpdateRoleResponse,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text::iam as text;
use strongroom_policy::{Grammar, Policy};

use super::attachments::{boundary_of_new, bounds, counted, created, require_none};
use super::inputs::Lists;
use super::managed_policies::date;
use super::subjects::Subject;
use super::users::shown_boundary;
use super::{DEFAULT_PATH, deleted, documents, in_turn, new_entity, pages, require_room, tags};
use crate::authorize::{Authorized, Entity, Keys, Target};
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::iam::{bind_or_name, role_arn, show};
use crate::ops::Operation;
use crate::records::{PoliciesRecord, PolicyReference, RoleRecord, Unreadable};
use crate::repository::Changes;
use crate::told;

/// IAM User Guide, "IAM and AWS STS quotas": characters of a trust policy, white space not counted.
pub(super) const TRUST_CHARACTERS_MAX: usize = 2_048;
/// IAM API, CreateRole, MaxSessionDuration: the default.
const SESSION_SECONDS_DEFAULT: u32 = 3_600;

/// Refuses a trust policy that no role may have. Errors: MalformedPolicyDocument, LimitExceeded.
fn check_trust(document: &PolicyDocumentType) -> Result<(), Refusal> {
    let document = document.as_str();
    documents::read(document, Grammar::Trust)?;
    documents::require_size(document, "ACLSizePerRole", TRUST_CHARACTERS_MAX)
}

/// A trust policy as it is stored. Errors: MalformedPolicyDocument.
fn accept_trust(call: &Call<'_>, document: &PolicyDocumentType) -> Result<String, Failure> {
    let policy = documents::read(document.as_str(), Grammar::Trust)?;
    let bound = bind_or_name(call.kms, &policy, call.caller.partition())?;
    let bound = bound.map_err(|absent| {
        let text = text::invalid_principal(&absent.member, &absent.value);
        refuse_with(QueryException::MalformedPolicyDocument, text)
    })?;
    Ok(bound.to_pretty())
}

/// A trust policy as it is shown, percent-encoded.
pub(super) fn shown_trust(call: &Call<'_>, trust: &str) -> Result<PolicyDocumentType, Failure> {
    let policy = Policy::parse_kept(trust, Grammar::Trust).map_err(|_| Unreadable)?;
    let shown = show(&call.kms.records, &policy, call.caller.partition())?;
    Ok(documents::shown(&shown.to_pretty()).into())
}

/// IAM API, Role, as lists show it: without tags, boundary and last use.
fn listed(call: &Call<'_>, record: &RoleRecord) -> Result<Role, Failure> {
    let entity = &record.entity;
    let seconds = i32::try_from(record.session_seconds_max).map_err(|_| Unreadable)?;
    let description = record.description.as_str();
    Ok(Role {
        path: entity.path.as_str().into(),
        role_name: entity.name.as_str().into(),
        role_id: entity.id.as_str().into(),
        arn: role_arn(call.caller.partition(), entity).into(),
        create_date: date(entity.created),
        assume_role_policy_document: Some(shown_trust(call, &record.trust)?),
        description: (!description.is_empty()).then(|| description.into()),
        max_session_duration: Some(RoleMaxSessionDurationType(seconds)),
        permissions_boundary: None,
        tags: None,
        role_last_used: None,
        source_role_template: None,
    })
}

/// A role with everything that belongs to it. When it was last used is not kept.
fn shown(call: &Call<'_>, record: &RoleRecord) -> Result<Role, Failure> {
    Ok(Role {
        permissions_boundary: shown_boundary(call, record.policies.boundary.as_ref())?,
        tags: tags::shown(&record.tags),
        role_last_used: Some(RoleLastUsed::default()),
        ..listed(call, record)?
    })
}

fn target(name: &str) -> Vec<Target<'_>> {
    vec![Target::Entity(Entity::Role(name))]
}

/// Changes the role with this name, and answers what it is then.
async fn change<O: Operation>(
    request: Authorized<'_, O>,
    name: &str,
    change: impl FnOnce(&mut RoleRecord) -> Result<(), Failure>,
) -> Result<RoleRecord, Failure> {
    let (_turn, request) = in_turn(request).await?;
    let role = RoleRecord::get(request.call(), name)?;
    let mut record = role.record.clone();
    change(&mut record)?;
    let changes = Changes::default().replace_entity(role.version, &record);
    request.commit(changes).await?;
    Ok(record)
}

/// IAM API, CreateRole.
pub(in crate::ops) struct CreateRole;

impl Operation for CreateRole {
    type Input = CreateRoleRequest;
    type Output = CreateRoleResponse;

    fn check(input: &CreateRoleRequest) -> Result<(), Refusal> {
        check_trust(&input.assume_role_policy_document)?;
        tags::check(input.tags.as_ref())
    }

    fn targets(input: &CreateRoleRequest) -> Vec<Target<'_>> {
        let path = input.path.as_ref().map_or(DEFAULT_PATH, PathType::as_str);
        let role = Entity::New("role", path, input.role_name.as_str());
        tags::targets_of_new(role, input.tags.as_ref())
    }

    fn condition_keys<'i>(input: &'i CreateRoleRequest, _: usize, keys: &mut Keys<'i>) {
        let boundary = input.permissions_boundary.as_ref();
        keys.maybe("iam:permissionsboundary", boundary.map(|arn| arn.as_str()));
        tags::condition_keys(input.tags.as_ref(), keys);
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreateRoleResponse, Failure> {
        let input = request.input();
        let (_turn, request) = in_turn(request).await?;
        let call = request.call();
        let trust = accept_trust(call, &input.assume_role_policy_document)?;
        require_room::<RoleRecord>(call, input.role_name.as_str())?;
        let boundary = boundary_of_new(call, input.permissions_boundary.as_ref())?;
        let record = new_role(call, input, trust, boundary);
        let changes = created(call, &record, record.policies.boundary.as_ref())?;
        let answer = CreateRoleResponse {
            role: shown(call, &record)?,
        };
        call.note_response(told::output(&answer));
        request.commit(changes).await?;
        Ok(answer)
    }
}

fn new_role(
    call: &Call<'_>,
    input: &CreateRoleRequest,
    trust: String,
    boundary: Option<PolicyReference>,
) -> RoleRecord {
    let seconds = input.max_session_duration.and_then(seconds_of);
    RoleRecord {
        entity: new_entity::<RoleRecord>(call, input.role_name.as_str(), input.path.as_ref()),
        tags: tags::records(input.tags.as_ref()),
        policies: PoliciesRecord {
            boundary,
            ..PoliciesRecord::default()
        },
        trust,
        description: text_of(input.description.as_ref()),
        session_seconds_max: seconds.unwrap_or(SESSION_SECONDS_DEFAULT),
    }
}

fn text_of(description: Option<&RoleDescriptionType>) -> String {
    description.map_or_else(String::new, |text| text.as_str().to_owned())
}

fn seconds_of(duration: RoleMaxSessionDurationType) -> Option<u32> {
    u32::try_from(duration.0).ok()
}

/// IAM API, GetRole.
pub(in crate::ops) struct GetRole;

impl Operation for GetRole {
    type Input = GetRoleRequest;
    type Output = GetRoleResponse;

    fn targets(input: &GetRoleRequest) -> Vec<Target<'_>> {
        target(input.role_name.as_str())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetRoleResponse, Failure> {
        let call = request.call();
        let role = RoleRecord::get(call, request.input().role_name.as_str())?;
        Ok(GetRoleResponse {
            role: shown(call, &role.record)?,
        })
    }
}

/// IAM API, ListRoles.
pub(in crate::ops) struct ListRoles;

impl Operation for ListRoles {
    type Input = ListRolesRequest;
    type Output = ListRolesResponse;

    fn targets(input: &ListRolesRequest) -> Vec<Target<'_>> {
        vec![Target::Entity(Entity::New("role", prefix(input), ""))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListRolesResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let page = pages::of_records(call, input, |role: &RoleRecord| {
            role.entity.path.starts_with(prefix(input))
        })?;
        let roles = page.items.iter().map(|role| listed(call, role));
        let roles = roles.collect::<Result<_, _>>()?;
        Ok(ListRolesRequest::answer(roles, page.marker))
    }
}

fn prefix(input: &ListRolesRequest) -> &str {
    let prefix = input.path_prefix.as_ref();
    prefix.map_or(DEFAULT_PATH, PathPrefixType::as_str)
}

/// IAM API, UpdateRole: what is not given stays as it is.
pub(in crate::ops) struct UpdateRole;

impl Operation for UpdateRole {
    type Input = UpdateRoleRequest;
    type Output = UpdateRoleResponse;

    fn targets(input: &UpdateRoleRequest) -> Vec<Target<'_>> {
        target(input.role_name.as_str())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<UpdateRoleResponse, Failure> {
        let input = request.input();
        let update = |record: &mut RoleRecord| {
            if input.description.is_some() {
                record.description = text_of(input.description.as_ref());
            }
            let seconds = input.max_session_duration.and_then(seconds_of);
            record.session_seconds_max = seconds.unwrap_or(record.session_seconds_max);
            Ok(())
        };
        change(request, input.role_name.as_str(), update).await?;
        Ok(UpdateRoleResponse::default())
    }
}

/// IAM API, UpdateRoleDescription.
pub(in crate::ops) struct UpdateRoleDescription;

impl Operation for UpdateRoleDescription {
    type Input = UpdateRoleDescriptionRequest;
    type Output = UpdateRoleDescriptionResponse;

    fn targets(input: &UpdateRoleDescriptionRequest) -> Vec<Target<'_>> {
        target(input.role_name.as_str())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<UpdateRoleDescriptionResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let update = |record: &mut RoleRecord| {
            record.description = text_of(Some(&input.description));
            Ok(())
        };
        let record = change(request, input.role_name.as_str(), update).await?;
        Ok(UpdateRoleDescriptionResponse {
            role: Some(shown(call, &record)?),
        })
    }
}

/// IAM API, UpdateAssumeRolePolicy: counts for who assumes the role from now on.
pub(in crate::ops) struct UpdateAssumeRolePolicy;

impl Operation for UpdateAssumeRolePolicy {
    type Input = UpdateAssumeRolePolicyRequest;
    type Output = NoOutput;

    fn check(input: &UpdateAssumeRolePolicyRequest) -> Result<(), Refusal> {
        check_trust(&input.policy_document)
    }

    fn targets(input: &UpdateAssumeRolePolicyRequest) -> Vec<Target<'_>> {
        target(input.role_name.as_str())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (call, input) = (request.call(), request.input());
        let update = |record: &mut RoleRecord| {
            record.trust = accept_trust(call, &input.policy_document)?;
            Ok(())
        };
        change(request, input.role_name.as_str(), update).await?;
        Ok(NoOutput)
    }
}

/// IAM API, DeleteRole: its policies go first; its sessions end with it.
pub(in crate::ops) struct DeleteRole;

impl Operation for DeleteRole {
    type Input = DeleteRoleRequest;
    type Output = NoOutput;

    fn targets(input: &DeleteRoleRequest) -> Vec<Target<'_>> {
        target(input.role_name.as_str())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let call = request.call();
        let role = RoleRecord::get(call, request.input().role_name.as_str())?;
        require_none(&role.record)?;
        let boundary = role.record.policies.boundary.as_ref();
        let changes = counted(call, Changes::default(), &[], &bounds(boundary))?;
        request.commit(deleted(call, changes, &role)?).await?;
        Ok(NoOutput)
    }
}

#[cfg(test)]
pub(super) mod tests;
