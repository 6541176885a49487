//! Stored records: the first byte chooses a type. What is read is written as bytes that read the same.

use strongroom_kms::fuzzing::RECORDS;

pub(crate) fn run(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else {
        return;
    };
    let (name, reencode) = RECORDS[usize::from(*kind) % RECORDS.len()];
    let Some(written) = reencode(bytes) else {
        return;
    };
    let again = reencode(&written);
    assert_eq!(
        again.as_deref(),
        Some(written.as_slice()),
        "{name} is written as another record"
    );
}
