//! Policies: reading, rewriting their principals, and the few questions asked of key policies without
//! evaluating. Never answers that a policy is safer than it is.

use std::collections::BTreeSet;

use strongroom_base::id::AccountId;

use crate::document::{Condition, Effect, Listed, Statement, Version};
use crate::error::PolicyError;
use crate::json::Json;
use crate::parse;
use crate::pattern::is_everything;
use crate::principal::Principal;
use crate::template::Template;

/// The largest key policy, in bytes (KMS Developer Guide, "Resource quotas").
pub const DOCUMENT_BYTES_MAX: usize = 32_768;

/// The largest identity or trust policy read, in bytes (IAM API, policyDocumentType: 131,072 characters).
pub const IDENTITY_DOCUMENT_BYTES_MAX: usize = 131_072;

/// What a document may and must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// Identity policies, boundaries, session policies and guardrails: no principals and no Id; Action and
    /// Resource required, ARNs possibly incomplete; Sids of letters and digits.
    Identity,
    /// Key policies and those of other resources: principals required.
    Key,
    /// Trust policies of roles: principals required, no Resource.
    Trust,
}

impl Grammar {
    /// The largest document, in bytes.
    pub fn document_bytes_max(self) -> usize {
        match self {
            Self::Key => DOCUMENT_BYTES_MAX,
            Self::Identity | Self::Trust => IDENTITY_DOCUMENT_BYTES_MAX,
        }
    }
}

/// A policy whose grammar has been checked; its principals may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    json: Json,
    grammar: Grammar,
    version: Version,
    id: Option<String>,
    statements: Vec<Statement>,
}

impl Policy {
    /// Reads a policy document of this grammar, of at most [`Grammar::document_bytes_max`] bytes.
    pub fn parse(text: &str, grammar: Grammar) -> Result<Self, PolicyError> {
        let limit = grammar.document_bytes_max();
        if text.len() > limit {
            return Err(PolicyError::TooLarge { limit });
        }
        Self::parse_kept(text, grammar)
    }

    /// Reads a document that was accepted, as [`Policy::to_pretty`] wrote it: that may be longer than what was accepted.
    pub fn parse_kept(text: &str, grammar: Grammar) -> Result<Self, PolicyError> {
        if !only_allowed_characters(text) {
            return Err(PolicyError::Character);
        }
        Self::from_json(Json::parse(text)?, grammar)
    }

    fn from_json(json: Json, grammar: Grammar) -> Result<Self, PolicyError> {
        // An escape must not bring in what could not be written back.
        if !json.all_text(only_allowed_characters) {
            return Err(PolicyError::Character);
        }
        let parse::Document {
            version,
            id,
            statements,
        } = parse::document(&json, grammar)?;
        Ok(Self {
            json,
            grammar,
            version,
            id,
            statements,
        })
    }

    /// The same policy with other principals: `change` is given the member (`AWS`, `Service`, …) and the value
    /// of each, and answers the new value, or `None` to keep it. The bare `*` is kept. All else stays as it was,
    /// order included. Fails when a new value is no principal.
    pub fn map_principals(
        &self,
        mut change: impl FnMut(&str, &str) -> Option<String>,
    ) -> Result<Self, PolicyError> {
        let mut json = self.json.clone();
        for element in principal_elements(&mut json) {
            let Json::Object(members) = element else {
                continue;
            };
            for (member, values) in members {
                for value in texts(values) {
                    *value = change(member, value).unwrap_or_else(|| std::mem::take(value));
                }
            }
        }
        Self::from_json(json, self.grammar)
    }

    /// What the document was read as.
    pub fn grammar(&self) -> Grammar {
        self.grammar
    }

    /// The condition keys and variables that the policy asks for, as written.
    pub fn condition_keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for statement in &self.statements {
            let resources = statement.resources.iter().flat_map(Listed::values);
            for resource in resources {
                let last = resource.splitn(6, ':').nth(5).unwrap_or_default();
                self.add_variables(last, &mut keys);
            }
            for condition in &statement.conditions {
                self.add_keys(condition, &mut keys);
            }
        }
        keys
    }

    fn add_keys(&self, condition: &Condition, keys: &mut BTreeSet<String>) {
        keys.insert(condition.key.clone());
        if condition.operator.comparison.has_variables() {
            for value in &condition.values {
                self.add_variables(value, keys);
            }
        }
    }

    fn add_variables(&self, text: &str, keys: &mut BTreeSet<String>) {
        if let Ok(template) = Template::parse(text, self.version) {
            keys.extend(template.variables().map(str::to_owned));
        }
    }

    /// The version of the policy language.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The document's Id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The statements, at least one, in document order.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Every principal any statement names, for the check that they exist.
    pub fn principals(&self) -> impl Iterator<Item = &Principal> {
        self.statements
            .iter()
            .filter_map(|statement| statement.principals.as_ref())
            .flat_map(Listed::values)
    }

    /// The document as GetKeyPolicy shows it: members in their written order, pretty-printed.
    pub fn to_pretty(&self) -> String {
        self.json.to_pretty()
    }

    /// Whether the policy gives the root of `account` all that [`default_key_policy`] gives it: some
    /// statement allows the account `kms:*` on `*` without conditions, and none denies anything to anyone.
    pub fn delegates_everything_to(&self, account: &AccountId) -> bool {
        let statements = &self.statements;
        statements.iter().all(|one| one.effect == Effect::Allow)
            && statements
                .iter()
                .any(|one| allows_everything_to(one, account))
    }
}

/// The policy KMS gives a key created without one.
pub fn default_key_policy(partition: &str, account: &AccountId) -> String {
    format!(
        r#"{{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {{
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {{
      "AWS" : "arn:{partition}:iam::{account}:root"
    }},
    "Action" : "kms:*",
    "Resource" : "*"
  }} ]
}}"#
    )
}

/// The characters of a document that count against IAM's quotas: all but white space (IAM User Guide, "IAM and
/// AWS STS quotas").
pub fn counted_characters(text: &str) -> usize {
    let counted = text
        .chars()
        .filter(|character| !character.is_ascii_whitespace());
    counted.count()
}

/// The Principal and NotPrincipal elements of a document.
fn principal_elements(document: &mut Json) -> impl Iterator<Item = &mut Json> {
    let statements = members(document).filter(|(name, _)| name == "Statement");
    let statements = statements.flat_map(|(_, value)| items(value));
    let elements = statements.flat_map(members);
    let elements = elements.filter(|(name, _)| name == "Principal" || name == "NotPrincipal");
    elements.map(|(_, value)| value)
}

fn members(json: &mut Json) -> std::slice::IterMut<'_, (String, Json)> {
    match json {
        Json::Object(members) => members.iter_mut(),
        _ => [].iter_mut(),
    }
}

/// The items of a list; a value may stand for the list of itself.
fn items(json: &mut Json) -> std::slice::IterMut<'_, Json> {
    match json {
        Json::Array(items) => items.iter_mut(),
        single => std::slice::from_mut(single).iter_mut(),
    }
}

fn texts(json: &mut Json) -> impl Iterator<Item = &mut String> {
    items(json).filter_map(|item| match item {
        Json::String(text) => Some(text),
        _ => None,
    })
}

fn only_allowed_characters(text: &str) -> bool {
    text.chars()
        .all(|character| matches!(character, '\t' | '\n' | '\r' | ' '..='\u{ff}'))
}

fn allows_everything_to(statement: &Statement, account: &AccountId) -> bool {
    let has = |listed: &Option<Listed<String>>, all: &str| match listed {
        Some(Listed::These(values)) => values
            .iter()
            .any(|value| is_everything(value) || value.eq_ignore_ascii_case(all)),
        Some(Listed::AllBut(_)) | None => false,
    };
    let to_account = match &statement.principals {
        Some(Listed::These(values)) => values.iter().any(|value| value.is_account(account)),
        Some(Listed::AllBut(_)) | None => false,
    };
    statement.effect == Effect::Allow
        && statement.conditions.is_empty()
        && to_account
        && has(&statement.actions, "kms:*")
        && has(&statement.resources, "*")
}

#[cfg(test)]
mod tests;
