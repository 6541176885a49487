//! The audit log. Any bytes can be read and verified as a segment. A chain made of the input's lines verifies with as many
//! records, and with one byte changed it does not verify as the same log.

use strongroom_audit::log::{Item, Report};
use strongroom_audit::{Begins, Chain, Checkpoint, Header, LogReader, Verifier, record};

use crate::split::line;

const LINES_MAX: usize = 16;

pub(crate) fn run(data: &[u8]) {
    if let Some(header) = Header::from_bytes(data) {
        assert_eq!(header.to_bytes(), data);
    }
    if let Ok(checkpoint) = Checkpoint::from_bytes(data) {
        assert_eq!(checkpoint.to_bytes(), data);
        assert!(checkpoint.verify(&checkpoint.signed_bytes()).is_err());
    }
    for frame in LogReader::new(data) {
        let Ok(frame) = frame else { break };
        assert!(usize::try_from(frame.offset).is_ok_and(|offset| offset < data.len()));
        assert!(!frame.payload.is_empty());
    }
    let _report = verify(data);
    check_chain(data);
}

fn check_chain(data: &[u8]) {
    let Some(([place, mask], mut rest)) = data.split_first_chunk::<2>() else {
        return;
    };
    let mut chain = Chain::new([7; 16]);
    let mut log = chain.header(1, 0);
    let mut records = 0;
    while !rest.is_empty() && records < LINES_MAX {
        let (payload, after) = line(rest);
        rest = after;
        let payload = [&[record::FORMAT], payload].concat();
        log.extend(
            chain
                .append(&payload)
                .unwrap_or_else(|_| panic!("a record's payload")),
        );
        records += 1;
    }
    let (report, told) = verify(&log).expect("an intact log");
    assert_eq!(told.len(), records);
    if *mask == 0 {
        return;
    }
    let at = usize::from(*place) * log.len() / 256;
    log[at] ^= mask;
    if let Some(changed) = verify(&log) {
        assert!(
            changed != (report, told),
            "a changed byte at {at} is not noticed"
        );
    }
}

/// The report and the payloads of the records, unless there is a fault.
fn verify(segment: &[u8]) -> Option<(Report, Vec<Vec<u8>>)> {
    let mut verifier = Verifier::new(&|_| None, Begins::Anywhere);
    let mut told = Vec::new();
    let mut each = |item: Item<'_>| {
        if let Item::Record { payload, .. } = item {
            told.push(payload.to_vec());
        }
    };
    verifier.segment(1, segment, &mut each).ok()?;
    Some((verifier.finish().ok()?, told))
}
