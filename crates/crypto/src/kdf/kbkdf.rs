//! SP 800-108r1 KDF in counter mode with HMAC-SHA-256.

use strongroom_base::Secret;

use crate::hmac::{HmacSha256, TAG_BYTES};

/// Fills `out` with key material derived from `key`: SP 800-108r1 §4.1, the PRF's input being
/// `[i]_32 ‖ label ‖ 0x00 ‖ context ‖ [L]_32`, where L is the length of `out` in bits.
///
/// The parts of `context` are concatenated without lengths, so the caller keeps them apart (fixed
/// lengths, or lengths of its own). Because L enters every block, a shorter `out` is not the
/// beginning of a longer one. Panics when `out` is 512 MiB or longer, or `label` contains a zero byte.
pub fn kbkdf(key: &HmacSha256, label: &[u8], context: &[&[u8]], out: &mut [u8]) {
    assert!(!label.contains(&0), "a zero byte ends the label");
    let length_bits = u32::try_from(out.len() * 8).unwrap_or(0);
    assert!(
        length_bits != 0 || out.is_empty(),
        "the length in bits must fit [L]_32"
    );
    let fixed = [label, &[0], &context.concat(), &length_bits.to_be_bytes()].concat();
    counter_mode(key, &fixed, out);
}

/// The KDF over fixed input data of any form, as the NIST CAVP vectors state it.
pub(crate) fn counter_mode(key: &HmacSha256, fixed: &[u8], out: &mut [u8]) {
    let mut block = Secret::<[u8; TAG_BYTES]>::zeroed();
    for (counter, chunk) in (1u32..).zip(out.chunks_mut(TAG_BYTES)) {
        key.derive(&[&counter.to_be_bytes(), fixed].concat(), &mut block);
        for (byte, derived) in chunk.iter_mut().zip(block.expose()) {
            *byte = *derived;
        }
    }
}
