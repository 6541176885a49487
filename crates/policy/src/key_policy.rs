//! Key policies: reading, the default one, and the few questions asked of them without evaluating. Never
//! answers that a policy is safer than it is.

use strongroom_base::id::AccountId;

use crate::document::{Effect, Listed, Statement, Version};
use crate::error::PolicyError;
use crate::json::Json;
use crate::parse;
use crate::pattern::{is_everything, matches_ignoring_case};
use crate::principal::Principal;

/// The largest key policy, in bytes (KMS Developer Guide, "Resource quotas").
pub const DOCUMENT_BYTES_MAX: usize = 32_768;

const PUT_KEY_POLICY: &str = "kms:PutKeyPolicy";

/// A key policy whose grammar has been checked; its principals may not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPolicy {
    json: Json,
    version: Version,
    id: Option<String>,
    statements: Vec<Statement>,
}

impl KeyPolicy {
    /// Reads a policy document of the key-policy kind: every statement has a principal.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        if text.len() > DOCUMENT_BYTES_MAX {
            return Err(PolicyError::TooLarge);
        }
        if !only_allowed_characters(text) {
            return Err(PolicyError::Character);
        }
        let json = Json::parse(text)?;
        // An escape must not bring in what could not be written back.
        if !json.all_text(only_allowed_characters) {
            return Err(PolicyError::Character);
        }
        let parse::Document {
            version,
            id,
            statements,
        } = parse::document(&json)?;
        Ok(Self {
            json,
            version,
            id,
            statements,
        })
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
            .flat_map(|statement| statement.principals.values())
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

    /// Whether the root of `account` can certainly still replace this policy of the key `key_arn`: some statement allows it
    /// kms:PutKeyPolicy without conditions, and none could deny it. Errs towards `false`: any condition
    /// or exclusion may turn out either way.
    pub fn keeps_policy_writable_by_root(&self, account: &AccountId, key_arn: &str) -> bool {
        let statements = &self.statements;
        statements
            .iter()
            .any(|statement| surely_allows_root(statement, account, key_arn))
            && !statements
                .iter()
                .any(|statement| may_deny_root(statement, account))
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
        Listed::These(values) => values.iter().any(|value| value.is_account(account)),
        Listed::AllBut(_) => false,
    };
    statement.effect == Effect::Allow
        && statement.conditions.is_empty()
        && to_account
        && has(&statement.actions, "kms:*")
        && has(&statement.resources, "*")
}

fn surely_allows_root(statement: &Statement, account: &AccountId, key_arn: &str) -> bool {
    let names_root = match &statement.principals {
        Listed::These(values) => values.iter().any(|value| includes_root(value, account)),
        Listed::AllBut(_) => false,
    };
    let this_key = match &statement.resources {
        Some(Listed::These(values)) => values
            .iter()
            .any(|value| is_everything(value) || value == key_arn),
        Some(Listed::AllBut(_)) | None => false,
    };
    statement.effect == Effect::Allow
        && statement.conditions.is_empty()
        && names_root
        && this_key
        && covers_put_key_policy(statement)
}

fn may_deny_root(statement: &Statement, account: &AccountId) -> bool {
    let may_name_root = match &statement.principals {
        Listed::These(values) => values.iter().any(|value| includes_root(value, account)),
        Listed::AllBut(_) => true,
    };
    statement.effect == Effect::Deny
        && may_name_root
        && statement.resources.is_some()
        && covers_put_key_policy(statement)
}

fn includes_root(principal: &Principal, account: &AccountId) -> bool {
    *principal == Principal::Anyone || principal.is_account(account)
}

fn covers_put_key_policy(statement: &Statement) -> bool {
    let fits = |patterns: &[String]| {
        patterns
            .iter()
            .any(|pattern| matches_ignoring_case(pattern, PUT_KEY_POLICY))
    };
    match &statement.actions {
        None => false,
        Some(Listed::These(patterns)) => fits(patterns),
        Some(Listed::AllBut(patterns)) => !fits(patterns),
    }
}

#[cfg(test)]
mod tests;
