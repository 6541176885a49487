//! Verifies consecutive segments as one chain: every link, and every checkpoint against it. Needs no secret, and
//! trusts nothing but the public keys it is given.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::time::Duration;

use strongroom_base::UnixMillis;

use super::{
    Checkpoint, CheckpointFault, CheckpointKeyId, FIRST_LINK, Fault, Frame, Header, Link, LogError,
    LogReader, PayloadKind, What,
};
use crate::Record;

/// The most notes that are kept; further ones are counted.
pub const NOTES_MAX: usize = 1000;

/// How far behind the last record a checkpoint may speak: a writer drops answers that come later.
pub const LAG_RECORDS_MAX: usize = 65_536;
/// The most ended lives of the key process that are remembered.
const BOOTS_MAX: usize = 65_536;
/// Two clocks of one machine, or one before and after it was set right, do not differ by more.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5 * 60);

/// Whether the segments given are all there should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begins {
    /// The first of them is the log's first.
    AtTheStart,
    /// It may be any.
    Anywhere,
}

/// A public key by its id, as a DER SubjectPublicKeyInfo.
type Keys<'k> = dyn Fn(&CheckpointKeyId) -> Option<Vec<u8>> + 'k;

/// Verifies a log, segment by segment.
pub struct Verifier<'k> {
    keys: &'k Keys<'k>,
    begins: Begins,
    kept: Vec<Checkpoint>,
    place: Option<Place>,
    at: At,
    report: Report,
}

/// Why a segment was not verified to its end.
#[derive(Debug)]
pub enum Stop {
    /// Something is wrong.
    Fault(Box<Fault>),
    /// The source failed.
    Read(io::Error),
}

/// What is intact, as it is verified.
#[derive(Clone, Copy, Debug)]
pub enum Item<'f> {
    /// A segment begins.
    Header(&'f Header),
    /// A record.
    Record {
        /// How many came before it; none in a segment without a header.
        sequence: Option<u64>,
        /// Its bytes.
        payload: &'f [u8],
    },
    /// A checkpoint.
    Checkpoint(&'f Checkpoint),
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The log's id.
    pub writer: Option<[u8; 16]>,
    /// Segments, with and without a header.
    pub segments: u64,
    /// The records since the log began, those before the first segment given included.
    pub records: u64,
    /// Records in segments without a header, which prove nothing.
    pub unchained: u64,
    /// Checkpoints.
    pub checkpoints: u64,
    /// The last of them.
    pub last: Option<Checkpoint>,
    /// Records that it does not cover.
    pub unsigned: u64,
    /// What is remarkable and no fault, at most [`NOTES_MAX`].
    pub notes: Vec<Note>,
    /// Notes beyond those.
    pub more_notes: u64,
}

/// What is remarkable and no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A crash tore off the end of a segment.
    Torn {
        /// The segment.
        segment: u64,
        /// Where the torn part begins.
        offset: u64,
        /// Its length in bytes.
        bytes: u64,
    },
    /// A segment has no header, so its records are not chained.
    Unchained {
        /// The segment.
        segment: u64,
    },
    /// The first segment given is not the log's first: so many records came before it.
    BeginsAt(u64),
    /// A checkpoint was signed long after, or before, the time of a record that it is the first to cover.
    TimesApart {
        /// The records it covers.
        sequence: u64,
        /// When it was signed, in milliseconds since the epoch.
        signed: i64,
        /// The time of the record that is furthest from it, in milliseconds since the epoch.
        recorded: i64,
    },
    /// A checkpoint covers nothing but records before the first segment given, so only its signature is known to be
    /// right.
    CoversEarlier {
        /// The records it covers.
        sequence: u64,
    },
    /// The clock of the key process was set back a little before it signed this checkpoint.
    ClockBack {
        /// The records it covers.
        sequence: u64,
    },
    /// An intact record cannot be read by this version.
    Unreadable {
        /// The segment.
        segment: u64,
        /// Where its frame begins.
        offset: u64,
    },
    /// The kept checkpoint of so many records speaks of segments that were not given.
    KeptEarlier(u64),
}

#[derive(Clone, Copy, Default)]
struct At {
    segment: u64,
    offset: u64,
}

/// The end of what was verified.
struct Place {
    writer: [u8; 16],
    link: Link,
    sequence: u64,
    /// The records before the first segment given.
    begins: u64,
    /// The last records, the newest at the end.
    records: VecDeque<Covered>,
    /// The earliest time of the records that are not among them any more and that no checkpoint covers.
    forgotten: Option<UnixMillis>,
    last: Option<Checkpoint>,
    ended_boots: Vec<[u8; 16]>,
}

struct Covered {
    link: Link,
    /// None when the record cannot be read.
    time: Option<UnixMillis>,
}

impl<'k> Verifier<'k> {
    /// A verifier that takes public keys from `keys`.
    pub fn new(keys: &'k Keys<'k>, begins: Begins) -> Self {
        Self {
            keys,
            begins,
            kept: Vec::new(),
            place: None,
            at: At::default(),
            report: Report::default(),
        }
    }

    /// Holds the log against a checkpoint that was kept elsewhere. To be called before the first segment.
    ///
    /// # Errors
    /// When the checkpoint itself is not validly signed.
    pub fn keep(&mut self, checkpoint: Checkpoint) -> Result<(), CheckpointFault> {
        self.check_signature(&checkpoint)?;
        self.kept.push(checkpoint);
        Ok(())
    }

    /// Verifies the next segment, and tells `each` of what is intact in it.
    ///
    /// # Errors
    /// The first fault, after which nothing can be said of what follows.
    pub fn segment(
        &mut self,
        number: u64,
        source: impl Read,
        each: &mut dyn FnMut(Item<'_>),
    ) -> Result<(), Stop> {
        self.report.segments = self.report.segments.saturating_add(1);
        let mut is_first = true;
        for frame in LogReader::new(source) {
            match frame {
                Ok(frame) => self.frame(number, &frame, is_first, each)?,
                Err(error) => self.stopped(number, error)?,
            }
            is_first = false;
        }
        Ok(())
    }

    /// What was found, once all segments are verified.
    ///
    /// # Errors
    /// [`What::Cut`] when a kept checkpoint covers more than there is.
    pub fn finish(mut self) -> Result<Report, Box<Fault>> {
        let sequence = self.sequence();
        if let Some(kept) = self.kept.iter().find(|kept| kept.sequence > sequence) {
            let (what, before) = (What::Cut(kept.sequence), Some(kept.clone()));
            return Err(self.fault(what, None, before));
        }
        let last = self.place.take().and_then(|place| place.last);
        let covered = last.as_ref().map_or(0, |last| last.sequence);
        self.report.unsigned = sequence.saturating_sub(covered);
        self.report.records = sequence;
        self.report.last = last;
        Ok(self.report)
    }

    fn stopped(&mut self, segment: u64, error: LogError) -> Result<(), Stop> {
        match error {
            LogError::Read(error) => Err(Stop::Read(error)),
            LogError::Torn { offset, bytes } => {
                self.at = At { segment, offset };
                self.note(Note::Torn {
                    segment,
                    offset,
                    bytes,
                });
                Ok(())
            }
            LogError::Damaged { offset, payload } => {
                self.at = At { segment, offset };
                // Whoever remade what comes before it left the signature as it was.
                let found = payload.as_deref().map(Checkpoint::from_bytes);
                let signed = found.and_then(Result::ok);
                let signed = signed.filter(|found| self.check_signature(found).is_ok());
                Err(self.stop(What::Damaged, payload.as_deref(), signed))
            }
        }
    }

    fn frame(
        &mut self,
        segment: u64,
        frame: &Frame,
        is_first: bool,
        each: &mut dyn FnMut(Item<'_>),
    ) -> Result<(), Stop> {
        self.at = At {
            segment,
            offset: frame.offset,
        };
        let Some(link) = frame.link else {
            return self.unchained(frame, is_first, each);
        };
        if is_first {
            self.header(&frame.payload, each)?;
        } else {
            match PayloadKind::of(&frame.payload) {
                Some(PayloadKind::Record) => self.record(&frame.payload, link, each)?,
                Some(PayloadKind::Checkpoint) => self.checkpoint(&frame.payload, each)?,
                Some(PayloadKind::Header) => return Err(self.stop(What::HeaderWithin, None, None)),
                None => return Err(self.stop(What::UnknownKind, None, None)),
            }
        }
        if let Some(place) = &mut self.place {
            place.link = link;
        }
        Ok(())
    }

    fn unchained(
        &mut self,
        frame: &Frame,
        is_first: bool,
        each: &mut dyn FnMut(Item<'_>),
    ) -> Result<(), Stop> {
        if self.place.is_some() {
            return Err(self.stop(What::NoHeader, Some(&frame.payload), None));
        }
        if is_first {
            let segment = self.at.segment;
            self.note(Note::Unchained { segment });
        }
        self.report.unchained = self.report.unchained.saturating_add(1);
        self.read(&frame.payload);
        each(Item::Record {
            sequence: None,
            payload: &frame.payload,
        });
        Ok(())
    }

    fn header(&mut self, payload: &[u8], each: &mut dyn FnMut(Item<'_>)) -> Result<(), Stop> {
        let Some(header) = Header::from_bytes(payload) else {
            return Err(self.stop(What::NoHeader, None, None));
        };
        if let Some(what) = self.misplaced(&header) {
            return Err(self.stop(what, None, None));
        }
        if self.place.is_none() {
            self.begin(&header)?;
        }
        each(Item::Header(&header));
        Ok(())
    }

    fn misplaced(&self, header: &Header) -> Option<What> {
        if header.segment != self.at.segment {
            return Some(What::OtherSegment(header.segment));
        }
        let (sequence, previous) = match (&self.place, self.begins) {
            (Some(place), _) if place.writer != header.writer => return Some(What::OtherWriter),
            (Some(place), _) => (place.sequence, place.link),
            (None, Begins::AtTheStart) if header.sequence != 0 => return Some(What::BeginsLate),
            (None, Begins::AtTheStart) => (0, FIRST_LINK),
            (None, Begins::Anywhere) => return None,
        };
        let goes_on = header.sequence == sequence && header.previous == previous;
        (!goes_on).then_some(What::NotContinued(header.sequence))
    }

    fn begin(&mut self, header: &Header) -> Result<(), Stop> {
        self.report.writer = Some(header.writer);
        self.place = Some(Place {
            writer: header.writer,
            link: header.previous,
            sequence: header.sequence,
            begins: header.sequence,
            records: VecDeque::new(),
            forgotten: None,
            last: None,
            ended_boots: Vec::new(),
        });
        if header.sequence > 0 {
            self.note(Note::BeginsAt(header.sequence));
        }
        if let Some(kept) = self.kept.iter().find(|kept| kept.writer != header.writer) {
            let kept = kept.clone();
            return Err(self.stop(What::KeptOfOtherLog, None, Some(kept)));
        }
        let (earlier, kept) = std::mem::take(&mut self.kept)
            .into_iter()
            .partition(|kept| kept.sequence <= header.sequence);
        self.kept = kept;
        let earlier: Vec<Checkpoint> = earlier;
        for kept in earlier {
            self.note(Note::KeptEarlier(kept.sequence));
        }
        Ok(())
    }

    fn record(
        &mut self,
        payload: &[u8],
        link: Link,
        each: &mut dyn FnMut(Item<'_>),
    ) -> Result<(), Stop> {
        let time = self.read(payload).map(|record| record.time);
        let sequence = self.sequence();
        let covered = sequence.saturating_add(1);
        let other = |kept: &&Checkpoint| kept.sequence == covered && kept.link != link;
        if let Some(kept) = self.kept.iter().find(other) {
            let kept = kept.clone();
            return Err(self.stop(What::KeptDiffers, Some(payload), Some(kept)));
        }
        if let Some(place) = &mut self.place {
            place.sequence = covered;
            place.keep(Covered { link, time });
        }
        each(Item::Record {
            sequence: Some(sequence),
            payload,
        });
        Ok(())
    }

    /// The record of an intact payload; one that cannot be read is told.
    fn read(&mut self, payload: &[u8]) -> Option<Record> {
        let record = Record::decode(payload).ok();
        if record.is_none() {
            let At { segment, offset } = self.at;
            self.note(Note::Unreadable { segment, offset });
        }
        record
    }

    fn checkpoint(&mut self, payload: &[u8], each: &mut dyn FnMut(Item<'_>)) -> Result<(), Stop> {
        let Ok(checkpoint) = Checkpoint::from_bytes(payload) else {
            let what = What::Checkpoint(CheckpointFault::Malformed);
            return Err(self.stop(what, None, None));
        };
        if let Err(fault) = self.check(&checkpoint) {
            let what = What::Checkpoint(fault);
            return Err(self.stop(what, None, Some(checkpoint)));
        }
        each(Item::Checkpoint(&checkpoint));
        self.report.checkpoints = self.report.checkpoints.saturating_add(1);
        if let Some(place) = &mut self.place {
            place.succeed(checkpoint);
        }
        Ok(())
    }

    fn check(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointFault> {
        self.check_signature(checkpoint)?;
        let Some(place) = &self.place else {
            return Err(CheckpointFault::OtherWriter);
        };
        let notes = [
            place.check_covered(checkpoint)?,
            place.check_life(checkpoint)?,
            place.times_apart(checkpoint),
        ];
        for note in notes.into_iter().flatten() {
            self.note(note);
        }
        Ok(())
    }

    fn check_signature(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointFault> {
        let unknown = || CheckpointFault::UnknownKey(checkpoint.key);
        let key = (self.keys)(&checkpoint.key).ok_or_else(unknown)?;
        let verified = checkpoint.verify(&key);
        verified.map_err(|_| CheckpointFault::Signature)
    }

    fn sequence(&self) -> u64 {
        self.place.as_ref().map_or(0, |place| place.sequence)
    }

    fn stop(&self, what: What, payload: Option<&[u8]>, before: Option<Checkpoint>) -> Stop {
        Stop::Fault(self.fault(what, payload, before))
    }

    fn fault(&self, what: What, payload: Option<&[u8]>, before: Option<Checkpoint>) -> Box<Fault> {
        let record = payload.and_then(|payload| Record::decode(payload).ok());
        Box::new(Fault {
            segment: self.at.segment,
            offset: self.at.offset,
            sequence: self.sequence(),
            event_id: record.map(|record| record.event_id),
            what,
            after: self.place.as_ref().and_then(|place| place.last.clone()),
            before,
        })
    }

    fn note(&mut self, note: Note) {
        if self.report.notes.len() < NOTES_MAX {
            self.report.notes.push(note);
        } else {
            self.report.more_notes = self.report.more_notes.saturating_add(1);
        }
    }
}

impl Place {
    fn keep(&mut self, record: Covered) {
        self.records.push_back(record);
        if self.records.len() <= LAG_RECORDS_MAX {
            return;
        }
        let gone = self.records.pop_front().and_then(|record| record.time);
        let kept = u64::try_from(self.records.len()).unwrap_or(u64::MAX);
        if self.sequence.saturating_sub(kept) > self.covered_by_last() {
            self.forgotten = self.forgotten.into_iter().chain(gone).min();
        }
    }

    /// Whether it covers what is there, and more than the last.
    fn check_covered(&self, checkpoint: &Checkpoint) -> Result<Option<Note>, CheckpointFault> {
        let sequence = checkpoint.sequence;
        if checkpoint.writer != self.writer {
            return Err(CheckpointFault::OtherWriter);
        }
        if sequence <= self.covered_by_last() {
            return Err(CheckpointFault::NotAhead);
        }
        if sequence > self.sequence {
            return Err(CheckpointFault::Ahead);
        }
        // The answer of the key process may have come when the next segment had begun.
        if sequence <= self.begins {
            return Ok(Some(Note::CoversEarlier { sequence }));
        }
        match self.covered(sequence) {
            None => Err(CheckpointFault::Behind),
            Some(covered) if covered.link != checkpoint.link => Err(CheckpointFault::OtherRecords),
            Some(_) => Ok(None),
        }
    }

    /// The record that is the last of the first `sequence`, unless it is too far back.
    fn covered(&self, sequence: u64) -> Option<&Covered> {
        let back = usize::try_from(self.sequence.checked_sub(sequence)?).ok()?;
        let place = self.records.len().checked_sub(back)?.checked_sub(1)?;
        self.records.get(place)
    }

    /// Lives of the key process follow each other, and so do their times.
    fn check_life(&self, checkpoint: &Checkpoint) -> Result<Option<Note>, CheckpointFault> {
        if self.ended_boots.contains(&checkpoint.boot) {
            return Err(CheckpointFault::BootEnded);
        }
        let last = self.last.as_ref().map_or(0, |last| last.time);
        let back = Duration::from_millis(last.saturating_sub(checkpoint.time));
        if back > CLOCK_TOLERANCE {
            return Err(CheckpointFault::ClockBack);
        }
        let sequence = checkpoint.sequence;
        Ok((!back.is_zero()).then_some(Note::ClockBack { sequence }))
    }

    /// Checkpoints follow records at once. One that comes late may hide that earlier ones of the same records, or of
    /// others in their place, were taken away.
    fn times_apart(&self, checkpoint: &Checkpoint) -> Option<Note> {
        let signed = UnixMillis(i64::try_from(checkpoint.time).unwrap_or(i64::MAX));
        let apart = |time: &UnixMillis| signed.since(*time).max(time.since(signed));
        let kept = self.newly_covered(checkpoint.sequence);
        let times = kept.filter_map(|record| record.time).chain(self.forgotten);
        let furthest = times.max_by_key(apart)?;
        (apart(&furthest) > CLOCK_TOLERANCE).then_some(Note::TimesApart {
            sequence: checkpoint.sequence,
            signed: signed.0,
            recorded: furthest.0,
        })
    }

    /// Of the records that are kept, those among the first `sequence` that the last checkpoint does not cover.
    fn newly_covered(&self, sequence: u64) -> impl Iterator<Item = &Covered> {
        let place = |sequence: u64| {
            let back = usize::try_from(self.sequence.saturating_sub(sequence));
            self.records
                .len()
                .saturating_sub(back.unwrap_or(usize::MAX))
        };
        let covered = place(self.covered_by_last());
        self.records.iter().take(place(sequence)).skip(covered)
    }

    fn covered_by_last(&self) -> u64 {
        self.last.as_ref().map_or(0, |last| last.sequence)
    }

    fn succeed(&mut self, checkpoint: Checkpoint) {
        let ended = (self.last.take()).filter(|last| last.boot != checkpoint.boot);
        if let Some(ended) = ended
            && self.ended_boots.len() < BOOTS_MAX
        {
            self.ended_boots.push(ended.boot);
        }
        self.last = Some(checkpoint);
        self.forgotten = None;
    }
}
