//! Whether a Principal or NotPrincipal element speaks of a caller, and how closely.

use strongroom_base::id::AccountId;

use crate::case::{Caller, CallerKind, Word};
use crate::document::{Effect, Listed};
use crate::principal::{IdentityKind, Principal};

/// A Principal or NotPrincipal element, ready to be compared.
#[derive(Debug)]
pub(crate) struct Names(Listed<Name>);

#[derive(Debug)]
enum Name {
    Anyone,
    Account(AccountId),
    Identity(IdentityKind, Box<str>),
    UniqueId(Box<str>),
    Service(Box<str>),
    Provider(Box<str>),
    /// An account by its S3 canonical id, which no caller here has.
    Nobody,
}

impl Names {
    pub(crate) fn new(principals: &Listed<Principal>) -> Self {
        Self(principals.map(Name::new))
    }

    /// How closely a statement of this effect with this element names the caller; `None` when it does not.
    pub(crate) fn word(&self, effect: Effect, caller: &Caller<'_>) -> Option<Word> {
        match (&self.0, effect) {
            (Listed::These(names), _) => words(names, caller).max(),
            // The language has NotPrincipal with Allow; nobody safe uses it, so it never matches.
            (Listed::AllBut(_), Effect::Allow) => None,
            (Listed::AllBut(names), Effect::Deny) => {
                (!spares(names, caller)).then_some(Word::Direct)
            }
        }
    }
}

fn words(names: &[Name], caller: &Caller<'_>) -> impl Iterator<Item = Word> {
    names.iter().filter_map(|name| name.word(caller))
}

/// NotPrincipal spares a caller only if each of the caller's names is listed.
fn spares(names: &[Name], caller: &Caller<'_>) -> bool {
    let listed = |wanted| words(names, caller).any(|word| word == wanted);
    let everyone = names.iter().any(|name| name.is_anyone_to(caller));
    let needed: &[Word] = match caller.kind {
        CallerKind::Root | CallerKind::Service { .. } | CallerKind::WebIdentity { .. } => {
            &[Word::Direct]
        }
        CallerKind::User { .. } | CallerKind::FederatedUser => &[Word::Direct, Word::Account],
        CallerKind::RoleSession { .. } => &[Word::Direct, Word::Role, Word::Account],
    };
    everyone || needed.iter().all(|word| listed(*word))
}

impl Name {
    fn new(principal: &Principal) -> Self {
        match principal {
            Principal::Anyone => Self::Anyone,
            Principal::Account { account, .. } => Self::Account(*account),
            Principal::Identity { kind, arn, .. } => Self::Identity(*kind, arn.to_string().into()),
            Principal::UniqueId(id) => Self::UniqueId(id.as_str().into()),
            Principal::Service(name) => Self::Service(name.as_str().into()),
            Principal::Federated(provider) => Self::Provider(provider.as_str().into()),
            Principal::CanonicalUser(_) => Self::Nobody,
        }
    }

    fn is_anyone_to(&self, caller: &Caller<'_>) -> bool {
        let web = matches!(caller.kind, CallerKind::WebIdentity { .. });
        matches!(self, Self::Anyone) && !web
    }

    fn word(&self, caller: &Caller<'_>) -> Option<Word> {
        match self {
            Self::Anyone => self.is_anyone_to(caller).then_some(Word::Direct),
            Self::Account(account) => account_word(account, caller),
            Self::Identity(kind, arn) => identity_word(*kind, arn, caller),
            Self::UniqueId(id) => unique_id_word(id, caller.kind),
            Self::Service(name) => {
                let named = matches!(caller.kind, CallerKind::Service { principal } if principal == &**name);
                named.then_some(Word::Direct)
            }
            Self::Provider(name) => {
                let named = matches!(caller.kind, CallerKind::WebIdentity { provider } if provider == &**name);
                named.then_some(Word::Direct)
            }
            Self::Nobody => None,
        }
    }
}

fn account_word(account: &AccountId, caller: &Caller<'_>) -> Option<Word> {
    if *account != caller.account || caller.kind.is_outside_accounts() {
        return None;
    }
    match caller.kind {
        CallerKind::Root => Some(Word::Direct),
        _ => Some(Word::Account),
    }
}

fn identity_word(kind: IdentityKind, arn: &str, caller: &Caller<'_>) -> Option<Word> {
    let (own, word) = match (kind, caller.kind) {
        (IdentityKind::User, CallerKind::User { .. })
        | (IdentityKind::AssumedRoleSession, CallerKind::RoleSession { .. })
        | (IdentityKind::FederatedUserSession, CallerKind::FederatedUser) => {
            (caller.arn, Word::Direct)
        }
        (IdentityKind::Role, CallerKind::RoleSession { role_arn, .. }) => (role_arn, Word::Role),
        _ => return None,
    };
    (own == arn).then_some(word)
}

fn unique_id_word(id: &str, kind: CallerKind<'_>) -> Option<Word> {
    match kind {
        CallerKind::User { id: own } if own == id => Some(Word::Direct),
        CallerKind::RoleSession { session_id, .. } if session_id == id => Some(Word::Direct),
        CallerKind::RoleSession { role_id, .. } if role_id == id => Some(Word::Role),
        _ => None,
    }
}
