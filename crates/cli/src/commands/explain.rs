//! `strongroom explain`: whether somebody may do something now, and which statement says so.

use std::fmt::Write;

use strongroom_kms::admin::{Answer, Question};
use strongroom_kms::explain::{ExplainQuestion, Explanation, MatchedStatement};

use crate::Failed;
use crate::operator::Server;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: Server,
    /// Who: the ARN of a root, user, role or role's session, an account id, or a service such as s3.amazonaws.com
    #[arg(long, value_name = "ARN")]
    principal: String,
    /// What: an action such as kms:Encrypt
    #[arg(long)]
    action: String,
    /// On what: a key by ARN, id or alias, or another ARN
    #[arg(long, value_name = "KEY")]
    resource: Option<String>,
    /// The Region called
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// A condition key of the request, such as kms:EncryptionContext:bucket=logs; again for more
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    context: Vec<(String, String)>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Values may have equal signs, keys have none.
fn pair(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(key, _)| key.contains(':'));
    let (key, value) = pair.ok_or("not KEY=VALUE with a condition key such as aws:SourceIp")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let question = Question::Explain(ExplainQuestion {
        principal: arguments.principal.clone(),
        action: arguments.action.clone(),
        resource: arguments.resource.clone(),
        region: arguments.region.clone(),
        context: arguments.context.clone(),
    });
    let Answer::Explanation(explanation) = arguments.server.ask(&question)? else {
        return Err("the server answered something else".into());
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&explanation)?);
    } else {
        print!("{}", told(&explanation)?);
    }
    Ok(())
}

fn told(explanation: &Explanation) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    let (answer, may) = match explanation.allowed {
        true => ("YES", "may"),
        false => ("NO", "may not"),
    };
    let (principal, action) = (&explanation.principal, &explanation.action);
    writeln!(
        out,
        "{answer}: {principal} {may} {action} on {}",
        explanation.resource
    )?;
    writeln!(out, "because {}.", explanation.reason)?;
    for statement in &explanation.statements {
        tell_statement(&mut out, statement)?;
    }
    if let Some(message) = &explanation.message {
        writeln!(out, "\nThe client is told:\n  {message}")?;
    }
    if explanation.policies.is_empty() {
        writeln!(out, "\nNo policy had a say.")?;
    } else {
        writeln!(out, "\nPolicies that had a say:")?;
    }
    for policy in &explanation.policies {
        writeln!(out, "  {:<9} {}", policy.policy_type, policy.policy)?;
    }
    if !explanation.keys_without_value.is_empty() {
        writeln!(
            out,
            "\nThey ask for condition keys that have no value here:"
        )?;
    }
    for key in &explanation.keys_without_value {
        writeln!(out, "  {key}")?;
    }
    for note in &explanation.notes {
        writeln!(out, "\nNote: {note}.")?;
    }
    Ok(out)
}

fn tell_statement(out: &mut String, statement: &MatchedStatement) -> std::fmt::Result {
    let sid = match &statement.sid {
        Some(sid) => format!(" \"{sid}\""),
        None => String::new(),
    };
    let (policy_type, number) = (&statement.policy_type, statement.number);
    writeln!(
        out,
        "\n{policy_type}: statement {number}{sid} of {}",
        statement.policy
    )?;
    for line in from_margin(&statement.text) {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// The lines of a statement as if it were not part of a document: the last, which only closes it, tells how far
/// they stand from the margin there, but for the first, which is cut off at its bracket.
fn from_margin(text: &str) -> impl Iterator<Item = &str> {
    let margin = text.lines().last().map_or(0, indent);
    text.lines()
        .map(move |line| line.get(indent(line).min(margin)..).unwrap_or(line))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}
