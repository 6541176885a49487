//! The evaluator as a program, for its comparison with a second implementation: cases as JSON lines on standard
//! input, decisions as JSON lines on standard output. Never changes a decision.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use serde::Deserialize;
use serde_json::{Value, json};
use strongroom_base::id::{AccountId, InvalidId};
use strongroom_policy::{
    At, Caller, CallerKind, Case, CompiledPolicy, Decision, Denial, Grammar, GrantMatch,
    MapContext, Matched, Outcome, Policy, PolicyType, Resource, ResourcePolicy, Word, decide,
};

/// One line: a caller, its policies and the requests it makes.
#[derive(Deserialize)]
struct Line {
    caller: CallerFields,
    owner: String,
    #[serde(default)]
    guardrails: Vec<String>,
    resource: ResourceFields,
    #[serde(default)]
    identity: Vec<String>,
    boundary: Option<String>,
    session: Option<Vec<String>>,
    #[serde(default)]
    grants: Vec<GrantFields>,
    requests: Vec<Request>,
}

#[derive(Deserialize)]
struct CallerFields {
    kind: String,
    #[serde(default)]
    account: Option<String>,
    #[serde(default)]
    arn: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    role_arn: Option<String>,
    #[serde(default)]
    role_id: Option<String>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    principal: Option<String>,
    #[serde(default)]
    provider: Option<String>,
}

#[derive(Deserialize)]
struct ResourceFields {
    mode: String,
    policy: Option<String>,
    grammar: Option<String>,
}

#[derive(Deserialize)]
struct GrantFields {
    speaks: String,
    issuer: String,
}

#[derive(Deserialize)]
struct Request {
    action: String,
    resource: Option<String>,
    #[serde(default)]
    context: BTreeMap<String, Held>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Held {
    One(String),
    Many(Vec<String>),
}

/// The documents of a line, compiled; those that are refused are counted.
#[derive(Default)]
struct Documents {
    read: usize,
    refused: Vec<usize>,
}

impl Documents {
    fn compile(&mut self, text: &str, grammar: Grammar) -> Option<CompiledPolicy> {
        let index = self.read;
        self.read += 1;
        match Policy::parse(text, grammar) {
            Ok(policy) => Some(CompiledPolicy::new(&policy)),
            Err(_) => {
                self.refused.push(index);
                None
            }
        }
    }

    fn compile_all(&mut self, texts: &[String]) -> Vec<CompiledPolicy> {
        let compiled = texts.iter();
        compiled
            .filter_map(|text| self.compile(text, Grammar::Identity))
            .collect()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        serde_json::to_writer(&mut out, &answer(&serde_json::from_str(&line?)?)?)?;
        out.write_all(b"\n")?;
        // The other side may wait for this answer before it sends the next case.
        out.flush()?;
    }
    Ok(())
}

fn answer(line: &Line) -> Result<Value, Box<dyn Error>> {
    let mut documents = Documents::default();
    let guardrails = documents.compile_all(&line.guardrails);
    let resource = match &line.resource.policy {
        Some(text) => documents.compile(text, grammar(&line.resource)?),
        None => None,
    };
    let identity = documents.compile_all(&line.identity);
    let boundary = line.boundary.as_ref();
    let boundary = boundary.and_then(|text| documents.compile(text, Grammar::Identity));
    let session = line
        .session
        .as_ref()
        .map(|texts| documents.compile_all(texts));
    if !documents.refused.is_empty() {
        return Ok(json!({"refused": documents.refused}));
    }
    let caller = caller(&line.caller)?;
    let grants = line
        .grants
        .iter()
        .map(grant)
        .collect::<Result<Vec<_>, _>>()?;
    let (guardrails, identity) = (references(&guardrails), references(&identity));
    let session = session.as_deref().map(references);
    let owner = account(&line.owner)?;
    let mut decisions = Vec::with_capacity(line.requests.len());
    for request in &line.requests {
        let context = context(request);
        let decision = decide(&Case {
            action: &request.action,
            resource: Resource {
                arn: request.resource.as_deref(),
                owner,
            },
            caller: &caller,
            context: &context,
            guardrails: &guardrails,
            resource_policy: resource_policy(&line.resource.mode, resource.as_ref())?,
            identity: &identity,
            boundary: boundary.as_ref(),
            session: session.as_deref(),
            grants: &grants,
        });
        decisions.push(shown(&decision));
    }
    Ok(json!({"refused": [], "decisions": decisions}))
}

fn references(policies: &[CompiledPolicy]) -> Vec<&CompiledPolicy> {
    policies.iter().collect()
}

fn grammar(resource: &ResourceFields) -> Result<Grammar, String> {
    match resource.grammar.as_deref() {
        Some("key") | None => Ok(Grammar::Key),
        Some("trust") => Ok(Grammar::Trust),
        Some(other) => Err(format!("no grammar: {other}")),
    }
}

fn resource_policy<'p>(
    mode: &str,
    policy: Option<&'p CompiledPolicy>,
) -> Result<ResourcePolicy<'p>, String> {
    match (mode, policy) {
        ("none", _) => Ok(ResourcePolicy::None),
        ("sole", Some(policy)) => Ok(ResourcePolicy::Sole(policy)),
        ("beside", Some(policy)) => Ok(ResourcePolicy::Beside(policy)),
        // Nothing grants beside the caller's own policies.
        ("beside", None) => Ok(ResourcePolicy::None),
        _ => Err(format!("no policy for the mode {mode}")),
    }
}

fn account(text: &str) -> Result<AccountId, String> {
    text.parse()
        .map_err(|InvalidId| format!("no account: {text}"))
}

fn caller(fields: &CallerFields) -> Result<Caller<'_>, String> {
    let kind = match fields.kind.as_str() {
        "root" => CallerKind::Root,
        "user" => CallerKind::User {
            id: needed("id", &fields.id)?,
        },
        "role" => CallerKind::RoleSession {
            role_arn: needed("role_arn", &fields.role_arn)?,
            role_id: needed("role_id", &fields.role_id)?,
            session_id: needed("session_id", &fields.session_id)?,
        },
        "federated" => CallerKind::FederatedUser,
        "service" => CallerKind::Service {
            principal: needed("principal", &fields.principal)?,
        },
        "web" => CallerKind::WebIdentity {
            provider: needed("provider", &fields.provider)?,
        },
        other => return Err(format!("no kind of caller: {other}")),
    };
    Ok(Caller {
        account: account(fields.account.as_deref().unwrap_or("000000000000"))?,
        arn: fields.arn.as_deref().unwrap_or_default(),
        kind,
    })
}

fn needed<'f>(name: &str, value: &'f Option<String>) -> Result<&'f str, String> {
    value
        .as_deref()
        .ok_or_else(|| format!("the caller lacks {name}"))
}

fn grant(fields: &GrantFields) -> Result<GrantMatch, String> {
    let speaks = match fields.speaks.as_str() {
        "direct" => Word::Direct,
        "role" => Word::Role,
        "account" => Word::Account,
        other => return Err(format!("no word: {other}")),
    };
    Ok(GrantMatch {
        speaks,
        issuer: account(&fields.issuer)?,
    })
}

fn context(request: &Request) -> MapContext {
    let mut context = MapContext::default();
    for (key, held) in &request.context {
        match held {
            Held::One(value) => context.set_one(key, value),
            Held::Many(values) => context.set_many(key, values.clone()),
        }
    }
    context
}

fn shown(decision: &Decision) -> Value {
    match decision.outcome {
        Outcome::Allowed => json!(["allow", shown_matched(&decision.matched)]),
        Outcome::Denied(Denial::Explicit(at)) => {
            json!(["explicit", name(at.policy_type), at.policy, at.statement])
        }
        Outcome::Denied(Denial::Missing(policy_type)) => json!(["missing", name(policy_type)]),
        Outcome::Denied(Denial::Undetermined) => json!(["undetermined"]),
    }
}

fn shown_matched(matched: &Matched) -> Value {
    let at = |at: Option<At>| at.map(|at| json!([at.policy, at.statement]));
    json!({
        "guardrail": at(matched.guardrail),
        "resource": at(matched.resource),
        "identity": at(matched.identity),
        "boundary": at(matched.boundary),
        "session": at(matched.session),
        "word": matched.word.map(word),
        "grant": matched.grant,
    })
}

fn word(word: Word) -> &'static str {
    match word {
        Word::Direct => "direct",
        Word::Role => "role",
        Word::Account => "account",
    }
}

fn name(policy_type: PolicyType) -> &'static str {
    match policy_type {
        PolicyType::Guardrail => "guardrail",
        PolicyType::Resource => "resource",
        PolicyType::Identity => "identity",
        PolicyType::Boundary => "boundary",
        PolicyType::Session => "session",
    }
}
