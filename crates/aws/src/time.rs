//! Times as the Query protocol and condition keys write them.

use jiff::Timestamp;
use strongroom_base::UnixMillis;

/// `time` in UTC as `2026-11-22T10:00:00Z`, whole seconds; empty when it lies out of all calendars.
pub fn iso8601(time: UnixMillis) -> String {
    match Timestamp::from_second(time.seconds()) {
        Ok(time) => time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Err(_) => String::new(),
    }
}
