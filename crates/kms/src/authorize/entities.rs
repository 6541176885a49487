//! What IAM, STS and CloudTrail act on, as decisions see it: ARN, tags and boundary of what is named. Names are looked up without regard
//! to case, but decided on is always the ARN of the record: no other spelling gets around a policy.

use strongroom_aws::error::QueryException;
use strongroom_aws::text::iam as text;

use crate::call::Call;
use crate::failure::{Failure, refuse_with};
use crate::iam::{Identity, federated_user_arn, iam_arn, policy_with_arn, reference_arn, root_arn};
use crate::records::{self, PoliciesRecord, PolicyReference, TagRecord, UserRecord};
use crate::repository::{EntityName, TrailName};

/// IAM User Guide, "Permissions boundaries for IAM entities": these actions see the boundary that the user or role
/// has, so that who manages others cannot give them more. The actions that set a boundary see the one they set.
const ACTIONS_UNDER_BOUNDARY: [&str; 10] = [
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteUserPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
];

/// Something in the caller's account that identity policies name by ARN.
#[derive(Clone, Copy)]
pub enum Entity<'i> {
    /// The user who calls, or the root. Errors: ValidationError when anybody else calls.
    Caller,
    /// A user, by name.
    User(&'i str),
    /// A group, by name.
    Group(&'i str),
    /// A role, by name.
    Role(&'i str),
    /// A federated user, by name; its sessions are all there is of it.
    FederatedUser(&'i str),
    /// What will be a user, group, role or managed policy: `user`, its path and its name.
    New(&'static str, &'i str, &'i str),
    /// What a user or group will be: `user` or `group`, its name, and the path and name that it gets.
    Renamed(&'static str, &'i str, Option<&'i str>, Option<&'i str>),
    /// The user or root that has an access key, by its id. Errors: NoSuchEntity.
    OwnerOfAccessKey(&'i str),
    /// A managed policy, or whatever else has an ARN of its own.
    Arn(&'i str),
    /// A trail, by name in the Region called, or by ARN. Errors: InvalidTrailNameException,
    /// CloudTrailARNInvalidException.
    Trail(&'i str),
}

/// An entity after its look-up.
#[derive(Default)]
pub(super) struct Known {
    pub arn: String,
    pub tags: Vec<TagRecord>,
    boundary: Option<PolicyReference>,
}

impl Known {
    /// The ARN of its boundary, if `action` is one that sees it.
    pub(super) fn boundary_for(
        &self,
        call: &Call<'_>,
        action: &str,
    ) -> Result<Option<String>, Failure> {
        let boundary = self.boundary.as_ref();
        let seen = boundary.filter(|_| ACTIONS_UNDER_BOUNDARY.contains(&action));
        seen.map(|boundary| reference_arn(&call.kms.records, &call.caller, boundary))
            .transpose()
    }

    fn of_arn(arn: String) -> Self {
        Self {
            arn,
            ..Self::default()
        }
    }

    fn with(self, tags: &[TagRecord], policies: &PoliciesRecord) -> Self {
        Self {
            tags: tags.to_vec(),
            boundary: policies.boundary.clone(),
            ..self
        }
    }
}

impl Entity<'_> {
    /// What it is now. What does not exist is where it would be made by default.
    pub(super) fn look_up(&self, call: &Call<'_>) -> Result<Known, Failure> {
        let records = &call.kms.records;
        let place = |name| EntityName::new(call.caller.account, name);
        match *self {
            Self::Caller => caller(call),
            Self::User(name) => Ok(match records.user(&place(name))? {
                Some(user) => of_user(call, &user.record),
                None => at(call, "user", "/", name),
            }),
            Self::Group(name) => Ok(match records.group(&place(name))? {
                Some(group) => of(call, "group", &group.record.entity),
                None => at(call, "group", "/", name),
            }),
            Self::Role(name) => Ok(match records.role(&place(name))? {
                Some(role) => of(call, "role", &role.record.entity)
                    .with(&role.record.tags, &role.record.policies),
                None => at(call, "role", "/", name),
            }),
            Self::FederatedUser(name) => Ok(federated_user(call, name)),
            Self::New(kind, path, name) => Ok(at(call, kind, path, name)),
            Self::Renamed(kind, name, new_path, new_name) => {
                renamed(call, kind, name, (new_path, new_name))
            }
            Self::OwnerOfAccessKey(id) => owner(call, id),
            Self::Arn(arn) => with_arn(call, arn),
            Self::Trail(reference) => trail(call, reference),
        }
    }
}

fn at(call: &Call<'_>, kind: &str, path: &str, name: &str) -> Known {
    let (partition, account) = (call.caller.partition(), &call.caller.account);
    let resource = format!("{kind}{path}{name}");
    Known::of_arn(iam_arn(partition, account, &resource))
}

fn of(call: &Call<'_>, kind: &str, entity: &records::Entity) -> Known {
    at(call, kind, &entity.path, &entity.name)
}

fn of_user(call: &Call<'_>, user: &UserRecord) -> Known {
    of(call, "user", &user.entity).with(&user.tags, &user.policies)
}

fn root(call: &Call<'_>) -> Known {
    let caller = &call.caller;
    Known::of_arn(root_arn(caller.partition(), &caller.account))
}

fn federated_user(call: &Call<'_>, name: &str) -> Known {
    let caller = &call.caller;
    Known::of_arn(federated_user_arn(
        caller.partition(),
        &caller.account,
        name,
    ))
}

/// IAM API, GetUser: without a name the user is the one whose access key signed.
fn caller(call: &Call<'_>) -> Result<Known, Failure> {
    match &call.caller.identity {
        Identity::Root => Ok(root(call)),
        Identity::User(user) => Ok(of_user(call, &user.record)),
        Identity::Role(..) | Identity::FederatedUser(_) | Identity::Service | Identity::Web(_) => {
            Err(refuse_with(
                QueryException::Validation,
                text::USER_NAME_REQUIRED,
            ))
        }
    }
}

/// IAM API, UpdateUser, UpdateGroup: the permission is needed on what it was and on what it will be.
fn renamed(
    call: &Call<'_>,
    kind: &str,
    name: &str,
    (new_path, new_name): (Option<&str>, Option<&str>),
) -> Result<Known, Failure> {
    let place = EntityName::new(call.caller.account, name);
    let records = &call.kms.records;
    let entity = match kind {
        "user" => records.user(&place)?.map(|user| user.record.entity.clone()),
        _ => {
            let group = records.group(&place)?;
            group.map(|group| group.record.entity.clone())
        }
    };
    let (path, name) = match &entity {
        Some(entity) => (entity.path.as_str(), entity.name.as_str()),
        None => ("/", name),
    };
    let (path, name) = (new_path.unwrap_or(path), new_name.unwrap_or(name));
    Ok(at(call, kind, path, name))
}

fn owner(call: &Call<'_>, id: &str) -> Result<Known, Failure> {
    let records = &call.kms.records;
    let absent = || refuse_with(QueryException::NoSuchEntity, text::no_such_access_key(id));
    let key = records.access_key(id)?;
    let own = key.filter(|key| key.record.account == call.caller.account);
    let key = own.ok_or_else(absent)?;
    let Some(user) = &key.record.user else {
        return Ok(root(call));
    };
    let user = records.user_with_id(user)?.ok_or_else(absent)?;
    Ok(of_user(call, &user.record))
}

/// A trail with its tags; another account's has none that count here.
fn trail(call: &Call<'_>, reference: &str) -> Result<Known, Failure> {
    let account = &call.caller.account;
    let name = TrailName::parse(reference, account, &call.region)?;
    let found = match name.account == *account {
        true => call.kms.records.trail(&name)?,
        false => None,
    };
    Ok(Known {
        arn: name.arn(),
        tags: found.map_or_else(Vec::new, |trail| trail.record.tags),
        boundary: None,
    })
}

fn with_arn(call: &Call<'_>, arn: &str) -> Result<Known, Failure> {
    let policy = policy_with_arn(&call.kms.records, &call.caller, arn)?;
    Ok(Known {
        arn: arn.to_owned(),
        tags: policy.map_or_else(Vec::new, |policy| policy.record.tags.clone()),
        boundary: None,
    })
}
