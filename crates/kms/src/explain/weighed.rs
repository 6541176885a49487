//! The policies of a decision with their documents, so that the statement that decided can be shown.

use std::collections::BTreeSet;

use strongroom_policy::{
    At, Decision, Denial, Grammar, Outcome, Policy, PolicyType, statement_places,
};

use super::asked::Resource;
use super::{MatchedStatement, PolicyWeighed, Unexplained, keys_of, type_name};
use crate::authorize::Asked;
use crate::failure::Failure;
use crate::iam::{Document, Holder, Identity, PolicyName, documents_of, show};
use crate::ops::key_policy_document;
use crate::records::Unreadable;

/// Every policy that has a say, in the order in which a decision counts those of its type.
pub(super) struct Weighed(Vec<One>);

struct One {
    policy_type: PolicyType,
    name: String,
    document: String,
    policy: Policy,
}

impl One {
    fn new(
        policy_type: PolicyType,
        name: String,
        document: String,
        grammar: Grammar,
    ) -> Result<Self, Unreadable> {
        let policy = Policy::parse_kept(&document, grammar).map_err(|_| Unreadable)?;
        Ok(Self {
            policy_type,
            name,
            document,
            policy,
        })
    }

    fn own(policy_type: PolicyType, document: Document) -> Result<Self, Unreadable> {
        let name = name_of(&document);
        Self::new(policy_type, name, document.text, Grammar::Identity)
    }

    fn statement(&self, number: usize) -> Option<MatchedStatement> {
        let places = statement_places(&self.document).ok()?;
        let text = self.document.get(places.get(number)?.text.clone())?;
        Some(MatchedStatement {
            policy_type: type_name(self.policy_type).to_owned(),
            policy: self.name.clone(),
            number: number + 1,
            sid: self.policy.statements().get(number)?.sid.clone(),
            text: text.to_owned(),
        })
    }
}

impl Weighed {
    /// Reads every policy that has a say when `asked` decides on `resource`.
    pub(super) fn of(asked: &Asked<'_>, resource: &Resource) -> Result<Self, Unexplained> {
        let mut all = Vec::new();
        all.extend(guardrail(asked)?);
        all.extend(of_resource(asked, resource)?);
        let own = documents_of(&asked.kms.records, asked.caller)?;
        for (policy_type, documents) in [
            (PolicyType::Identity, own.identity),
            (PolicyType::Boundary, own.boundary.into_iter().collect()),
            (PolicyType::Session, own.session.unwrap_or_default()),
        ] {
            for document in documents {
                all.push(One::own(policy_type, document)?);
            }
        }
        Ok(Self(all))
    }

    /// The condition keys and variables that the policies ask for, as they are compared.
    pub(super) fn condition_keys(&self) -> Vec<String> {
        let keys: BTreeSet<String> = self.0.iter().flat_map(|one| keys_of(&one.policy)).collect();
        keys.into_iter().collect()
    }

    /// All of them by name.
    pub(super) fn listed(&self) -> Vec<PolicyWeighed> {
        let all = self.0.iter();
        all.map(|one| PolicyWeighed {
            policy_type: type_name(one.policy_type).to_owned(),
            policy: one.name.clone(),
        })
        .collect()
    }

    /// The statements that made `decision`. Fails when a policy was changed since it was decided by.
    pub(super) fn statements(&self, decision: &Decision) -> Result<Vec<MatchedStatement>, Failure> {
        let matched = &decision.matched;
        let ats = match decision.outcome {
            Outcome::Denied(Denial::Explicit(at)) => vec![at],
            Outcome::Denied(Denial::Missing(_) | Denial::Undetermined) => Vec::new(),
            Outcome::Allowed => [
                matched.guardrail,
                matched.resource,
                matched.identity,
                matched.boundary,
                matched.session,
            ]
            .into_iter()
            .flatten()
            .collect(),
        };
        ats.into_iter().map(|at| self.at(at)).collect()
    }

    fn at(&self, at: At) -> Result<MatchedStatement, Failure> {
        let mut of_type = self
            .0
            .iter()
            .filter(|one| one.policy_type == at.policy_type);
        let found = of_type.nth(at.policy);
        found
            .and_then(|one| one.statement(at.statement))
            .ok_or(Failure::Conflict)
    }
}

fn guardrail(asked: &Asked<'_>) -> Result<Option<One>, Unexplained> {
    let account = asked.caller.account;
    if matches!(asked.caller.identity, Identity::Service) {
        return Ok(None);
    }
    let record = asked.kms.records.account(&account)?;
    let Some(document) = record.and_then(|stored| stored.record.guardrail) else {
        return Ok(None);
    };
    let name = format!("guardrail of account {account}");
    let guardrail = One::new(PolicyType::Guardrail, name, document, Grammar::Identity)?;
    Ok(Some(guardrail))
}

fn of_resource(asked: &Asked<'_>, resource: &Resource) -> Result<Option<One>, Unexplained> {
    let one = |name, document, grammar| One::new(PolicyType::Resource, name, document, grammar);
    Ok(match resource {
        Resource::Nothing | Resource::Own(..) => None,
        Resource::Key(key, _) => {
            let document = key_policy_document(asked.kms, key)?;
            Some(one(
                format!("key policy of {}", key.arn),
                document,
                Grammar::Key,
            )?)
        }
        Resource::Role(arn, role) => {
            let trust = Policy::parse_kept(&role.record.trust, Grammar::Trust);
            let trust = trust.map_err(|_| Unreadable)?;
            let shown = show(&asked.kms.records, &trust, asked.region.partition())?;
            let name = format!("trust policy of {arn}");
            Some(one(name, shown.to_pretty(), Grammar::Trust)?)
        }
    })
}

fn name_of(document: &Document) -> String {
    let holder = match &document.holder {
        Holder::User(name) => format!("user {name}"),
        Holder::Group(name) => format!("group {name}"),
        Holder::Role(name) => format!("role {name}"),
        Holder::Session => "the session".to_owned(),
        Holder::Root => "the root".to_owned(),
    };
    match &document.name {
        PolicyName::Inline(name) => format!("inline policy {name} of {holder}"),
        PolicyName::Managed(arn) => format!("{arn} of {holder}"),
        PolicyName::Session => "inline policy of the session".to_owned(),
    }
}
