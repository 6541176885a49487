//! Whom a statement speaks of. Shapes only: whether the principal exists is the caller's question.

use strongroom_base::id::AccountId;

use crate::arn::Arn;

/// A principal of a key policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// `*` or `{"AWS": "*"}`: everyone.
    Anyone,
    /// An account as a whole, by bare id or by the ARN of its root.
    Account {
        /// The account.
        account: AccountId,
        /// The partition, when written as an ARN.
        partition: Option<String>,
    },
    /// One identity of an account, by ARN.
    Identity {
        /// What it is.
        kind: IdentityKind,
        /// The account it belongs to.
        account: AccountId,
        /// The ARN as written.
        arn: Arn,
    },
    /// An identity by its unique id (`AIDA…`, `AROA…`), as stored policies show deleted ones.
    UniqueId(String),
    /// `{"Service": …}`: an AWS service.
    Service(String),
    /// `{"Federated": …}`: an identity provider.
    Federated(String),
    /// `{"CanonicalUser": …}`: an account by its S3 canonical id.
    CanonicalUser(String),
}

/// What the ARN of a principal names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// An IAM user.
    User,
    /// An IAM role, and so all its sessions.
    Role,
    /// One session of a role.
    AssumedRoleSession,
    /// One session of GetFederationToken.
    FederatedUserSession,
}

impl Principal {
    /// The principal that `value` means under the member `kind` of a Principal element; `None` when it
    /// can be none. Groups are no principals, and wildcards stand alone.
    pub fn parse(kind: &str, value: &str) -> Option<Self> {
        match kind {
            "AWS" => Self::parse_aws(value),
            "Service" => is_host(value).then(|| Self::Service(value.to_owned())),
            "Federated" => is_provider(value).then(|| Self::Federated(value.to_owned())),
            "CanonicalUser" => is_canonical(value).then(|| Self::CanonicalUser(value.to_owned())),
            _ => None,
        }
    }

    fn parse_aws(value: &str) -> Option<Self> {
        if value == "*" {
            return Some(Self::Anyone);
        }
        if let Ok(account) = value.parse() {
            return Some(Self::Account {
                account,
                partition: None,
            });
        }
        if is_unique_id(value) {
            return Some(Self::UniqueId(value.to_owned()));
        }
        Self::parse_arn(value)
    }

    fn parse_arn(value: &str) -> Option<Self> {
        let arn: Arn = value.parse().ok().filter(|_| !value.contains(['*', '?']))?;
        let account = arn.account().parse().ok()?;
        if !arn.region().is_empty() {
            return None;
        }
        if (arn.service(), arn.resource()) == ("iam", "root") {
            let partition = Some(arn.partition().to_owned());
            return Some(Self::Account { account, partition });
        }
        let kind = identity_kind(&arn)?;
        Some(Self::Identity { kind, account, arn })
    }

    /// Whether this is `account` as a whole.
    pub fn is_account(&self, account: &AccountId) -> bool {
        matches!(self, Self::Account { account: own, .. } if own == account)
    }
}

/// IAM User Guide, "AWS JSON policy elements: Principal".
fn identity_kind(arn: &Arn) -> Option<IdentityKind> {
    let (kind, name) = arn.resource().split_once('/')?;
    let well_formed = !name.is_empty() && !name.starts_with('/') && !name.ends_with('/');
    let kind = match (arn.service(), kind, name.split('/').count()) {
        ("iam", "user", _) => IdentityKind::User,
        ("iam", "role", _) => IdentityKind::Role,
        ("sts", "assumed-role", 2) => IdentityKind::AssumedRoleSession,
        ("sts", "federated-user", 1) => IdentityKind::FederatedUserSession,
        _ => return None,
    };
    well_formed.then_some(kind)
}

/// IAM User Guide, "Unique identifiers": a four-letter prefix that begins with A, then capitals and digits.
/// A role's session may follow after a colon.
fn is_unique_id(value: &str) -> bool {
    let (id, session) = value.split_once(':').unwrap_or((value, "session"));
    let capital = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (16..=128).contains(&id.len())
        && id.starts_with('A')
        && id.bytes().all(capital)
        && !session.is_empty()
}

fn is_host(value: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    value.contains('.') && value.bytes().all(allowed)
}

fn is_provider(value: &str) -> bool {
    is_host(value) || value.parse::<Arn>().is_ok_and(|arn| arn.service() == "iam")
}

fn is_canonical(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}
