//! What the audit log of a machine says of the replies that were read: one record of each, and no other.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use strongroom_audit::{LogReader, Record};
use strongroom_kms::audit_log::segments;

/// What must be in the log of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// One record.
    One,
    /// None: nobody called.
    None,
    /// One or none: it failed, perhaps before anybody had called.
    Perhaps,
}

/// Compares the log in `folder` with the replies, by request id, and with how many calls had none. The faults.
pub(super) fn compare(
    folder: &Path,
    replies: &BTreeMap<String, Expected>,
    unanswered: usize,
) -> Vec<String> {
    let mut records: BTreeMap<String, usize> = BTreeMap::new();
    for record in read(folder) {
        // The service's own events have no request.
        if !record.request_id.is_empty() {
            *records.entry(record.request_id).or_default() += 1;
        }
    }
    let mut faults = Vec::new();
    for (id, expected) in replies {
        let found = records.get(id).copied().unwrap_or(0);
        let fits = match expected {
            Expected::One => found == 1,
            Expected::None => found == 0,
            Expected::Perhaps => found <= 1,
        };
        if !fits {
            faults.push(format!("{found} audit records of {id}: {expected:?}"));
        }
    }
    let of_nobody = records.keys().filter(|id| !replies.contains_key(*id));
    let of_nobody = of_nobody.count();
    if of_nobody > unanswered {
        faults.push(format!(
            "{of_nobody} audit records of {unanswered} calls without an answer"
        ));
    }
    faults
}

fn read(folder: &Path) -> Vec<Record> {
    let mut records = Vec::new();
    for (_, path) in segments(folder).expect("the segments of the audit log") {
        let file = File::open(path).expect("a segment");
        let frames = LogReader::new(BufReader::new(file)).map_while(Result::ok);
        for frame in frames.filter(|frame| frame.is_record()) {
            records.push(Record::decode(&frame.payload).expect("a record"));
        }
    }
    records
}
