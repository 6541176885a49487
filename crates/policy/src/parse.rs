//! From JSON to statements: the grammars of policies (IAM User Guide, "Grammar of the IAM JSON policy
//! language"). Refuses what it does not know.

use crate::clause::is_readable;
use crate::document::{Condition, Effect, Listed, Operator, SetOperator, Statement, Version};
use crate::error::{PolicyError, Problem};
use crate::json::Json;
use crate::pattern::is_everything;
use crate::policy::Grammar;
use crate::principal::Principal;
use crate::template::Template;

type Members = [(String, Json)];

/// A document outside its statements' inner grammar.
pub(crate) struct Document {
    pub(crate) version: Version,
    pub(crate) id: Option<String>,
    pub(crate) statements: Vec<Statement>,
}

pub(crate) fn document(json: &Json, grammar: Grammar) -> Result<Document, PolicyError> {
    let Json::Object(members) = json else {
        return Err(PolicyError::Document(Problem::Type("the document")));
    };
    known(members, document_elements(grammar)).map_err(PolicyError::Document)?;
    let version = version(members).map_err(PolicyError::Document)?;
    let id = optional_text(members, "Id").map_err(PolicyError::Document)?;
    let statements = statements(members, Language { grammar, version })?;
    unique_sids(&statements)?;
    Ok(Document {
        version,
        id,
        statements,
    })
}

/// What a statement is read as.
#[derive(Clone, Copy)]
struct Language {
    grammar: Grammar,
    version: Version,
}

/// Identity policies have no Id.
fn document_elements(grammar: Grammar) -> &'static [&'static str] {
    match grammar {
        Grammar::Identity => &["Version", "Statement"],
        Grammar::Key | Grammar::Trust => &["Version", "Id", "Statement"],
    }
}

fn version(members: &Members) -> Result<Version, Problem> {
    match optional_text(members, "Version")?.as_deref() {
        None | Some("2008-10-17") => Ok(Version::V2008),
        Some("2012-10-17") => Ok(Version::V2012),
        Some(other) => Err(Problem::Value("Version", other.to_owned())),
    }
}

fn statements(members: &Members, language: Language) -> Result<Vec<Statement>, PolicyError> {
    let value = find(members, "Statement");
    let value = value.ok_or(PolicyError::Document(Problem::Missing("Statement")))?;
    let items = one_or_more(value);
    if items.is_empty() {
        return Err(PolicyError::Document(Problem::Empty("Statement")));
    }
    let numbered = items.iter().enumerate();
    numbered
        .map(|(index, item)| statement(index + 1, item, language))
        .collect()
}

fn unique_sids(statements: &[Statement]) -> Result<(), PolicyError> {
    let mut seen = std::collections::BTreeSet::new();
    for (index, statement) in statements.iter().enumerate() {
        let Some(sid) = statement.sid.as_deref().filter(|sid| !sid.is_empty()) else {
            continue;
        };
        if !seen.insert(sid) {
            let problem = Problem::RepeatedSid(sid.to_owned());
            return Err(PolicyError::Statement {
                number: index + 1,
                problem,
            });
        }
    }
    Ok(())
}

fn statement_elements(grammar: Grammar) -> &'static [&'static [&'static str]] {
    const ALWAYS: &[&str] = &["Sid", "Effect", "Action", "NotAction", "Condition"];
    const PRINCIPALS: &[&str] = &["Principal", "NotPrincipal"];
    const RESOURCES: &[&str] = &["Resource", "NotResource"];
    match grammar {
        Grammar::Identity => &[ALWAYS, RESOURCES],
        Grammar::Key => &[ALWAYS, PRINCIPALS, RESOURCES],
        Grammar::Trust => &[ALWAYS, PRINCIPALS],
    }
}

fn statement(number: usize, json: &Json, language: Language) -> Result<Statement, PolicyError> {
    let broken = |problem| PolicyError::Statement { number, problem };
    let Json::Object(members) = json else {
        return Err(broken(Problem::Type("the statement")));
    };
    known(members, &statement_elements(language.grammar).concat()).map_err(broken)?;
    let sid = sid(members, language.grammar).map_err(broken)?;
    let effect = effect(members).map_err(broken)?;
    let principals = match language.grammar {
        Grammar::Identity => None,
        Grammar::Key | Grammar::Trust => Some(principals(number, members)?),
    };
    let actions = patterns(members, "Action", "NotAction", is_action).map_err(broken)?;
    let resources = resources(members, language).map_err(broken)?;
    if language.grammar == Grammar::Identity {
        let actions = actions.as_ref().ok_or(Problem::Missing("Action"));
        actions.map_err(broken)?;
        let resources = resources.as_ref().ok_or(Problem::Missing("Resource"));
        resources.map_err(broken)?;
    }
    Ok(Statement {
        sid,
        effect,
        principals,
        actions,
        resources,
        conditions: conditions(members, language).map_err(broken)?,
    })
}

/// IAM User Guide, "Sid": letters and digits; KMS takes any text.
fn sid(members: &Members, grammar: Grammar) -> Result<Option<String>, Problem> {
    let sid = optional_text(members, "Sid")?;
    let plain = |sid: &String| sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match sid {
        Some(sid) if grammar == Grammar::Identity && !plain(&sid) => {
            Err(Problem::Value("Sid", sid))
        }
        sid => Ok(sid),
    }
}

fn resources(members: &Members, language: Language) -> Result<Option<Listed<String>>, Problem> {
    let valid = match language.grammar {
        Grammar::Identity => is_resource_or_its_beginning,
        Grammar::Key | Grammar::Trust => is_resource,
    };
    let found = patterns(members, "Resource", "NotResource", valid)?;
    let mut values = found.iter().flat_map(|listed| listed.values());
    // Variables stand behind the fifth colon only.
    let broken = values.find(|value| {
        let last = value.splitn(6, ':').nth(5).unwrap_or_default();
        Template::parse(last, language.version).is_err()
    });
    match broken {
        Some(value) => Err(Problem::Value("Resource", value.clone())),
        None => Ok(found),
    }
}

fn effect(members: &Members) -> Result<Effect, Problem> {
    match optional_text(members, "Effect")?.as_deref() {
        Some("Allow") => Ok(Effect::Allow),
        Some("Deny") => Ok(Effect::Deny),
        Some(other) => Err(Problem::Value("Effect", other.to_owned())),
        None => Err(Problem::Missing("Effect")),
    }
}

fn principals(number: usize, members: &Members) -> Result<Listed<Principal>, PolicyError> {
    let broken = |problem| PolicyError::Statement { number, problem };
    let element = element(members, "Principal", "NotPrincipal").map_err(broken)?;
    let element = element.ok_or(broken(Problem::Missing("Principal")))?;
    let mut found = Vec::new();
    for (kind, text) in principal_texts(element.name, element.value).map_err(broken)? {
        let principal = Principal::parse(&kind, &text);
        found.push(principal.ok_or(PolicyError::Principal {
            number,
            value: text,
        })?);
    }
    Ok((element.form)(found))
}

/// The (kind, value) pairs of a Principal element.
fn principal_texts(name: &'static str, value: &Json) -> Result<Vec<(String, String)>, Problem> {
    let members = match value {
        Json::String(text) => return Ok(vec![("AWS".to_owned(), bare_principal(name, text)?)]),
        Json::Object(members) => members,
        _ => return Err(Problem::Type(name)),
    };
    known(members, &["AWS", "Service", "Federated", "CanonicalUser"])?;
    if members.is_empty() {
        return Err(Problem::Empty(name));
    }
    let mut pairs = Vec::new();
    for (kind, values) in members {
        let values = texts(name, values)?;
        pairs.extend(values.into_iter().map(|value| (kind.clone(), value)));
    }
    Ok(pairs)
}

/// Outside an object only `*` can be a principal.
fn bare_principal(name: &'static str, text: &str) -> Result<String, Problem> {
    match text {
        "*" => Ok(text.to_owned()),
        _ => Err(Problem::Value(name, text.to_owned())),
    }
}

fn patterns(
    members: &Members,
    name: &'static str,
    not_name: &'static str,
    valid: fn(&str) -> bool,
) -> Result<Option<Listed<String>>, Problem> {
    let Some(element) = element(members, name, not_name)? else {
        return Ok(None);
    };
    let values = texts(element.name, element.value)?;
    match values.iter().find(|value| !valid(value)) {
        Some(bad) => Err(Problem::Value(element.name, bad.clone())),
        None => Ok(Some((element.form)(values))),
    }
}

/// `*`, `*:*` or `service:name`, wildcards allowed in the name.
fn is_action(text: &str) -> bool {
    let Some((service, name)) = text.split_once(':') else {
        return is_everything(text);
    };
    if text == "*:*" {
        return true;
    }
    let service_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let name_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?' | b'-' | b'_');
    !service.is_empty()
        && service.bytes().all(service_byte)
        && !name.is_empty()
        && name.bytes().all(name_byte)
}

/// `*` or what an ARN begins with; the parts it lacks are `*`.
fn is_resource_or_its_beginning(text: &str) -> bool {
    is_everything(text) || text.starts_with("arn:")
}

/// `*` or an ARN, in which any part may hold wildcards.
fn is_resource(text: &str) -> bool {
    is_everything(text) || text.starts_with("arn:") && text.splitn(6, ':').count() == 6
}

fn conditions(members: &Members, language: Language) -> Result<Vec<Condition>, Problem> {
    let Some(block) = find(members, "Condition") else {
        return Ok(Vec::new());
    };
    let Json::Object(operators) = block else {
        return Err(Problem::Type("Condition"));
    };
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let operator: Operator = name.parse().map_err(|_| Problem::Operator(name.clone()))?;
        let Json::Object(keys) = keys else {
            return Err(Problem::Type("Condition"));
        };
        for (key, values) in keys {
            conditions.push(condition(operator, key, values, language)?);
        }
    }
    Ok(conditions)
}

fn condition(
    operator: Operator,
    key: &str,
    values: &Json,
    language: Language,
) -> Result<Condition, Problem> {
    let prefixed = key
        .split_once(':')
        .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
    if !prefixed {
        return Err(Problem::Value("a condition key", key.to_owned()));
    }
    let all_values = operator.set == Some(SetOperator::ForAllValues);
    if language.grammar == Grammar::Key && all_values && is_single_valued_pair(key) {
        return Err(Problem::OverlyPermissive);
    }
    let values = one_or_more(values);
    if values.is_empty() {
        return Err(Problem::Empty("Condition"));
    }
    let values = values
        .iter()
        .map(condition_value)
        .collect::<Result<Vec<_>, _>>()?;
    let comparison = operator.comparison;
    let mut each = values.iter();
    if let Some(value) = each.find(|value| !is_readable(comparison, value, language.version)) {
        return Err(Problem::Value(comparison.name(), value.clone()));
    }
    Ok(Condition {
        operator,
        key: key.to_owned(),
        values,
    })
}

/// KMS Developer Guide, kms:EncryptionContext:context-key: a pair has one value, so ForAllValues on it is
/// refused when the policy is stored.
fn is_single_valued_pair(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with("kms:encryptioncontext:") || key.starts_with("aws:requesttag/")
}

fn condition_value(value: &Json) -> Result<String, Problem> {
    match value {
        Json::String(text) | Json::Number(text) => Ok(text.clone()),
        Json::Bool(value) => Ok(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => Err(Problem::Type("Condition")),
    }
}

fn known(members: &Members, names: &[&str]) -> Result<(), Problem> {
    match members
        .iter()
        .find(|(name, _)| !names.contains(&name.as_str()))
    {
        Some((name, _)) => Err(Problem::Unknown(name.clone())),
        None => Ok(()),
    }
}

fn find<'a>(members: &'a Members, name: &str) -> Option<&'a Json> {
    members
        .iter()
        .find(|(own, _)| own == name)
        .map(|(_, value)| value)
}

/// An element that may be written in its `Not` form.
struct Element<'a, T> {
    name: &'static str,
    value: &'a Json,
    form: fn(Vec<T>) -> Listed<T>,
}

/// The element in the one form that is present.
fn element<'a, T>(
    members: &'a Members,
    name: &'static str,
    not_name: &'static str,
) -> Result<Option<Element<'a, T>>, Problem> {
    match (find(members, name), find(members, not_name)) {
        (Some(_), Some(_)) => Err(Problem::Both(name, not_name)),
        (Some(value), None) => Ok(Some(Element {
            name,
            value,
            form: Listed::These,
        })),
        (None, Some(value)) => Ok(Some(Element {
            name: not_name,
            value,
            form: Listed::AllBut,
        })),
        (None, None) => Ok(None),
    }
}

fn optional_text(members: &Members, name: &'static str) -> Result<Option<String>, Problem> {
    match find(members, name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Problem::Type(name)),
    }
}

/// A value may stand for the list of itself.
fn one_or_more(value: &Json) -> &[Json] {
    match value {
        Json::Array(items) => items,
        single => std::slice::from_ref(single),
    }
}

fn texts(name: &'static str, value: &Json) -> Result<Vec<String>, Problem> {
    let items = one_or_more(value);
    if items.is_empty() {
        return Err(Problem::Empty(name));
    }
    let text = |item: &Json| match item {
        Json::String(text) if text.is_empty() => Err(Problem::Empty(name)),
        Json::String(text) => Ok(text.clone()),
        _ => Err(Problem::Type(name)),
    };
    items.iter().map(text).collect()
}
