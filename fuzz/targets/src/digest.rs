//! Delivered files: digests, names of digests, and gzip. A digest that is read reads the same when it is written again; the
//! content of a compressed file is what was compressed, and never more than is allowed.

use strongroom_audit::digest::Digest;
use strongroom_audit::gzip::{compress, decompress};
use strongroom_audit::objects::DigestName;

use crate::split::text;

const CONTENT_BYTES_MAX: u64 = 1 << 16;

pub(crate) fn run(data: &[u8]) {
    if let Ok(digest) = Digest::parse(data) {
        let written = digest.json();
        let again = Digest::parse(written.as_bytes()).expect("what is written is a digest");
        assert_eq!(again.json(), written);
        assert_eq!(again.string_to_sign(data), digest.string_to_sign(data));
    }
    if let Some((prefix, name)) = text(data).and_then(DigestName::parse) {
        assert_eq!(name.key(prefix).as_bytes(), data);
    }
    let mut content = Vec::new();
    let _read = decompress(data, CONTENT_BYTES_MAX, |piece| {
        content.extend_from_slice(piece)
    });
    assert!(content.len() as u64 <= CONTENT_BYTES_MAX);
    let mut again = Vec::new();
    let packed = compress(data).expect("memory can be written");
    decompress(packed.as_slice(), u64::MAX, |piece| {
        again.extend_from_slice(piece)
    })
    .expect("our own file");
    assert_eq!(again, data);
}
