//! `strongroom account`: accounts, credentials of their roots, and what limits them.

use std::io::Read;
use std::path::{Path, PathBuf};

use strongroom_kms::admin::{AccountAnswer, Answer, Question};
use strongroom_kms::guardrails::GUARDRAIL_BYTES_MAX;

use crate::Failed;
use crate::operator::Server;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Create an account; its root's secret access key is shown once
    Create {
        #[command(flatten)]
        server: Server,
        /// Twelve digits; random by default
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
    /// Print the stored accounts, one a line
    List {
        #[command(flatten)]
        server: Server,
    },
    /// Set whether every call of an account waits until its audit record is on the disk
    Audit {
        #[command(flatten)]
        server: Server,
        /// Twelve digits
        account: String,
        /// Whether it does
        #[arg(long, value_name = "BOOL", action = clap::ArgAction::Set)]
        strict: bool,
    },
    /// Set, show or remove the policy that limits everyone in an account, its root too
    Guardrail {
        #[command(subcommand)]
        action: GuardrailAction,
    },
}

#[derive(clap::Subcommand)]
enum GuardrailAction {
    /// Put a policy document over an account, in place of what was there
    Set {
        #[command(flatten)]
        of: OfAccount,
        /// The document: an identity-based policy, of which some statement must allow what is to stay allowed
        file: PathBuf,
    },
    /// Print the policy document, if there is one
    Get {
        #[command(flatten)]
        of: OfAccount,
    },
    /// Take the policy away
    Remove {
        #[command(flatten)]
        of: OfAccount,
    },
}

#[derive(clap::Args)]
struct OfAccount {
    #[command(flatten)]
    server: Server,
    /// Twelve digits
    #[arg(long, value_name = "ID")]
    account: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    match &arguments.action {
        Action::Create { server, id } => create(server, id.as_deref()),
        Action::List { server } => list(server),
        Action::Audit {
            server,
            account,
            strict,
        } => audit(server, account, *strict),
        Action::Guardrail { action } => guardrail(action),
    }
}

fn create(server: &Server, id: Option<&str>) -> Result<(), Failed> {
    let id = id.map(str::to_owned);
    let Answer::Account {
        id,
        access_key_id,
        secret_access_key,
    } = server.ask(&Question::CreateAccount { id })?
    else {
        return Err("the server answered something else".into());
    };
    println!(
        "# root of account {id}\nexport AWS_ACCESS_KEY_ID={access_key_id}\nexport AWS_SECRET_ACCESS_KEY={secret_access_key}"
    );
    Ok(())
}

fn list(server: &Server) -> Result<(), Failed> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let Answer::Accounts { accounts, next } = server.ask(&Question::ListAccounts { after })?
        else {
            return Err("the server answered something else".into());
        };
        found.extend(accounts);
        if next.is_none() {
            break;
        }
        after = next;
    }
    found.sort_by(|one, other| one.id.cmp(&other.id));
    for AccountAnswer {
        id,
        created,
        has_guardrail,
        strict_audit,
    } in found
    {
        let limited = if has_guardrail { "  guardrail" } else { "" };
        let strict = if strict_audit { "  strict audit" } else { "" };
        println!("{id}  {created}{limited}{strict}");
    }
    Ok(())
}

fn audit(server: &Server, account: &str, strict: bool) -> Result<(), Failed> {
    let account = account.to_owned();
    match server.ask(&Question::SetStrictAudit { account, strict })? {
        Answer::Done => Ok(()),
        _ => Err("the server answered something else".into()),
    }
}

fn guardrail(action: &GuardrailAction) -> Result<(), Failed> {
    let (of, question) = match action {
        GuardrailAction::Set { of, file } => {
            let (account, document) = (of.account.clone(), document(file)?);
            (of, Question::SetGuardrail { account, document })
        }
        GuardrailAction::Get { of } => {
            let account = of.account.clone();
            (of, Question::GetGuardrail { account })
        }
        GuardrailAction::Remove { of } => {
            let account = of.account.clone();
            (of, Question::RemoveGuardrail { account })
        }
    };
    match of.server.ask(&question)? {
        Answer::Done => {}
        Answer::Guardrail {
            document: Some(document),
        } => println!("{document}"),
        Answer::Guardrail { document: None } => {
            eprintln!("Nothing limits account {}.", of.account);
        }
        _ => return Err("the server answered something else".into()),
    }
    Ok(())
}

/// Reads at most one byte more than a guardrail may have: the server refuses what is longer.
fn document(path: &Path) -> Result<String, Failed> {
    let fault = |error: std::io::Error| format!("{}: {error}", path.display());
    let most = u64::try_from(GUARDRAIL_BYTES_MAX)?.saturating_add(1);
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(fault)?;
    file.take(most).read_to_string(&mut text).map_err(fault)?;
    Ok(text)
}
