//! Audit records: one that is read reads the same when it is written again, and the events it tells are JSON.

use serde_json::Value;
use strongroom_audit::{Record, cloudtrail};

pub(crate) fn run(data: &[u8]) {
    let Ok(record) = Record::decode(data) else {
        return;
    };
    let written = record.encode().expect("what was read can be written");
    let again = Record::decode(&written).expect("what was written can be read");
    assert_eq!(again.encode().as_deref(), Ok(written.as_slice()));
    for event in cloudtrail::events(&record) {
        let told: Value = serde_json::from_str(&event.json()).expect("an event is JSON");
        assert_eq!(told["eventName"], event.name());
        let _named = event.named_resources();
        let _who = (event.username(), event.access_key_id(), event.source());
    }
}
