//! The stream of all accounts' events to the syslog receiver, whatever trails want. Its position is noted after the
//! receiver took what comes before it: after a failure events may come again, and none is left out.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use strongroom_audit::{Record, cloudtrail};
use strongroom_base::UnixMillis;
use strongroom_store::Expect;

use super::progress::blocking;
use super::reader::{self, Unread};
use super::sink::SinkError;
use super::syslog::{Connection, SyslogSink};
use super::{Delivery, Pause};
use crate::failure::{Cause, Failure};
use crate::kms::Kms;
use crate::records::{LogPositionRecord as Position, StreamRecord};
use crate::repository::{Changes, Stored};

/// How often it is looked for new events.
const TICK: Duration = Duration::from_secs(1);
/// The most events sent before the position is noted, and the most bytes of them that are held.
const BATCH_EVENTS_MAX: usize = 1_000;
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How much of the log without events is read again rather than noted, in bytes.
const UNNOTED_BYTES_MAX: u64 = 1 << 20;

/// Why the stream stands still.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The receiver.
    Receiver(SinkError),
    /// The audit log.
    Log(Unread),
    /// The store.
    Store(Failure),
}

impl fmt::Display for Stopped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Receiver(error) => write!(out, "the receiver failed: {error}"),
            Self::Log(unread) => unread.fmt(out),
            Self::Store(failure) => write!(out, "the store failed: {failure:?}"),
        }
    }
}

impl From<SinkError> for Stopped {
    fn from(error: SinkError) -> Self {
        Self::Receiver(error)
    }
}

impl From<Unread> for Stopped {
    fn from(unread: Unread) -> Self {
        Self::Log(unread)
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Store(failure)
    }
}

/// Sends events until `kms` is closed.
pub(super) async fn run(kms: Weak<Kms>, delivery: Arc<Delivery>, log: PathBuf) {
    let Some(sink) = &delivery.syslog else {
        return;
    };
    let (mut stream, mut pause) = (Stream::new(sink), Pause::default());
    while kms.strong_count() > 0 {
        let wait = match stream.send_new(&kms, &log).await {
            Ok(()) => {
                pause.reset();
                TICK
            }
            Err(stopped) => {
                tracing::warn!(%stopped, "the syslog stream stands still; it is tried again");
                pause.after_failure()
            }
        };
        tokio::time::sleep(wait).await;
    }
}

/// The receiver, and the connection to it while it holds.
pub(super) struct Stream<'a> {
    sink: &'a SyslogSink,
    connection: Option<Connection>,
}

/// Events with their times, and where the rest begins.
struct Batch {
    events: Vec<(UnixMillis, String)>,
    to: Position,
}

impl<'a> Stream<'a> {
    pub(super) fn new(sink: &'a SyslogSink) -> Self {
        Self {
            sink,
            connection: None,
        }
    }

    /// Sends everything that is new, and notes how far it came.
    ///
    /// # Errors
    /// [`Stopped`]; what was noted before stays noted.
    pub(super) async fn send_new(&mut self, kms: &Weak<Kms>, log: &Path) -> Result<(), Stopped> {
        loop {
            let Some((version, from)) = position(kms, log).await? else {
                return Ok(());
            };
            let path = log.to_owned();
            let batch = blocking(move || collect(&path, from)).await??;
            let is_far = is_far(from, batch.to);
            if batch.events.is_empty() && !is_far {
                return Ok(());
            }
            self.send(&batch.events).await?;
            let Some(kms) = kms.upgrade() else {
                return Ok(());
            };
            let record = StreamRecord { position: batch.to };
            let expect = version.map_or(Expect::Absent, Expect::At);
            let changes = Changes::default().put_stream(expect, &record);
            kms.records.commit(changes).await?;
        }
    }

    async fn send(&mut self, events: &[(UnixMillis, String)]) -> Result<(), SinkError> {
        if events.is_empty() {
            return Ok(());
        }
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.sink.connect().await?,
        };
        self.sink.send(&mut connection, events).await?;
        // One that failed is not used again.
        self.connection = Some(connection);
        Ok(())
    }
}

/// Where the stream is, with the version of its record; nothing when the service is closed. It begins where the log
/// does.
async fn position(kms: &Weak<Kms>, log: &Path) -> Result<Option<(Option<u64>, Position)>, Stopped> {
    let Some(kms) = kms.upgrade() else {
        return Ok(None);
    };
    if let Some(Stored { version, record }) = kms.records.stream()? {
        return Ok(Some((Some(version), record.position)));
    }
    let log = log.to_owned();
    let beginning = blocking(move || reader::beginning(&log)).await?;
    let beginning = beginning.map_err(|_| Failure::Internal(Cause::Audit))?;
    Ok(Some((None, beginning)))
}

fn collect(log: &Path, from: Position) -> Result<Batch, Unread> {
    let (mut events, mut bytes) = (Vec::new(), 0usize);
    let take = |record: Record| {
        if events.len() >= BATCH_EVENTS_MAX || bytes >= BATCH_BYTES_MAX {
            return ControlFlow::Break(());
        }
        for event in cloudtrail::events(&record) {
            let json = event.json();
            bytes = bytes.saturating_add(json.len());
            events.push((event.time(), json));
        }
        ControlFlow::Continue(())
    };
    let to = reader::read(log, from, None, take)?;
    Ok(Batch { events, to })
}

fn is_far(from: Position, to: Position) -> bool {
    to.segment != from.segment || to.offset.saturating_sub(from.offset) > UNNOTED_BYTES_MAX
}
