//! Who calls, and what policies may ask of them. Never what they may: that is decided in `policy`.

use std::sync::Arc;

use strongroom_base::id::{AccountId, Region};
use strongroom_policy::{self as policy, CallerKind, CompiledPolicy, Grammar, folded};

use super::principals::{federated_user_arn, role_arn, root_arn, session_arn, user_arn};
use super::{Role, User, compile};
use crate::failure::Failure;
use crate::oidc::WebIdentity;
use crate::records::{AccessKeyRecord, SessionOf, SessionRecord, TagRecord, Unreadable};
use crate::repository::Repository;

/// An authenticated principal.
#[derive(Clone)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The access key that signed; "" of a service on its own socket.
    pub access_key_id: String,
    /// The principal's ARN; of a service its name.
    pub arn: String,
    /// aws:userid: the account of a root, `AIDA…` of a user, `AROA…:name` of a role's session,
    /// `account:name` of a federated user.
    pub user_id: String,
    /// What it is.
    pub(crate) identity: Identity,
    /// The session that temporary credentials belong to.
    pub(crate) session: Option<Arc<Session>>,
}

/// What a caller is.
#[derive(Clone)]
pub(crate) enum Identity {
    /// The root of the account.
    Root,
    /// A user.
    User(Arc<User>),
    /// A session of a role, with the role's ARN.
    Role(Arc<Role>, String),
    /// A federated user of a user, or of the root.
    FederatedUser(Option<Arc<User>>),
    /// A service.
    Service,
    /// Whoever sends an unsigned request: whom a token vouches for, once it is verified.
    Web(Option<Arc<WebIdentity>>),
}

/// A session with its inline policy compiled.
pub(crate) struct Session {
    /// What its token says.
    pub record: SessionRecord,
    /// Its inline policy.
    pub policy: Option<Arc<CompiledPolicy>>,
}

impl Session {
    /// The session that a token says. Errors: a session policy that cannot be read.
    pub(crate) fn new(record: SessionRecord) -> Result<Self, Unreadable> {
        let policy = record.policy.as_deref();
        let policy = policy.map(|document| compile(document, Grammar::Identity).map(Arc::new));
        Ok(Self {
            policy: policy.transpose()?,
            record,
        })
    }
}

impl Caller {
    /// The root of `account`; the partition is that of the Region called.
    pub fn root(account: AccountId, access_key_id: String, region: &Region) -> Self {
        Self {
            account,
            access_key_id,
            arn: root_arn(region.partition(), &account),
            user_id: account.to_string(),
            identity: Identity::Root,
            session: None,
        }
    }

    /// The user.
    pub(crate) fn user(user: Arc<User>, access_key_id: String, region: &Region) -> Self {
        let entity = &user.record.entity;
        Self {
            account: entity.account,
            access_key_id,
            arn: user_arn(region.partition(), entity),
            user_id: entity.id.clone(),
            identity: Identity::User(user),
            session: None,
        }
    }

    /// A service on its own socket, acting in `account`.
    pub(crate) fn service(principal: &str, account: AccountId) -> Self {
        Self {
            account,
            access_key_id: String::new(),
            arn: principal.to_owned(),
            user_id: principal.to_owned(),
            identity: Identity::Service,
            session: None,
        }
    }

    /// Whoever sends an unsigned request about `account`. `provider` is the name under which trust policies may
    /// know who vouches: host or ARN; "" names nobody.
    pub(crate) fn web_identity(
        account: AccountId,
        provider: &str,
        identity: Option<Arc<WebIdentity>>,
    ) -> Self {
        Self {
            account,
            access_key_id: String::new(),
            arn: provider.to_owned(),
            user_id: String::new(),
            identity: Identity::Web(identity),
            session: None,
        }
    }

    /// Whose long-term access key it is; `None` when its user is gone.
    pub(crate) fn of_access_key(
        records: &Repository,
        key: &AccessKeyRecord,
        region: &Region,
    ) -> Result<Option<Self>, Failure> {
        let Some(id) = &key.user else {
            return Ok(Some(Self::root(key.account, key.id.clone(), region)));
        };
        let user = records.user_with_id(id)?;
        Ok(user.map(|user| Self::user(user, key.id.clone(), region)))
    }

    /// Whose session it is; `None` when the user or role is gone.
    pub(crate) fn of_session(
        records: &Repository,
        session: Arc<Session>,
        region: &Region,
    ) -> Result<Option<Self>, Failure> {
        let key_id = session.record.access_key_id.clone();
        let caller = match &session.record.of {
            SessionOf::Root(account) => Some(Self::root(*account, key_id, region)),
            SessionOf::User(id) => {
                let user = records.user_with_id(id)?;
                user.map(|user| Self::user(user, key_id, region))
            }
            SessionOf::Role(id) => {
                let role = records.role_with_id(id)?;
                role.map(|role| Self::role(role, &session.record, region))
            }
            SessionOf::FederatedByRoot(account) => {
                Some(Self::federated(*account, None, &session.record, region))
            }
            SessionOf::FederatedByUser(id) => {
                let user = records.user_with_id(id)?;
                user.map(|user| {
                    let account = user.record.entity.account;
                    Self::federated(account, Some(user), &session.record, region)
                })
            }
        };
        Ok(caller.map(|caller| Self {
            session: Some(session),
            ..caller
        }))
    }

    fn role(role: Arc<Role>, session: &SessionRecord, region: &Region) -> Self {
        let entity = &role.record.entity;
        let arn = role_arn(region.partition(), entity);
        Self {
            account: entity.account,
            access_key_id: session.access_key_id.clone(),
            arn: session_arn(region.partition(), entity, &session.name),
            user_id: format!("{}:{}", entity.id, session.name),
            identity: Identity::Role(role, arn),
            session: None,
        }
    }

    fn federated(
        account: AccountId,
        user: Option<Arc<User>>,
        session: &SessionRecord,
        region: &Region,
    ) -> Self {
        Self {
            account,
            access_key_id: session.access_key_id.clone(),
            arn: federated_user_arn(region.partition(), &account, &session.name),
            user_id: format!("{account}:{}", session.name),
            identity: Identity::FederatedUser(user),
            session: None,
        }
    }

    /// The caller as policies speak of it.
    pub(crate) fn principal(&self) -> policy::Caller<'_> {
        let kind = match &self.identity {
            Identity::Root => CallerKind::Root,
            Identity::User(_) => CallerKind::User { id: &self.user_id },
            Identity::Role(role, arn) => CallerKind::RoleSession {
                role_arn: arn,
                role_id: &role.record.entity.id,
                session_id: &self.user_id,
            },
            Identity::FederatedUser(_) => CallerKind::FederatedUser,
            Identity::Service => CallerKind::Service {
                principal: &self.arn,
            },
            Identity::Web(_) => CallerKind::WebIdentity {
                provider: &self.arn,
            },
        };
        policy::Caller {
            account: self.account,
            arn: &self.arn,
            kind,
        }
    }

    /// The partition of the Region called.
    pub(crate) fn partition(&self) -> &str {
        let mut parts = self.arn.split(':');
        match (parts.next(), parts.next()) {
            (Some("arn"), Some(partition)) => partition,
            _ => "aws",
        }
    }

    /// aws:PrincipalArn: of a session of a role, the role's.
    pub(crate) fn principal_arn(&self) -> &str {
        match &self.identity {
            Identity::Role(_, arn) => arn,
            Identity::Root
            | Identity::User(_)
            | Identity::FederatedUser(_)
            | Identity::Service
            | Identity::Web(_) => &self.arn,
        }
    }

    /// aws:PrincipalType.
    pub(crate) fn principal_type(&self) -> &'static str {
        match self.identity {
            Identity::Root => "Account",
            Identity::User(_) => "User",
            Identity::Role(..) => "AssumedRole",
            Identity::FederatedUser(_) => "FederatedUser",
            Identity::Service => "Service",
            Identity::Web(_) => "FederatedUser",
        }
    }

    /// The tag whose key is `key`, in lower case, for aws:PrincipalTag: those of the session come before those of the user
    /// or role.
    pub(crate) fn tag(&self, key: &str) -> Option<&str> {
        let of_session = self.session.as_deref().map(|session| &session.record.tags);
        let own = match &self.identity {
            Identity::User(user) => Some(&user.record.tags),
            Identity::Role(role, _) => Some(&role.record.tags),
            Identity::Root | Identity::FederatedUser(_) | Identity::Service | Identity::Web(_) => {
                None
            }
        };
        let all = [of_session, own].into_iter().flatten().flatten();
        let named = |tag: &&TagRecord| folded(&tag.key) == key;
        all.into_iter().find(named).map(|tag| tag.value.as_str())
    }

    /// The tags of the caller's session that sessions it begins inherit.
    pub(crate) fn transitive_tags(&self) -> impl Iterator<Item = &TagRecord> {
        let record = self.session.as_deref().map(|session| &session.record);
        let inherited = |session: &'_ SessionRecord, tag: &TagRecord| {
            let mut keys = session.transitive.iter();
            keys.any(|key| folded(key) == folded(&tag.key))
        };
        record.into_iter().flat_map(move |session| {
            let tags = session.tags.iter();
            tags.filter(move |tag| inherited(session, tag))
        })
    }

    /// STS API, GetSessionToken and GetFederationToken: without a second factor, their sessions cannot call IAM.
    pub(crate) fn is_barred_from_iam(&self) -> bool {
        self.session.is_some() && !matches!(self.identity, Identity::Role(..))
    }

    /// The source identity of the caller's session, which sessions it begins inherit.
    pub(crate) fn source_identity(&self) -> Option<&str> {
        let session = self.session.as_deref()?;
        session.record.source_identity.as_deref()
    }
}
