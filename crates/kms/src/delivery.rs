//! Delivery of the audit log: what trails want, as CloudTrail's files with signed digests, to a folder or an S3
//! endpoint; all of it to a syslog receiver. It changes nothing of the log, and forgets nothing it could not hand over.

mod digests;
pub mod folder;
mod progress;
mod reader;
mod rounds;
pub mod s3;
pub mod sink;
mod steps;
mod stream;
pub mod syslog;

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::kms::Kms;
use sink::Sink;
use syslog::SyslogSink;

/// How often files are delivered, and how long a digest's period is, unless configured otherwise.
pub const INTERVAL: Duration = Duration::from_secs(5 * 60);
/// As [`INTERVAL`], in development.
pub const INTERVAL_IN_DEVELOPMENT: Duration = Duration::from_secs(5);
/// The period of a digest (CloudTrail User Guide, "CloudTrail digest file structure": each hour).
pub const DIGEST_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Where the audit log is delivered to.
pub struct Delivery {
    /// What takes the files of trails; nothing delivers none.
    pub sink: Option<Arc<dyn Sink>>,
    /// What takes all events as messages.
    pub syslog: Option<SyslogSink>,
    /// How often files are delivered.
    pub interval: Duration,
    /// The period of a digest, in whole seconds.
    pub digest_interval: Duration,
}

/// Delivers what is in the folder `log` until `kms` is closed.
pub(crate) async fn run(kms: Weak<Kms>, delivery: Arc<Delivery>, log: PathBuf) {
    let files = rounds::run(kms.clone(), Arc::clone(&delivery), log.clone());
    let messages = stream::run(kms, delivery, log);
    tokio::join!(files, messages);
}

/// How long to wait after failures: longer after each, and never for good.
#[derive(Default)]
struct Pause(Duration);

impl Pause {
    const MIN: Duration = Duration::from_secs(1);
    const MAX: Duration = Duration::from_secs(5 * 60);

    /// The pause after one more failure.
    fn after_failure(&mut self) -> Duration {
        self.0 = (self.0 * 2).clamp(Self::MIN, Self::MAX);
        self.0
    }

    fn reset(&mut self) {
        self.0 = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests;
