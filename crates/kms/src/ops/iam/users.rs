//! Users: made, shown, listed, renamed and deleted. What belongs to a user goes with its unique id, never with its
//! name: a user made again under an old name is somebody else.

use strongroom_aws::error::Refusal;
use strongroom_aws::iam::{
    AttachedPermissionsBoundary, CreateUserRequest, CreateUserResponse, DateType,
    DeleteUserRequest, GetUserRequest, GetUserResponse, ListGroupsForUserRequest,
    ListGroupsForUserResponse, ListUsersRequest, ListUsersResponse, PathType,
    PermissionsBoundaryAttachmentType, UpdateUserRequest, User,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text::iam as text;
use strongroom_base::UnixMillis;

use super::attachments::{bounds, counted, require_none};
use super::groups;
use super::subjects::Subject;
use super::{
    DEFAULT_PATH, attachments, delete_conflict, deleted, in_turn, new_entity, pages, renamed,
    require_room, tags,
};
use crate::authorize::{Authorized, Entity, Keys, Target};
use crate::call::Call;
use crate::failure::Failure;
use crate::iam::{Identity, reference_arn, root_arn, user_arn};
use crate::ops::Operation;
use crate::records::{PoliciesRecord, PolicyReference, Unreadable, UserRecord};
use crate::repository::{Changes, Stored};
use crate::told;

/// What stands where a user has a name; AWS's roots have none.
pub(super) const ROOT_NAME: &str = "root";

/// IAM API, CreateUser. Errors: EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity.
pub(in crate::ops) struct CreateUser;

impl Operation for CreateUser {
    type Input = CreateUserRequest;
    type Output = CreateUserResponse;

    fn check(input: &CreateUserRequest) -> Result<(), Refusal> {
        tags::check(input.tags.as_ref())
    }

    fn targets(input: &CreateUserRequest) -> Vec<Target<'_>> {
        let path = input.path.as_ref().map_or(DEFAULT_PATH, PathType::as_str);
        let user = Entity::New("user", path, input.user_name.as_str());
        // IAM User Guide, "Tagging IAM resources": who makes a user with tags needs iam:TagUser, too.
        let count = if input.tags.is_some() { 2 } else { 1 };
        (0..count).map(|_| Target::Entity(user)).collect()
    }

    fn condition_keys<'i>(input: &'i CreateUserRequest, _: usize, keys: &mut Keys<'i>) {
        tags::condition_keys(input.tags.as_ref(), keys);
        let boundary = input.permissions_boundary.as_ref();
        keys.maybe(
            "iam:permissionsboundary",
            boundary.map(|boundary| boundary.as_str()),
        );
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreateUserResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let name = input.user_name.as_str();
        require_room::<UserRecord>(call, name)?;
        let boundary = input.permissions_boundary.as_ref();
        let boundary = attachments::boundary_of_new(call, boundary)?;
        let user = UserRecord {
            entity: new_entity::<UserRecord>(call, name, input.path.as_ref()),
            tags: tags::records(input.tags.as_ref()),
            policies: PoliciesRecord {
                boundary: boundary.clone(),
                ..PoliciesRecord::default()
            },
            group_ids: Vec::new(),
            access_keys: Vec::new(),
        };
        let changes = attachments::created(call, &user, boundary.as_ref())?;
        let answer = CreateUserResponse {
            user: Some(shown_whole(call, &user)?),
        };
        request.call().note_response(told::output(&answer));
        request.commit(changes).await?;
        Ok(answer)
    }
}

/// A user as lists show it: without tags and boundary.
pub(super) fn shown(call: &Call<'_>, user: &UserRecord) -> User {
    let entity = &user.entity;
    User {
        path: entity.path.as_str().into(),
        user_name: entity.name.as_str().into(),
        user_id: entity.id.as_str().into(),
        arn: user_arn(call.caller.partition(), entity).into(),
        create_date: DateType(entity.created.into()),
        password_last_used: None,
        permissions_boundary: None,
        tags: None,
    }
}

fn shown_whole(call: &Call<'_>, user: &UserRecord) -> Result<User, Failure> {
    let boundary = user.policies.boundary.as_ref();
    Ok(User {
        permissions_boundary: shown_boundary(call, boundary)?,
        tags: tags::shown(&user.tags),
        ..shown(call, user)
    })
}

/// The boundary of a user or role, as it is shown.
pub(super) fn shown_boundary(
    call: &Call<'_>,
    boundary: Option<&PolicyReference>,
) -> Result<Option<AttachedPermissionsBoundary>, Failure> {
    let Some(boundary) = boundary else {
        return Ok(None);
    };
    let arn = reference_arn(&call.kms.records, &call.caller, boundary)?;
    Ok(Some(AttachedPermissionsBoundary {
        permissions_boundary_type: Some(
            PermissionsBoundaryAttachmentType::PermissionsBoundaryPolicy,
        ),
        permissions_boundary_arn: Some(arn.into()),
    }))
}

/// IAM API, GetUser; without a name, the user who calls, or the root. Errors: NoSuchEntity, ValidationError.
pub(in crate::ops) struct GetUser;

impl Operation for GetUser {
    type Input = GetUserRequest;
    type Output = GetUserResponse;

    fn targets(input: &GetUserRequest) -> Vec<Target<'_>> {
        let name = input.user_name.as_ref();
        vec![Target::Entity(named_or_caller(
            name.map(|name| name.as_str()),
        ))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetUserResponse, Failure> {
        let (call, name) = (request.call(), request.input().user_name.as_ref());
        let user = match named(call, name.map(|name| name.as_str()))? {
            Some(user) => shown_whole(call, &user.record)?,
            None => shown_root(call)?,
        };
        Ok(GetUserResponse { user })
    }
}

/// Whom an operation is about that may name a user.
pub(super) fn named_or_caller(name: Option<&str>) -> Entity<'_> {
    name.map_or(Entity::Caller, Entity::User)
}

/// The user of that name, or who calls; `None` when that is the root. Errors: NoSuchEntity.
pub(super) fn named(
    call: &Call<'_>,
    name: Option<&str>,
) -> Result<Option<Stored<UserRecord>>, Failure> {
    let name = match (name, &call.caller.identity) {
        (Some(name), _) => name.to_owned(),
        (None, Identity::User(user)) => {
            // It may have been renamed since the request was verified.
            let now = call.kms.records.user_with_id(&user.record.entity.id)?;
            let entity = now.map_or_else(
                || user.record.entity.clone(),
                |now| now.record.entity.clone(),
            );
            entity.name
        }
        (None, _) => return Ok(None),
    };
    UserRecord::get(call, &name).map(Some)
}

fn shown_root(call: &Call<'_>) -> Result<User, Failure> {
    let account = call.caller.account;
    let record = call.kms.records.account(&account)?;
    // Accounts of development servers are not stored.
    let created = record.map_or(UnixMillis(0), |account| account.record.created.into());
    Ok(User {
        path: DEFAULT_PATH.into(),
        user_name: ROOT_NAME.into(),
        user_id: account.as_str().into(),
        arn: root_arn(call.caller.partition(), &account).into(),
        create_date: DateType(created),
        password_last_used: None,
        permissions_boundary: None,
        tags: None,
    })
}

/// IAM API, ListUsers.
pub(in crate::ops) struct ListUsers;

impl Operation for ListUsers {
    type Input = ListUsersRequest;
    type Output = ListUsersResponse;

    fn targets(input: &ListUsersRequest) -> Vec<Target<'_>> {
        let prefix = input.path_prefix.as_ref();
        let prefix = prefix.map_or(DEFAULT_PATH, |prefix| prefix.as_str());
        vec![Target::Entity(Entity::New("user", prefix, ""))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListUsersResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let prefix = input.path_prefix.as_ref();
        let prefix = prefix.map_or(DEFAULT_PATH, |prefix| prefix.as_str());
        let page = pages::of_records(call, input, |user: &UserRecord| {
            user.entity.path.starts_with(prefix)
        })?;
        Ok(page.answer::<ListUsersRequest>(|users| {
            users.iter().map(|user| shown(call, user)).collect()
        }))
    }
}

/// IAM API, UpdateUser. Errors: NoSuchEntity, EntityAlreadyExists.
pub(in crate::ops) struct UpdateUser;

impl Operation for UpdateUser {
    type Input = UpdateUserRequest;
    type Output = NoOutput;

    fn targets(input: &UpdateUserRequest) -> Vec<Target<'_>> {
        let name = input.user_name.as_str();
        let new_path = input.new_path.as_ref().map(|path| path.as_str());
        let new_name = input.new_user_name.as_ref().map(|name| name.as_str());
        vec![
            Target::Entity(Entity::User(name)),
            Target::Entity(Entity::Renamed("user", name, new_path, new_name)),
        ]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let old = UserRecord::get(call, input.user_name.as_str())?;
        let mut user = old.record.clone();
        if let Some(path) = &input.new_path {
            path.as_str().clone_into(&mut user.entity.path);
        }
        if let Some(name) = &input.new_user_name {
            name.as_str().clone_into(&mut user.entity.name);
        }
        request.commit(renamed(call, &old, &user)?).await?;
        Ok(NoOutput)
    }
}

/// IAM API, DeleteUser. Errors: NoSuchEntity, DeleteConflict.
pub(in crate::ops) struct DeleteUser;

impl Operation for DeleteUser {
    type Input = DeleteUserRequest;
    type Output = NoOutput;

    fn targets(input: &DeleteUserRequest) -> Vec<Target<'_>> {
        vec![Target::Entity(Entity::User(input.user_name.as_str()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let call = request.call();
        let old = UserRecord::get(call, request.input().user_name.as_str())?;
        require_bare(&old.record)?;
        let boundary = bounds(old.record.policies.boundary.as_ref());
        let changes = counted(call, Changes::default(), &[], &boundary)?;
        request.commit(deleted(call, changes, &old)?).await?;
        Ok(NoOutput)
    }
}

fn require_bare(user: &UserRecord) -> Result<(), Failure> {
    require_none(user)?;
    if !user.access_keys.is_empty() {
        return Err(delete_conflict(text::HAS_ACCESS_KEYS));
    }
    if !user.group_ids.is_empty() {
        return Err(delete_conflict(text::HAS_USERS));
    }
    Ok(())
}

/// IAM API, ListGroupsForUser. Errors: NoSuchEntity.
pub(in crate::ops) struct ListGroupsForUser;

impl Operation for ListGroupsForUser {
    type Input = ListGroupsForUserRequest;
    type Output = ListGroupsForUserResponse;

    fn targets(input: &ListGroupsForUserRequest) -> Vec<Target<'_>> {
        vec![Target::Entity(Entity::User(input.user_name.as_str()))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListGroupsForUserResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let user = UserRecord::get(call, input.user_name.as_str())?.record;
        let mut joined = Vec::with_capacity(user.group_ids.len());
        for id in &user.group_ids {
            joined.push(call.kms.records.group_with_id(id)?.ok_or(Unreadable)?);
        }
        let page = pages::of_list(input, joined, |group| {
            group.record.entity.name.to_ascii_lowercase()
        })?;
        Ok(page.answer::<ListGroupsForUserRequest>(|joined| {
            let records = joined.iter().map(|group| &group.record);
            records.map(|group| groups::shown(call, group)).collect()
        }))
    }
}
