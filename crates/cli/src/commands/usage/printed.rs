//! The report as people and programs read it. Every form says where the keys are told from.

use std::fmt::Write;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use strongroom_base::UnixMillis;
use strongroom_kms::usage_report::{CallRow, Class, KeyRow, Report, Scope};

use super::prices::{Prices, number};
use crate::Failed;

const MILLIS_PER_DAY: f64 = 86_400_000.0;

/// Every column of the CSV.
const COLUMNS: &[&str] = &[
    "row",
    "account",
    "region",
    "key",
    "principal",
    "operation",
    "class",
    "succeeded",
    "failed",
    "manager",
    "spec",
    "usage",
    "origin",
    "created",
    "ended",
    "keys",
    "days",
    "first_rotation_days",
    "second_rotation_days",
    "keys_from",
    "price",
];

/// A report with all that belongs to it.
pub(crate) struct Printed {
    /// What was counted.
    pub(crate) report: Report,
    /// What was to be counted.
    pub(crate) scope: Scope,
    /// Why the keys are not told by a server, if they are not.
    pub(crate) without_server: Option<String>,
    /// What things cost, if that was given.
    pub(crate) prices: Option<Prices>,
}

/// The cells of a row by their columns; texts or numbers.
type Cells = Vec<(&'static str, Value)>;

impl Printed {
    /// Two tables, and the total if there are prices.
    pub(crate) fn table(&self) -> Result<String, Failed> {
        let mut out = String::new();
        let (from, to) = (time(self.scope.from), time(self.scope.to));
        writeln!(out, "Usage from {from} until {to}.")?;
        match &self.without_server {
            None => writeln!(out, "Keys are told by the server and the audit log.")?,
            Some(reason) => writeln!(
                out,
                "Keys are told by the audit log alone, as the server did not tell them: {reason}."
            )?,
        }
        write_table(&mut out, "Calls", &self.calls())?;
        write_table(&mut out, "Keys", &self.keys())?;
        if let Some(prices) = &self.prices {
            let Total { price, unpriced } = self.total(prices);
            let currency = prices.currency.escape_debug();
            writeln!(out, "\nEstimate: {price:.2} {currency}")?;
            writeln!(out, "Not in it: {unpriced} calls of unknown class.")?;
        }
        Ok(out)
    }

    /// One row a line, of calls and of keys, all with the same columns (RFC 4180).
    pub(crate) fn csv(&self) -> String {
        let heads = COLUMNS.iter().map(|column| json!(column));
        let mut out = line(heads);
        for (kind, rows) in [("calls", self.calls()), ("keys", self.keys())] {
            for mut cells in rows {
                cells.push(("row", json!(kind)));
                if kind == "keys" {
                    cells.push(("keys_from", json!(self.keys_from())));
                }
                out.push_str(&line(COLUMNS.iter().map(|column| cell(&cells, column))));
            }
        }
        out
    }

    /// One object.
    pub(crate) fn json(&self) -> Result<String, Failed> {
        let mut object = json!({
            "from": time(self.scope.from),
            "to": time(self.scope.to),
            "keys_from": self.keys_from(),
            "calls": objects(self.calls()),
            "keys": objects(self.keys()),
        });
        if let (Some(prices), Some(object)) = (&self.prices, object.as_object_mut()) {
            let Total { price, unpriced } = self.total(prices);
            let estimate = json!({
                "currency": prices.currency,
                "price": rounded(price),
                "calls_of_unknown_class": unpriced,
            });
            object.insert("estimate".to_owned(), estimate);
        }
        Ok(format!("{}\n", serde_json::to_string_pretty(&object)?))
    }

    fn keys_from(&self) -> &'static str {
        match self.without_server {
            None => "server",
            Some(_) => "log",
        }
    }

    fn calls(&self) -> Vec<Cells> {
        let rows = self.report.calls.iter();
        rows.map(|row| {
            let price = self.prices.as_ref().and_then(|one| one.of_calls(row));
            call_cells(row, price)
        })
        .collect()
    }

    fn keys(&self) -> Vec<Cells> {
        let rows = self.report.keys.iter();
        rows.map(|row| {
            let price = self.prices.as_ref().and_then(|one| one.of_keys(row));
            key_cells(row, price)
        })
        .collect()
    }

    fn total(&self, prices: &Prices) -> Total {
        let Report { calls, keys } = &self.report;
        let of_calls = calls.iter().filter_map(|row| prices.of_calls(row));
        let of_keys = keys.iter().filter_map(|row| prices.of_keys(row));
        let unpriced = calls.iter().filter(|row| row.class == Class::Unknown);
        Total {
            price: of_calls.chain(of_keys).sum(),
            unpriced: unpriced
                .map(|row| row.succeeded.saturating_add(row.failed))
                .sum(),
        }
    }
}

/// What all of it costs.
struct Total {
    price: f64,
    unpriced: u64,
}

fn call_cells(row: &CallRow, price: Option<f64>) -> Cells {
    vec![
        ("account", json!(row.account)),
        ("region", json!(row.region)),
        ("key", json!(row.key)),
        ("principal", json!(row.principal)),
        ("operation", json!(row.operation)),
        ("class", json!(row.class.name())),
        ("succeeded", json!(row.succeeded)),
        ("failed", json!(row.failed)),
        ("price", json!(price.map(rounded))),
    ]
}

fn key_cells(row: &KeyRow, price: Option<f64>) -> Cells {
    let date = |millis: Option<i64>| json!(millis.map(|millis| time(UnixMillis(millis))));
    let days = |millis| json!(rounded(number(millis) / MILLIS_PER_DAY));
    vec![
        ("account", json!(row.account)),
        ("region", json!(row.region)),
        ("key", json!(row.key)),
        ("manager", json!(row.manager)),
        ("spec", json!(row.spec)),
        ("usage", json!(row.usage)),
        ("origin", json!(row.origin)),
        ("created", date(row.created)),
        ("ended", date(row.ended)),
        ("keys", json!(row.keys)),
        ("days", days(row.standing_millis)),
        ("first_rotation_days", days(row.first_rotation_millis)),
        ("second_rotation_days", days(row.second_rotation_millis)),
        ("price", json!(price.map(rounded))),
    ]
}

/// To six decimals: less than a day's tenth of a second, and a call's price in most currencies.
fn rounded(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

fn time(time: UnixMillis) -> String {
    match Timestamp::from_millisecond(time.0) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{}ms", time.0),
    }
}

/// Members without a value are left out.
fn objects(rows: Vec<Cells>) -> Vec<Value> {
    let object = |cells: Cells| {
        let cells = cells.into_iter().filter(|(_, value)| !is_empty(value));
        let members = cells.map(|(column, value)| (column.to_owned(), value));
        Value::Object(members.collect::<Map<_, _>>())
    };
    rows.into_iter().map(object).collect()
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

fn cell(cells: &Cells, column: &str) -> Value {
    let found = cells.iter().find(|(known, _)| *known == column);
    found.map_or(Value::Null, |(_, value)| value.clone())
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        // In digits: JSON's own form of small numbers has an exponent.
        other => match other.as_f64().filter(|_| other.is_f64()) {
            Some(number) => number.to_string(),
            None => other.to_string(),
        },
    }
}

fn line(values: impl Iterator<Item = Value>) -> String {
    let quoted = values.map(|value| quoted(&plain(&value)));
    format!("{}\r\n", quoted.collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    if !text.contains(['"', ',', '\r', '\n']) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The columns that have a value in some row, as wide as their widest cell.
fn write_table(out: &mut String, title: &str, rows: &[Cells]) -> std::fmt::Result {
    writeln!(out, "\n{title}")?;
    let shown = |column: &&&str| rows.iter().any(|cells| !is_empty(&cell(cells, column)));
    let columns: Vec<&str> = COLUMNS.iter().filter(shown).copied().collect();
    if columns.is_empty() {
        return writeln!(out, "  none");
    }
    let heads = columns.iter().map(|&column| column.to_owned()).collect();
    let mut lines: Vec<Vec<String>> = vec![heads];
    lines.extend(rows.iter().map(|cells| texts(cells, &columns)));
    let widths: Vec<usize> = (0..columns.len()).map(|at| widest(&lines, at)).collect();
    for line in lines {
        let padded = line.iter().zip(&widths);
        let padded = padded.map(|(text, width)| format!("{text:width$}"));
        let joined = padded.collect::<Vec<_>>().join("  ");
        writeln!(out, "  {}", joined.trim_end())?;
    }
    Ok(())
}

/// What clients choose is escaped, so that a row stays one line.
fn texts(cells: &Cells, columns: &[&str]) -> Vec<String> {
    let text = |column: &&str| plain(&cell(cells, column)).escape_debug().to_string();
    columns.iter().map(text).collect()
}

fn widest(lines: &[Vec<String>], at: usize) -> usize {
    let cells = lines.iter().filter_map(|line| line.get(at));
    cells.map(|text| text.chars().count()).max().unwrap_or(0)
}
