//! `strongroom audit list`: the records of the audit log, one a line, oldest segment first; as text or as CloudTrail's
//! events.

use std::collections::HashSet;
use std::io::{BufWriter, Write};

use strongroom_audit::{Record, cloudtrail};

use super::segments;
use crate::Failed;
use crate::operator::Server;

/// The most event ids that are remembered: what stands twice stands close together.
const SEEN_MAX: usize = 1 << 20;

/// How records are printed.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// A line for people.
    Text,
    /// CloudTrail's events.
    Json,
}

/// From whether JSON was asked for.
impl From<bool> for Form {
    fn from(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

pub(super) fn run(server: &Server, form: Form) -> Result<(), Failed> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    // Versions before the chain could write a record twice after a crash.
    let mut seen = HashSet::new();
    for (_, path) in segments::of_data(&server.data()?)? {
        segments::read(&path, &mut |record| {
            if seen.len() >= SEEN_MAX {
                seen.clear();
            }
            if seen.insert(record.event_id.clone()) {
                print(&mut out, form, record)?;
            }
            Ok(())
        })?;
    }
    Ok(out.flush()?)
}

fn print(out: &mut impl Write, form: Form, record: &Record) -> std::io::Result<()> {
    match form {
        Form::Text => writeln!(out, "{} {record}", record.event_id),
        Form::Json => (cloudtrail::events(record).iter())
            .try_for_each(|event| writeln!(out, "{}", event.json())),
    }
}
