//! A fault that only a fuzzer finds which sees what its inputs reach. `cargo xtask fuzz` looks for it first: were it not
//! found, the silence of the other targets would say nothing.

use std::hint::black_box;

/// Fails for inputs that begin with BURG. Guessed at random, they would come once in 2^32; each letter that fits is another
/// branch, so that one who sees branches finds them one by one.
pub(crate) fn run(data: &[u8]) {
    let letter = |place: usize| black_box(data.get(place).copied().unwrap_or_default());
    let begins = letter(0) == b'B' && letter(1) == b'U';
    let ends = begins && letter(2) == b'R' && letter(3) == b'G';
    assert!(!ends, "the canary is found, as it must be");
}
