//! `strongroom audit list`: the records of the audit log, one a line, oldest segment first.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};

use strongroom_audit::{LogError, LogReader, Record};
use strongroom_kms::audit_log::segments;
use strongroom_kms::service::audit_folder;

use crate::Failed;
use crate::operator::Server;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Print every record, one a line
    List {
        #[command(flatten)]
        server: Server,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let Action::List { server } = &arguments.action;
    let mut out = BufWriter::new(std::io::stdout().lock());
    // A record may stand twice after a crash between writing it and clearing the outbox.
    let mut seen = HashSet::new();
    for (_, path) in segments(&audit_folder(&server.data()?))? {
        for frame in LogReader::new(BufReader::new(File::open(&path)?)) {
            match frame {
                Ok(frame) => {
                    let record = Record::decode(&frame.payload).map_err(|error| {
                        format!("{} at {}: {error}", path.display(), frame.offset)
                    })?;
                    if seen.insert(record.event_id.clone()) {
                        writeln!(out, "{} {record}", record.event_id)?;
                    }
                }
                // The end of a segment that a crash cut short; what was answered comes before it.
                Err(LogError::Torn { .. }) => break,
                Err(error) => return Err(format!("{}: {error}", path.display()).into()),
            }
        }
    }
    Ok(out.flush()?)
}
