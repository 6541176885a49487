//! Groups: made, shown, listed, renamed and deleted, and who is in them. Being in a group counts as soon as the call
//! returns, and so does having left it.

use strongroom_aws::error::QueryException;
use strongroom_aws::iam::{
    AddUserToGroupRequest, CreateGroupRequest, CreateGroupResponse, DateType, DeleteGroupRequest,
    GetGroupRequest, GetGroupResponse, Group, ListGroupsRequest, ListGroupsResponse, PathType,
    RemoveUserFromGroupRequest, UpdateGroupRequest,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text::iam as text;

use super::attachments::require_none;
use super::subjects::Subject;
use super::{
    DEFAULT_PATH, delete_conflict, deleted, in_turn, new_entity, over_quota, pages, renamed,
    require_room, users,
};
use crate::authorize::{Authorized, Entity, Target};
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::iam::group_arn;
use crate::ops::Operation;
use crate::records::{GroupRecord, PoliciesRecord, Unreadable, UserRecord};
use crate::repository::{Changes, Stored};
use crate::told;

/// IAM User Guide, "IAM and AWS STS quotas": groups a user may be in.
pub(super) const GROUPS_PER_USER_MAX: usize = 10;

/// IAM API, CreateGroup. Errors: EntityAlreadyExists, LimitExceeded.
pub(in crate::ops) struct CreateGroup;

impl Operation for CreateGroup {
    type Input = CreateGroupRequest;
    type Output = CreateGroupResponse;

    fn targets(input: &CreateGroupRequest) -> Vec<Target<'_>> {
        let path = input.path.as_ref().map_or(DEFAULT_PATH, PathType::as_str);
        let name = input.group_name.as_str();
        vec![Target::Entity(Entity::New("group", path, name))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreateGroupResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let name = input.group_name.as_str();
        require_room::<GroupRecord>(call, name)?;
        let group = GroupRecord {
            entity: new_entity::<GroupRecord>(call, name, input.path.as_ref()),
            policies: PoliciesRecord::default(),
            users: 0,
        };
        let answer = CreateGroupResponse {
            group: shown(call, &group),
        };
        request.call().note_response(told::output(&answer));
        request
            .commit(Changes::default().create_entity(&group))
            .await?;
        Ok(answer)
    }
}

/// A group as it is shown.
pub(super) fn shown(call: &Call<'_>, group: &GroupRecord) -> Group {
    let entity = &group.entity;
    Group {
        path: entity.path.as_str().into(),
        group_name: entity.name.as_str().into(),
        group_id: entity.id.as_str().into(),
        arn: group_arn(call.caller.partition(), entity).into(),
        create_date: DateType(entity.created.into()),
    }
}

/// IAM API, GetGroup: the group and a page of its users. Errors: NoSuchEntity.
pub(in crate::ops) struct GetGroup;

impl Operation for GetGroup {
    type Input = GetGroupRequest;
    type Output = GetGroupResponse;

    fn targets(input: &GetGroupRequest) -> Vec<Target<'_>> {
        vec![Target::Entity(Entity::Group(input.group_name.as_str()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetGroupResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let group = GroupRecord::get(call, input.group_name.as_str())?.record;
        let page = pages::of_records(call, input, |user: &UserRecord| {
            user.group_ids.contains(&group.entity.id)
        })?;
        Ok(page.answer::<GetGroupRequest>(|users| {
            let users = users.iter().map(|user| users::shown(call, user));
            (shown(call, &group), users.collect())
        }))
    }
}

/// IAM API, ListGroups.
pub(in crate::ops) struct ListGroups;

impl Operation for ListGroups {
    type Input = ListGroupsRequest;
    type Output = ListGroupsResponse;

    fn targets(input: &ListGroupsRequest) -> Vec<Target<'_>> {
        let prefix = input.path_prefix.as_ref();
        let prefix = prefix.map_or(DEFAULT_PATH, |prefix| prefix.as_str());
        vec![Target::Entity(Entity::New("group", prefix, ""))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListGroupsResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let prefix = input.path_prefix.as_ref();
        let prefix = prefix.map_or(DEFAULT_PATH, |prefix| prefix.as_str());
        let page = pages::of_records(call, input, |group: &GroupRecord| {
            group.entity.path.starts_with(prefix)
        })?;
        Ok(page.answer::<ListGroupsRequest>(|groups| {
            groups.iter().map(|group| shown(call, group)).collect()
        }))
    }
}

/// IAM API, UpdateGroup. Errors: NoSuchEntity, EntityAlreadyExists.
pub(in crate::ops) struct UpdateGroup;

impl Operation for UpdateGroup {
    type Input = UpdateGroupRequest;
    type Output = NoOutput;

    fn targets(input: &UpdateGroupRequest) -> Vec<Target<'_>> {
        let name = input.group_name.as_str();
        let new_path = input.new_path.as_ref().map(|path| path.as_str());
        let new_name = input.new_group_name.as_ref().map(|name| name.as_str());
        vec![
            Target::Entity(Entity::Group(name)),
            Target::Entity(Entity::Renamed("group", name, new_path, new_name)),
        ]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let old = GroupRecord::get(call, input.group_name.as_str())?;
        let mut group = old.record.clone();
        if let Some(path) = &input.new_path {
            path.as_str().clone_into(&mut group.entity.path);
        }
        if let Some(name) = &input.new_group_name {
            name.as_str().clone_into(&mut group.entity.name);
        }
        request.commit(renamed(call, &old, &group)?).await?;
        Ok(NoOutput)
    }
}

/// IAM API, DeleteGroup. Errors: NoSuchEntity, DeleteConflict.
pub(in crate::ops) struct DeleteGroup;

impl Operation for DeleteGroup {
    type Input = DeleteGroupRequest;
    type Output = NoOutput;

    fn targets(input: &DeleteGroupRequest) -> Vec<Target<'_>> {
        vec![Target::Entity(Entity::Group(input.group_name.as_str()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let call = request.call();
        let old = GroupRecord::get(call, request.input().group_name.as_str())?;
        require_none(&old.record)?;
        if old.record.users != 0 {
            return Err(delete_conflict(text::HAS_USERS));
        }
        let changes = deleted(call, Changes::default(), &old)?;
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

/// IAM API, AddUserToGroup. Errors: NoSuchEntity, LimitExceeded.
pub(in crate::ops) struct AddUserToGroup;

impl Operation for AddUserToGroup {
    type Input = AddUserToGroupRequest;
    type Output = NoOutput;

    fn targets(input: &AddUserToGroupRequest) -> Vec<Target<'_>> {
        vec![Target::Entity(Entity::Group(input.group_name.as_str()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let mut group = GroupRecord::get(call, input.group_name.as_str())?;
        let mut user = UserRecord::get(call, input.user_name.as_str())?;
        let joined = &mut user.record.group_ids;
        if joined.contains(&group.record.entity.id) {
            return Ok(NoOutput);
        }
        if joined.len() >= GROUPS_PER_USER_MAX {
            return Err(over_quota("GroupsPerUser", GROUPS_PER_USER_MAX));
        }
        joined.push(group.record.entity.id.clone());
        let users = group.record.users.checked_add(1);
        group.record.users = users.ok_or(Unreadable)?;
        request.commit(both(&group, &user)).await?;
        Ok(NoOutput)
    }
}

fn both(group: &Stored<GroupRecord>, user: &Stored<UserRecord>) -> Changes {
    Changes::default()
        .replace_entity(group.version, &group.record)
        .replace_entity(user.version, &user.record)
}

/// IAM API, RemoveUserFromGroup. Errors: NoSuchEntity, also when the user is not in the group.
pub(in crate::ops) struct RemoveUserFromGroup;

impl Operation for RemoveUserFromGroup {
    type Input = RemoveUserFromGroupRequest;
    type Output = NoOutput;

    fn targets(input: &RemoveUserFromGroupRequest) -> Vec<Target<'_>> {
        vec![Target::Entity(Entity::Group(input.group_name.as_str()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let mut group = GroupRecord::get(call, input.group_name.as_str())?;
        let mut user = UserRecord::get(call, input.user_name.as_str())?;
        let joined = &mut user.record.group_ids;
        let known = joined.iter().position(|id| *id == group.record.entity.id);
        let absent = || {
            let text = text::no_such_user(input.user_name.as_str());
            refuse_with(QueryException::NoSuchEntity, text)
        };
        joined.remove(known.ok_or_else(absent)?);
        let users = group.record.users.checked_sub(1);
        group.record.users = users.ok_or(Unreadable)?;
        request.commit(both(&group, &user)).await?;
        Ok(NoOutput)
    }
}
