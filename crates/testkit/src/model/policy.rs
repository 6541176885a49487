//! Policies as data, how they are written, and what they say: one statement after another, one condition after
//! another (IAM User Guide, "Policy evaluation logic"; "IAM JSON policy elements").

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Allow or Deny.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// `Allow`
    Allow,
    /// `Deny`
    Deny,
}

/// A principal, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// `*`
    Anyone,
    /// The root of an account: its whole account.
    Account(String),
    /// A user of an account.
    User(String, String),
}

impl Who {
    /// As it is written in a policy or a grant.
    pub fn arn(&self) -> String {
        match self {
            Self::Anyone => "*".to_owned(),
            Self::Account(account) => format!("arn:aws:iam::{account}:root"),
            Self::User(account, name) => format!("arn:aws:iam::{account}:user/{name}"),
        }
    }
}

/// The operators that histories use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// Any of the values.
    StringEquals,
    /// None of the values; holds of a key that is absent.
    StringNotEquals,
    /// Any of the patterns.
    StringLike,
    /// Any of several values of the request.
    AnyStringEquals,
    /// Whether the key is absent.
    Null,
}

impl Operator {
    fn name(self) -> &'static str {
        match self {
            Self::StringEquals => "StringEquals",
            Self::StringNotEquals => "StringNotEquals",
            Self::StringLike => "StringLike",
            Self::AnyStringEquals => "ForAnyValue:StringEquals",
            Self::Null => "Null",
        }
    }
}

/// One operator, one key, its values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Condition {
    /// The operator.
    pub operator: Operator,
    /// The key.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

/// A statement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Statement {
    /// Its effect.
    pub effect: Effect,
    /// Whom a key policy speaks of; empty in identity policies.
    pub who: Vec<Who>,
    /// The patterns of actions.
    pub actions: Vec<String>,
    /// The patterns of resources.
    pub resources: Vec<String>,
    /// The conditions: all must hold.
    pub conditions: Vec<Condition>,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Policy {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// What a request says, by keys in lower case; a key that is absent is not there.
pub(super) type Facts = BTreeMap<String, Vec<String>>;

impl Statement {
    /// A statement without conditions.
    pub fn new(effect: Effect, who: &[Who], actions: &[&str], resources: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            effect,
            who: who.to_vec(),
            actions: owned(actions),
            resources: owned(resources),
            conditions: Vec::new(),
        }
    }

    /// With one condition more.
    pub fn when(mut self, operator: Operator, key: &str, values: &[&str]) -> Self {
        self.conditions.push(Condition {
            operator,
            key: key.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        });
        self
    }

    /// Whether it speaks of the action on the resource, whoever asks. What has no resource is meant by `*` alone.
    pub(super) fn matches(&self, action: &str, resource: Option<&str>, facts: &Facts) -> bool {
        let action = action.to_lowercase();
        let names_action = |pattern: &String| like(&pattern.to_lowercase(), &action);
        let names_resource = |pattern: &String| match resource {
            Some(resource) => like(pattern, resource),
            None => pattern == "*",
        };
        self.actions.iter().any(names_action)
            && self.resources.iter().any(names_resource)
            && self.conditions.iter().all(|one| one.holds(facts))
    }

    fn json(&self) -> Value {
        let mut json = Map::new();
        json.insert("Effect".into(), json!(format!("{:?}", self.effect)));
        if !self.who.is_empty() {
            let arns: Vec<_> = self.who.iter().map(Who::arn).collect();
            json.insert("Principal".into(), json!({ "AWS": arns }));
        }
        json.insert("Action".into(), json!(self.actions));
        json.insert("Resource".into(), json!(self.resources));
        let mut conditions: Map<String, Value> = Map::new();
        for one in &self.conditions {
            let of_operator = conditions
                .entry(one.operator.name())
                .or_insert_with(|| json!({}));
            of_operator[&one.key] = json!(one.values);
        }
        if !conditions.is_empty() {
            json.insert("Condition".into(), conditions.into());
        }
        json.into()
    }
}

impl Condition {
    fn holds(&self, facts: &Facts) -> bool {
        let found = facts.get(&self.key.to_lowercase());
        let is_one = |value: &String| self.values.contains(value);
        match (self.operator, found) {
            (Operator::Null, found) => self.values == [found.is_none().to_string()],
            (Operator::StringNotEquals, None) => true,
            (_, None) => false,
            (Operator::StringEquals, Some(values)) => values.iter().all(is_one),
            (Operator::AnyStringEquals, Some(values)) => values.iter().any(is_one),
            (Operator::StringNotEquals, Some(values)) => !values.iter().any(is_one),
            (Operator::StringLike, Some(values)) => values
                .iter()
                .all(|value| self.values.iter().any(|pattern| like(pattern, value))),
        }
    }
}

impl Policy {
    /// The policy of a key that is made without one (KMS API, CreateKey, Policy).
    pub fn delegating_to(account: &str) -> Self {
        let root = Who::Account(account.to_owned());
        Self {
            statements: vec![Statement::new(Effect::Allow, &[root], &["kms:*"], &["*"])],
        }
    }

    /// As it is sent.
    pub fn text(&self) -> String {
        let statements: Vec<_> = self.statements.iter().map(Statement::json).collect();
        json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
    }

    /// All principals that it names.
    pub(super) fn principals(&self) -> impl Iterator<Item = &Who> {
        self.statements.iter().flat_map(|one| &one.who)
    }

    /// Whether `text`, as an answer has it, says the same.
    pub(super) fn is_said_by(&self, text: &str) -> bool {
        let statements = |text: &str| {
            let mut parsed: Value = serde_json::from_str(text).ok()?;
            let mut statements = parsed["Statement"].take();
            statements.as_array_mut()?.iter_mut().for_each(normalise);
            Some(statements)
        };
        statements(text).is_some_and(|said| Some(said) == statements(&self.text()))
    }
}

/// A list of one says what its element says; names of statements say nothing.
fn normalise(statement: &mut Value) {
    let Some(fields) = statement.as_object_mut() else {
        return;
    };
    fields.remove("Sid");
    flatten(statement);
}

fn flatten(value: &mut Value) {
    match value {
        Value::Array(list) if list.len() == 1 => {
            *value = list.remove(0);
            flatten(value);
        }
        Value::Array(list) => list.iter_mut().for_each(flatten),
        Value::Object(fields) => fields.values_mut().for_each(flatten),
        _ => {}
    }
}

/// Whether `text` is like `pattern`: `*` stands for any run, `?` for one character.
fn like(pattern: &str, text: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some('*') => {
            let starts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            starts
                .into_iter()
                .any(|at| like(rest.as_str(), &text[at..]))
        }
        Some(first) => {
            let mut after = text.chars();
            after
                .next()
                .is_some_and(|found| first == '?' || first == found)
                && like(rest.as_str(), after.as_str())
        }
    }
}
