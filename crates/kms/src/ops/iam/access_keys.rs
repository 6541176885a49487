//! Access keys of users and of the account's root. A secret is shown once, when it is made, and is written nowhere but
//! into that answer; a key that is inactive or deleted proves nothing from the moment the call returns.

use strongroom_audit::Value;
use strongroom_aws::error::{QueryException, Refusal};
use strongroom_aws::iam::{
    AccessKey, AccessKeyIdType, AccessKeyLastUsed, AccessKeyMetadata, AccessKeySecretType,
    CreateAccessKeyRequest, CreateAccessKeyResponse, DateType, DeleteAccessKeyRequest,
    ExistingUserNameType, GetAccessKeyLastUsedRequest, GetAccessKeyLastUsedResponse,
    ListAccessKeysRequest, ListAccessKeysResponse, StatusType, UpdateAccessKeyRequest,
};
use strongroom_aws::shape::NoOutput;
use strongroom_aws::text::iam as text;
use strongroom_base::Secret;
use strongroom_store::Expect;

use super::users::{ROOT_NAME, named, named_or_caller};
use super::{in_turn, over_quota, pages};
use crate::accounts::{LONG_TERM_PREFIX, new_access_key_id};
use crate::authorize::{Authorized, Entity, Target};
use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::ops::Operation;
use crate::records::{AccessKeyRecord, Unreadable, UserRecord};
use crate::repository::{Changes, Stored};
use crate::told;

/// IAM User Guide, "IAM and AWS STS quotas": access keys of a user or root.
pub(super) const ACCESS_KEYS_MAX: usize = 2;
/// How many records are read at a time.
const RECORDS_AT_ONCE: usize = 256;
/// IAM API, AccessKeyLastUsed: Region and service of a key that was never used.
const NEVER: &str = "N/A";

/// Whose access keys an operation is about.
enum Owner {
    User(Box<Stored<UserRecord>>),
    Root,
}

impl Owner {
    /// The user of that name, or who calls.
    fn find(call: &Call<'_>, name: Option<&ExistingUserNameType>) -> Result<Self, Failure> {
        let user = named(call, name.map(|name| name.as_str()))?;
        Ok(user.map_or(Self::Root, |user| Self::User(Box::new(user))))
    }

    fn name(&self) -> &str {
        match self {
            Self::User(user) => &user.record.entity.name,
            Self::Root => ROOT_NAME,
        }
    }

    /// The unique id, as keys name their user.
    fn id(&self) -> Option<&String> {
        match self {
            Self::User(user) => Some(&user.record.entity.id),
            Self::Root => None,
        }
    }

    fn keys(&self, call: &Call<'_>) -> Result<Vec<AccessKeyRecord>, Failure> {
        match self {
            Self::User(user) => keys_of_user(call, &user.record),
            Self::Root => keys_of_root(call),
        }
    }

    /// Its key with this id. Errors: NoSuchEntity.
    fn key(
        &self,
        call: &Call<'_>,
        id: &AccessKeyIdType,
    ) -> Result<(u64, AccessKeyRecord), Failure> {
        let key = call.kms.records.access_key(id.as_str())?;
        let own = key.filter(|key| {
            key.record.account == call.caller.account && key.record.user.as_ref() == self.id()
        });
        own.map(|key| (key.version, key.record.clone()))
            .ok_or_else(|| absent(id))
    }

    /// The changes of its record that `change` makes to the ids of its keys.
    fn with_keys(self, changes: Changes, change: impl FnOnce(&mut Vec<String>)) -> Changes {
        match self {
            Self::User(mut user) => {
                change(&mut user.record.access_keys);
                changes.replace_entity(user.version, &user.record)
            }
            // The keys of roots are found by looking at all.
            Self::Root => changes,
        }
    }
}

fn absent(id: &AccessKeyIdType) -> Failure {
    let text = text::no_such_access_key(id.as_str());
    refuse_with(QueryException::NoSuchEntity, text)
}

fn keys_of_user(call: &Call<'_>, user: &UserRecord) -> Result<Vec<AccessKeyRecord>, Failure> {
    let mut keys = Vec::with_capacity(user.access_keys.len());
    for id in &user.access_keys {
        let key = call.kms.records.access_key(id)?.ok_or(Unreadable)?;
        keys.push(key.record.clone());
    }
    Ok(keys)
}

/// The access keys of the root of the caller's account.
pub(super) fn keys_of_root(call: &Call<'_>) -> Result<Vec<AccessKeyRecord>, Failure> {
    let (mut keys, mut after) = (Vec::new(), None);
    loop {
        let page = call
            .kms
            .records
            .list_all_access_keys(after.as_ref(), RECORDS_AT_ONCE)?;
        let records = page.records.into_iter().map(|stored| stored.record);
        keys.extend(records.filter(|key| key.user.is_none() && key.account == call.caller.account));
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(keys),
        }
    }
}

fn target(name: Option<&ExistingUserNameType>) -> Vec<Target<'_>> {
    let entity = named_or_caller(name.map(|name| name.as_str()));
    vec![Target::Entity(entity)]
}

/// IAM API, CreateAccessKey; without a name, of who calls. Errors: NoSuchEntity, LimitExceeded.
pub(in crate::ops) struct CreateAccessKey;

impl Operation for CreateAccessKey {
    type Input = CreateAccessKeyRequest;
    type Output = CreateAccessKeyResponse;

    fn targets(input: &CreateAccessKeyRequest) -> Vec<Target<'_>> {
        target(input.user_name.as_ref())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<CreateAccessKeyResponse, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let call = request.call();
        let owner = Owner::find(call, request.input().user_name.as_ref())?;
        if owner.keys(call)?.len() >= ACCESS_KEYS_MAX {
            return Err(over_quota("AccessKeysPerUser", ACCESS_KEYS_MAX));
        }
        let _making = call.kms.making_token().await;
        let id = new_access_key_id(&call.kms.env, LONG_TERM_PREFIX);
        let made = call.kms.new_secret(&call.caller.account, &id).await?;
        let key = AccessKeyRecord {
            id: id.clone(),
            account: call.caller.account,
            token: made.token,
            user: owner.id().cloned(),
            inactive: false,
            created: Some(call.kms.env.clock.now().into()),
        };
        let answer = shown_once(&owner, &key, made.secret);
        let changes = Changes::default().put_access_key(Expect::Absent, &key);
        let changes = owner.with_keys(changes, |keys| keys.push(id));
        call.note_response(told_answer(&answer.access_key));
        request.commit(changes).await?;
        Ok(answer)
    }
}

/// The answer without its secret.
fn told_answer(key: &AccessKey) -> Value {
    let created = key
        .create_date
        .map(|DateType(time)| ("createDate", told::date(time)));
    let members = [
        ("userName", key.user_name.as_str().into()),
        ("accessKeyId", key.access_key_id.as_str().into()),
        ("status", key.status.as_str().into()),
    ];
    let members = members.into_iter().chain(created);
    let told = members
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::Object(vec![("accessKey".to_owned(), Value::Object(told))])
}

fn shown_once(
    owner: &Owner,
    key: &AccessKeyRecord,
    secret: Secret<String>,
) -> CreateAccessKeyResponse {
    CreateAccessKeyResponse {
        access_key: AccessKey {
            user_name: owner.name().into(),
            access_key_id: key.id.as_str().into(),
            status: StatusType::Active,
            secret_access_key: AccessKeySecretType(secret),
            create_date: key.created.map(|created| DateType(created.into())),
        },
    }
}

/// IAM API, ListAccessKeys, oldest first; without a name, of who calls. Errors: NoSuchEntity.
pub(in crate::ops) struct ListAccessKeys;

impl Operation for ListAccessKeys {
    type Input = ListAccessKeysRequest;
    type Output = ListAccessKeysResponse;

    fn targets(input: &ListAccessKeysRequest) -> Vec<Target<'_>> {
        target(input.user_name.as_ref())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<ListAccessKeysResponse, Failure> {
        let (call, input) = (request.call(), request.input());
        let owner = Owner::find(call, input.user_name.as_ref())?;
        let page = pages::of_list(input, owner.keys(call)?, by_age)?;
        Ok(page.answer::<ListAccessKeysRequest>(|keys| {
            keys.iter().map(|key| shown(&owner, key)).collect()
        }))
    }
}

/// A text that sorts as the keys' age does. Of keys too old to say, the time is zero.
fn by_age(key: &AccessKeyRecord) -> String {
    let created = key.created.map_or(0, |created| created.0);
    format!("{created:020} {}", key.id)
}

fn shown(owner: &Owner, key: &AccessKeyRecord) -> AccessKeyMetadata {
    let status = match key.inactive {
        true => StatusType::Inactive,
        false => StatusType::Active,
    };
    AccessKeyMetadata {
        user_name: Some(owner.name().into()),
        access_key_id: Some(key.id.as_str().into()),
        status: Some(status),
        create_date: key.created.map(|created| DateType(created.into())),
    }
}

/// IAM API, UpdateAccessKey; without a name, of who calls. Errors: NoSuchEntity, InvalidInput.
pub(in crate::ops) struct UpdateAccessKey;

impl Operation for UpdateAccessKey {
    type Input = UpdateAccessKeyRequest;
    type Output = NoOutput;

    fn check(input: &UpdateAccessKeyRequest) -> Result<(), Refusal> {
        match input.status {
            StatusType::Active | StatusType::Inactive => Ok(()),
            // IAM API, UpdateAccessKey: a status that only AWS gives.
            StatusType::Expired => {
                let text = text::STATUS_NOT_TO_BE_SET;
                Err(Refusal::new(QueryException::InvalidInput, text))
            }
        }
    }

    fn targets(input: &UpdateAccessKeyRequest) -> Vec<Target<'_>> {
        target(input.user_name.as_ref())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let owner = Owner::find(call, input.user_name.as_ref())?;
        let (version, mut key) = owner.key(call, &input.access_key_id)?;
        key.inactive = input.status != StatusType::Active;
        let changes = Changes::default().put_access_key(Expect::At(version), &key);
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

/// IAM API, DeleteAccessKey; without a name, of who calls. Errors: NoSuchEntity.
pub(in crate::ops) struct DeleteAccessKey;

impl Operation for DeleteAccessKey {
    type Input = DeleteAccessKeyRequest;
    type Output = NoOutput;

    fn targets(input: &DeleteAccessKeyRequest) -> Vec<Target<'_>> {
        target(input.user_name.as_ref())
    }

    async fn run(request: Authorized<'_, Self>) -> Result<NoOutput, Failure> {
        let (_turn, request) = in_turn(request).await?;
        let (call, input) = (request.call(), request.input());
        let owner = Owner::find(call, input.user_name.as_ref())?;
        let (version, key) = owner.key(call, &input.access_key_id)?;
        let changes = Changes::default().delete_access_key(&key.id, version);
        let changes = owner.with_keys(changes, |keys| keys.retain(|id| *id != key.id));
        request.commit(changes).await?;
        Ok(NoOutput)
    }
}

/// IAM API, GetAccessKeyLastUsed: known since the server started. Errors: NoSuchEntity.
pub(in crate::ops) struct GetAccessKeyLastUsed;

impl Operation for GetAccessKeyLastUsed {
    type Input = GetAccessKeyLastUsedRequest;
    type Output = GetAccessKeyLastUsedResponse;

    fn targets(input: &GetAccessKeyLastUsedRequest) -> Vec<Target<'_>> {
        let id = input.access_key_id.as_str();
        vec![Target::Entity(Entity::OwnerOfAccessKey(id))]
    }

    async fn run(request: Authorized<'_, Self>) -> Result<GetAccessKeyLastUsedResponse, Failure> {
        let (call, id) = (request.call(), &request.input().access_key_id);
        let records = &call.kms.records;
        let key = records.access_key(id.as_str())?.ok_or_else(|| absent(id))?;
        let user = match &key.record.user {
            Some(user) => records.user_with_id(user)?,
            None => None,
        };
        let used = call.kms.access_key_uses.of(id.as_str());
        Ok(GetAccessKeyLastUsedResponse {
            user_name: user.map(|user| user.record.entity.name.as_str().into()),
            access_key_last_used: Some(match used {
                Some(used) => AccessKeyLastUsed {
                    last_used_date: Some(DateType(used.time)),
                    service_name: used.service.into(),
                    region: used.region.as_str().into(),
                },
                None => AccessKeyLastUsed {
                    last_used_date: None,
                    service_name: NEVER.into(),
                    region: NEVER.into(),
                },
            }),
        })
    }
}
