//! Files as they are written, cut, flipped, lengthened and failing.

use std::io::{self, Read};

use super::{Unreadable, compress, decompress};

fn content() -> Vec<u8> {
    (0u32..50_000).flat_map(|n| (n / 7).to_be_bytes()).collect()
}

fn read(file: impl Read, bytes_max: u64) -> Result<Vec<u8>, Unreadable> {
    let mut out = Vec::new();
    decompress(file, bytes_max, |piece| out.extend_from_slice(piece))?;
    Ok(out)
}

#[test]
fn content_comes_back_and_compresses_the_same_way_again() {
    for content in [Vec::new(), b"{\"Records\":[]}".to_vec(), content()] {
        let file = compress(&content).unwrap();
        assert_eq!(file, compress(&content).unwrap());
        assert_eq!(read(file.as_slice(), u64::MAX).unwrap(), content);
    }
}

#[test]
fn what_was_changed_is_not_read() {
    let small = b"some content, and some content again".to_vec();
    let file = compress(&small).unwrap();
    for length in 0..file.len() {
        assert!(
            matches!(read(&file[..length], u64::MAX), Err(Unreadable::Format)),
            "{length}"
        );
    }
    // What the first ten bytes say of name, time and system changes no content.
    for index in 10..file.len() {
        let mut changed = file.clone();
        changed[index] ^= 1;
        assert!(read(changed.as_slice(), u64::MAX).is_err(), "{index}");
    }
    for tail in [&b"x"[..], &[0], &file] {
        let longer = [file.as_slice(), tail].concat();
        let answer = read(longer.as_slice(), u64::MAX);
        assert!(matches!(answer, Err(Unreadable::TrailingData)));
    }
}

#[test]
fn content_is_bounded() {
    let file = compress(&[0; 1000]).unwrap();
    assert!(read(file.as_slice(), 1000).is_ok());
    assert!(matches!(
        read(file.as_slice(), 999),
        Err(Unreadable::Format)
    ));
}

/// Fails after some bytes.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::ErrorKind::PermissionDenied.into()),
            read => Ok(read),
        }
    }
}

#[test]
fn a_source_that_fails_is_not_taken_for_a_wrong_file() {
    let file = compress(b"content").unwrap();
    for length in [0, 5, file.len()] {
        let answer = read(Failing(&file[..length]), u64::MAX);
        assert!(matches!(answer, Err(Unreadable::Source(_))), "{length}");
    }
}
