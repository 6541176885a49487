//! `strongroom usage`: calls and keys of a period, counted from the audit log. It changes nothing, and knows no price
//! but those it is given.

mod prices;
mod printed;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use strongroom_base::id::AccountId;
use strongroom_base::{Env, UnixMillis};
use strongroom_kms::admin::{Answer, Question};
use strongroom_kms::usage_report::{By, Scope, StandingKey, UsageCount};

use super::audit::segments;
use crate::Failed;
use crate::operator::Server;
use printed::Printed;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: Server,
    /// The first moment: a day in UTC, or a time such as 2026-11-01T12:00:00Z; by default the start of the month
    #[arg(long, value_name = "TIME", value_parser = moment)]
    from: Option<UnixMillis>,
    /// The moment after the last; by default now
    #[arg(long, value_name = "TIME", value_parser = moment)]
    to: Option<UnixMillis>,
    /// Only what this account pays for: its calls, and the keys it owns
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<AccountId>,
    /// What to tell calls apart by, besides account, Region and class; by default by key and principal
    #[arg(long, value_enum)]
    by: Option<Apart>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Prices to multiply by, as a TOML file
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Apart {
    Account,
    Key,
    Principal,
    Operation,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Table,
    Csv,
    Json,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let prices = arguments.prices.as_deref().map(prices::read).transpose()?;
    let scope = scope(arguments)?;
    let data = arguments.server.data()?;
    let mut count = UsageCount::new(scope.clone());
    let standing = standing_keys(&arguments.server);
    for key in standing.iter().flatten() {
        count.take_in_key(key)?;
    }
    read_log(&data, &mut count)?;
    let printed = Printed {
        report: count.finish(),
        scope,
        without_server: standing.err().map(|error| error.to_string()),
        prices,
    };
    print!("{}", text(&printed, arguments.format)?);
    Ok(())
}

fn text(printed: &Printed, format: Format) -> Result<String, Failed> {
    match format {
        Format::Table => printed.table(),
        Format::Csv => Ok(printed.csv()),
        Format::Json => printed.json(),
    }
}

fn scope(arguments: &Arguments) -> Result<Scope, Failed> {
    let to = arguments.to.unwrap_or_else(|| Env::system().clock.now());
    let from = match arguments.from {
        Some(from) => from,
        None => start_of_month(to)?,
    };
    if from >= to {
        return Err("the period is empty: --from must be before --to".into());
    }
    Ok(Scope {
        from,
        to,
        account: arguments.account,
        by: match arguments.by {
            None => By::KeyAndPrincipal,
            Some(Apart::Account) => By::Account,
            Some(Apart::Key) => By::Key,
            Some(Apart::Principal) => By::Principal,
            Some(Apart::Operation) => By::Operation,
        },
    })
}

/// The start of the month in which the last moment before `to` lies, in UTC.
fn start_of_month(to: UnixMillis) -> Result<UnixMillis, Failed> {
    let last = Timestamp::from_millisecond(to.0.saturating_sub(1))?;
    Ok(moment(&last.strftime("%Y-%m-01").to_string())?)
}

fn moment(text: &str) -> Result<UnixMillis, String> {
    let day = || format!("{text}T00:00:00Z").parse();
    let time: Result<Timestamp, _> = text.parse().or_else(|_| day());
    let time = time.map_err(|_| "neither a day such as 2026-11-01 nor a time in RFC 3339")?;
    Ok(UnixMillis(time.as_millisecond()))
}

fn account(text: &str) -> Result<AccountId, String> {
    let id = text.parse();
    id.map_err(|_| "an account id has 12 digits".to_owned())
}

/// Every key the server holds. The count is whole without them, but what became of old keys may be unknown.
fn standing_keys(server: &Server) -> Result<Vec<StandingKey>, Failed> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let Answer::Keys { keys, next } = server.ask(&Question::ListKeys { after })? else {
            return Err("the server answered something else".into());
        };
        found.extend(keys);
        if next.is_none() {
            return Ok(found);
        }
        after = next;
    }
}

fn read_log(data: &Path, count: &mut UsageCount) -> Result<(), Failed> {
    for (_, path) in segments::of_data(data)? {
        segments::read(&path, &mut |record| Ok(count.take_in(record)?))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
