//! `strongroom audit verify`: whether the log is what was written. Says plainly what it cannot know.

use std::path::{Path, PathBuf};

use strongroom_audit::{Begins, Checkpoint, CheckpointKeyId, Fault, Note, Report, Stop, Verifier};
use strongroom_aws::time::iso8601;
use strongroom_base::{UnixMillis, hex};

use super::{exported, keys, segments};
use crate::Failed;
use crate::operator::Server;

/// The most checkpoints that are held against the log.
const KEPT_MAX: usize = 4096;
/// The longest file of checkpoints, in bytes.
const KEPT_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The most notes that are printed.
const NOTES_SHOWN_MAX: usize = 50;
/// Why a log is not called intact in which no fault is found: anybody can write such a one, or take everything away.
const NOTHING_SIGNED: &str =
    "nothing in this log is signed: it cannot be said whether it is what was written";

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    server: Server,
    /// Segments to verify, consecutive, instead of those of the data folder; or a folder of delivered files
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,
    /// A public key that was kept elsewhere, as PEM, instead of those beside the log. Again for more. Of delivered
    /// files: what `aws cloudtrail list-public-keys` printed, as JSON
    #[arg(long, value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// Checkpoints that were kept elsewhere: lines that `audit checkpoint` printed
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
    /// Of delivered files: only digests whose period ends after this time, such as 2026-11-22T09:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "checkpoint")]
    since: Option<String>,
    /// Of delivered files: the signature of a digest that was kept elsewhere, which must be found
    #[arg(long, value_name = "SIGNATURE", conflicts_with = "checkpoint")]
    digest: Option<String>,
}

/// What came of it.
pub(super) enum Verdict {
    Intact,
    Fault,
}

pub(super) fn run(arguments: &Arguments) -> Result<Verdict, Failed> {
    if let [folder] = arguments.files.as_slice()
        && folder.is_dir()
    {
        return exported::run(&exported::Asked {
            folder,
            public_keys: &arguments.public_key,
            since: arguments.since.as_deref(),
            digest: arguments.digest.as_deref(),
        });
    }
    if arguments.since.is_some() || arguments.digest.is_some() {
        return Err("--since and --digest are for a folder of delivered files".into());
    }
    let kept = match &arguments.checkpoint {
        Some(path) => checkpoints(path)?,
        None => Vec::new(),
    };
    match verify(arguments, &kept)? {
        Ok(report) => {
            show(&report);
            show_limits(arguments, &report);
            if report.checkpoints == 0 {
                return Err(NOTHING_SIGNED.into());
            }
            println!("intact");
            Ok(Verdict::Intact)
        }
        Err(fault) => {
            show_fault(&fault);
            Ok(Verdict::Fault)
        }
    }
}

fn verify(
    arguments: &Arguments,
    kept: &[Checkpoint],
) -> Result<Result<Report, Box<Fault>>, Failed> {
    let keys = trusted_keys(arguments)?;
    let key = |id: &CheckpointKeyId| keys.get(id).cloned();
    let (segments, begins) = if arguments.files.is_empty() {
        let segments = segments::of_data(&arguments.server.data()?)?;
        (segments, Begins::AtTheStart)
    } else {
        (segments::of_files(&arguments.files)?, Begins::Anywhere)
    };
    if segments.is_empty() && kept.is_empty() {
        return Err("there is no segment of an audit log, so nothing to verify".into());
    }
    let mut verifier = Verifier::new(&key, begins);
    for checkpoint in kept {
        let kept = verifier.keep(checkpoint.clone());
        kept.map_err(|fault| format!("a checkpoint that was kept is not right: {fault}"))?;
    }
    for (number, path) in segments {
        match verifier.segment(number, segments::open(&path)?, &mut |_| {}) {
            Ok(()) => {}
            Err(Stop::Fault(fault)) => return Ok(Err(fault)),
            Err(Stop::Read(error)) => return Err(format!("{}: {error}", path.display()).into()),
        }
    }
    Ok(verifier.finish())
}

fn trusted_keys(arguments: &Arguments) -> Result<keys::Keys, Failed> {
    if !arguments.public_key.is_empty() {
        return keys::load(&arguments.public_key);
    }
    if !arguments.files.is_empty() {
        return Err("files need --public-key: there is no key beside them".into());
    }
    keys::load(&keys::beside(&arguments.server.data()?)?)
}

/// The checkpoints in the file at `path`, one a line.
fn checkpoints(path: &Path) -> Result<Vec<Checkpoint>, Failed> {
    use std::io::Read;
    let fault = |reason: &dyn std::fmt::Display| format!("{}: {reason}", path.display());
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| fault(&error))?;
    let read = file.take(KEPT_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| fault(&error))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let kept: Vec<Checkpoint> = lines
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| fault(&"not lines that `strongroom audit checkpoint` printed"))?;
    if kept.is_empty() || kept.len() > KEPT_MAX {
        return Err(fault(&format!("not 1 to {KEPT_MAX} checkpoints")).into());
    }
    Ok(kept)
}

fn show(report: &Report) {
    println!(
        "records      {} in {} segments",
        report.records, report.segments
    );
    if report.unchained > 0 {
        println!(
            "unchained    {} more, of a version before the chain: nothing is known of them",
            report.unchained
        );
    }
    match &report.last {
        Some(last) => println!(
            "checkpoints  {}, the last of {} records, signed {}",
            report.checkpoints,
            last.sequence,
            time(last.time)
        ),
        None => println!("checkpoints  none"),
    }
    println!("unsigned     {} records after it", report.unsigned);
    for note in report.notes.iter().take(NOTES_SHOWN_MAX) {
        println!("note         {}", told(note));
    }
    let shown = u64::try_from(NOTES_SHOWN_MAX.min(report.notes.len())).unwrap_or(0);
    let all = u64::try_from(report.notes.len()).unwrap_or(0);
    let more = all.saturating_sub(shown).saturating_add(report.more_notes);
    if more > 0 {
        println!("note         {more} more");
    }
}

/// What an answer of "intact" does not say.
fn show_limits(arguments: &Arguments, report: &Report) {
    if arguments.public_key.is_empty() {
        println!(
            "caution      the public keys beside the log were used: this proves nothing against who can write there"
        );
    }
    if arguments.checkpoint.is_none() {
        println!(
            "caution      that the log was cut at the end of a checkpoint cannot be seen without --checkpoint"
        );
    }
    if report.unsigned > 0 {
        println!(
            "caution      the {} unsigned records could be others, for all that is signed",
            report.unsigned
        );
    }
}

fn show_fault(fault: &Fault) {
    println!("FAULT        {fault}");
    for (what, checkpoint) in [("after", &fault.after), ("before", &fault.before)] {
        if let Some(checkpoint) = checkpoint {
            println!("{what:12} {checkpoint}");
        }
    }
}

fn told(note: &Note) -> String {
    match note {
        Note::Torn {
            segment,
            offset,
            bytes,
        } => format!("segment {segment}: a crash tore {bytes} bytes off its end, at byte {offset}"),
        Note::Unchained { segment } => {
            format!("segment {segment} was written before the chain, nothing ties it")
        }
        Note::BeginsAt(sequence) => {
            format!("{sequence} records came before the first segment given")
        }
        Note::TimesApart {
            sequence,
            signed,
            recorded,
        } => format!(
            "the checkpoint of {sequence} records was signed {}, and the first to cover a record of {}",
            iso8601(UnixMillis(*signed)),
            iso8601(UnixMillis(*recorded))
        ),
        Note::CoversEarlier { sequence } => format!(
            "the checkpoint of {sequence} records covers nothing but segments that were not given"
        ),
        Note::ClockBack { sequence } => format!(
            "the key process's clock had been set back a little at the checkpoint of {sequence} records"
        ),
        Note::Unreadable { segment, offset } => format!(
            "segment {segment}: this version cannot read the intact record at byte {offset}"
        ),
        Note::KeptEarlier(sequence) => format!(
            "the kept checkpoint of {sequence} records speaks of segments that were not given"
        ),
    }
}

fn time(millis: u64) -> String {
    match i64::try_from(millis) {
        Ok(millis) => iso8601(UnixMillis(millis)),
        Err(_) => hex::encode(&millis.to_be_bytes()),
    }
}
