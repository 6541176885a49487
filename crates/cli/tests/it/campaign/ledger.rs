//! What clients were told, call by call, and whether the audit log says the same: one record of each, no other.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::Value;
use strongroom_audit::{Header, LogReader, Record};
use strongroom_kms::audit_log::segments;
use strongroom_kms::service::audit_folder;
use strongroom_testkit::Reply;

use super::finding::Finding;

pub(super) const SUCCESS: &str = "Success";

/// What a client was told of one call.
struct Told {
    operation: &'static str,
    outcome: String,
    /// The server failed, perhaps before it knew who called.
    failed: bool,
    records: usize,
}

/// Everything clients were told.
#[derive(Default)]
pub(super) struct Ledger {
    calls: HashMap<String, Told>,
    /// Requests of nobody, and what a sealed server refused: no record may tell of them.
    nobodys: HashSet<String>,
    /// Requests that failed before they were calls, as the server's log has them.
    no_calls: HashSet<String>,
    unanswered: usize,
    successes: usize,
}

impl Ledger {
    /// Writes down a reply to somebody, and returns its outcome.
    pub(super) fn note(&mut self, operation: &'static str, reply: &Reply) -> String {
        let outcome = outcome(reply);
        let id = reply.request_id().to_owned();
        if reply.status == 503 {
            assert!(self.nobodys.insert(id));
            return outcome;
        }
        self.successes += usize::from(outcome == SUCCESS);
        let told = Told {
            operation,
            outcome: outcome.clone(),
            failed: reply.status >= 500,
            records: 0,
        };
        assert!(self.calls.insert(id, told).is_none(), "a request id twice");
        outcome
    }

    /// Writes down a reply to nobody.
    pub(super) fn note_nobodys(&mut self, reply: &Reply) {
        assert!(self.nobodys.insert(reply.request_id().to_owned()));
    }

    /// Writes down that a reply was not read to its end, or not at all.
    pub(super) fn note_unanswered(&mut self) {
        self.unanswered += 1;
    }

    /// Reads from the server's log what failed before it was a call.
    pub(super) fn note_log(&mut self, log: &str) {
        let lines = log.lines().filter(|line| line.contains("request failed"));
        for line in lines {
            // The last line may be cut by the kill.
            let Ok(event) = serde_json::from_str::<Value>(line) else {
                continue;
            };
            if let (Some(id), Some("")) =
                (event["request_id"].as_str(), event["operation"].as_str())
            {
                self.no_calls.insert(id.to_owned());
            }
        }
    }

    pub(super) fn successes(&self) -> usize {
        self.successes
    }

    /// How many replies had each outcome.
    pub(super) fn outcomes(&self) -> BTreeMap<&str, usize> {
        let mut outcomes = BTreeMap::new();
        for told in self.calls.values() {
            *outcomes.entry(told.outcome.as_str()).or_default() += 1;
        }
        outcomes
    }

    /// Reads the log of a server that ended, and compares.
    pub(super) fn compare(mut self, data: &Path) -> Findings {
        let mut found = Findings {
            replies: self.calls.len(),
            nobodys: self.nobodys.len(),
            unanswered: self.unanswered,
            ..Findings::default()
        };
        let (mut events, mut unread) = (HashSet::new(), HashSet::new());
        read(data, &mut |item| match item {
            Item::Header(header) if header.sequence != found.records as u64 => {
                found
                    .gaps
                    .note(format!("{header:?} after {} records", found.records));
            }
            Item::Header(_) => found.segments += 1,
            Item::Record(record) => {
                found.records += 1;
                if !events.insert(record.event_id.clone()) {
                    found.twice.note(record.to_string());
                }
                if self.nobodys.contains(&record.request_id) {
                    found.of_nobody.note(record.to_string());
                } else if let Some(told) = self.calls.get_mut(&record.request_id) {
                    told.compare(&record, &mut found);
                } else if !record.request_id.is_empty() && !unread.insert(record.request_id.clone())
                {
                    found.twice.note(record.to_string());
                }
            }
        });
        found.unread = unread.len();
        for (id, told) in self.calls.iter().filter(|(_, told)| told.records == 0) {
            if told.failed && self.no_calls.contains(id) {
                found.no_calls += 1;
            } else {
                found
                    .missing
                    .note(format!("{id} {} {}", told.operation, told.outcome));
            }
        }
        found
    }
}

impl Told {
    fn compare(&mut self, record: &Record, found: &mut Findings) {
        self.records += 1;
        if self.records > 1 {
            found.twice.note(record.to_string());
        }
        // CloudTrail names it so for AssumeRole.
        let recorded = match record.outcome.to_string() {
            code if code == "AccessDenied" => "AccessDeniedException".to_owned(),
            code => code,
        };
        if record.operation != self.operation || recorded != self.outcome {
            let told = format!("told {} {}: {record}", self.operation, self.outcome);
            found.different.note(told);
        }
    }
}

/// The outcome of a reply in the words of records, which name exceptions as AWS JSON does.
fn outcome(reply: &Reply) -> String {
    if reply.status == 200 {
        return SUCCESS.to_owned();
    }
    let code = match reply.text().split_once("<Code>") {
        None => reply.error(),
        Some((_, rest)) => rest.split('<').next().unwrap().to_owned(),
    };
    match code.as_str() {
        "AccessDenied" => "AccessDeniedException".to_owned(),
        "Throttling" => "ThrottlingException".to_owned(),
        "InternalFailure" => "KMSInternalException".to_owned(),
        _ => code,
    }
}

enum Item {
    Header(Header),
    Record(Box<Record>),
}

/// Every header and every record of the log, in order.
fn read(data: &Path, tell: &mut impl FnMut(Item)) {
    for (_, path) in segments(&audit_folder(data)).unwrap() {
        let reader = LogReader::new(BufReader::new(File::open(path).unwrap()));
        for frame in reader.map_while(Result::ok) {
            if frame.is_record() {
                tell(Item::Record(Box::new(
                    Record::decode(&frame.payload).unwrap(),
                )));
            } else if let Some(header) = Header::from_bytes(&frame.payload) {
                tell(Item::Header(header));
            }
        }
    }
}

/// What the comparison found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    replies: usize,
    pub(super) records: usize,
    segments: usize,
    /// Replies that were not read to their end.
    unanswered: usize,
    /// Records of such.
    unread: usize,
    /// Replies of failures from before there was a call.
    no_calls: usize,
    nobodys: usize,
    missing: Finding,
    twice: Finding,
    different: Finding,
    of_nobody: Finding,
    gaps: Finding,
}

impl Findings {
    /// How many replies were read to their end.
    pub(super) fn replies(&self) -> usize {
        self.replies
    }

    /// Panics unless every reply has its one record, and no other record came of these clients.
    pub(super) fn check(&self) {
        let wrong = [
            &self.missing,
            &self.twice,
            &self.different,
            &self.of_nobody,
            &self.gaps,
        ];
        assert!(wrong.iter().all(|found| found.count == 0), "{self:#?}");
        assert!(self.unread <= self.unanswered, "{self:#?}");
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "replies={} (before a call failed={}) unanswered={} (recorded={}) nobodys={} records={} in {} segments, missing={} twice={} different={} of nobody={} gaps={}",
            self.replies,
            self.no_calls,
            self.unanswered,
            self.unread,
            self.nobodys,
            self.records,
            self.segments,
            self.missing.count,
            self.twice.count,
            self.different.count,
            self.of_nobody.count,
            self.gaps.count,
        )
    }
}
