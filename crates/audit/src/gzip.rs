//! The compression of delivered files: gzip of one member, the same bytes for the same content, and a reader that
//! lets nothing hide behind the end.

use std::io::{self, BufRead, BufReader, Read, Write};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

/// Compresses `content`. No time, name or system is written into the header, so that the same content is always
/// the same file.
pub fn compress(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish()
}

/// Why a compressed file is not read to its end.
#[derive(Debug)]
pub enum Unreadable {
    /// It is not gzip, is cut off, its check does not fit, or it is longer than allowed.
    Format,
    /// Something follows the end of the compressed stream.
    TrailingData,
    /// The source failed.
    Source(io::Error),
}

/// Gives the content of `file` to `take`, piece by piece, and at most `bytes_max` of it.
///
/// # Errors
/// [`Unreadable`]; what was given then is to be forgotten.
pub fn decompress(
    file: impl Read,
    bytes_max: u64,
    mut take: impl FnMut(&[u8]),
) -> Result<(), Unreadable> {
    let mut decoder = GzDecoder::new(BufReader::new(Watched::new(file)));
    let mut piece = vec![0; 64 * 1024];
    let mut given = 0u64;
    loop {
        let read = match decoder.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(decoder.into_inner().into_inner().cause()),
        };
        given = given.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if given > bytes_max {
            return Err(Unreadable::Format);
        }
        take(piece.get(..read).unwrap_or_default());
    }
    let mut rest = decoder.into_inner();
    match rest.fill_buf() {
        Ok([]) => Ok(()),
        Ok(_) => Err(Unreadable::TrailingData),
        Err(error) => Err(Unreadable::Source(error)),
    }
}

/// Remembers whether reading failed, which the decoder's own errors would hide.
struct Watched<R> {
    source: R,
    failed: Option<io::Error>,
}

impl<R: Read> Watched<R> {
    fn new(source: R) -> Self {
        let failed = None;
        Self { source, failed }
    }

    fn cause(self) -> Unreadable {
        self.failed.map_or(Unreadable::Format, Unreadable::Source)
    }
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.source.read(out).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.failed = Some(error.kind().into());
            }
        })
    }
}

#[cfg(test)]
mod tests;
