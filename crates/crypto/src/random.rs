//! The back end's CSPRNG (CTR_DRBG with AES-256, SP 800-90A) behind the trait everybody is given.

use strongroom_base::Random;

use crate::or_abort;

/// The back end's generator; a failure of it ends the process.
///
/// It seeds itself on the first draw of every thread. That allocates; the first draw of the process
/// also maps a page, looks for `/dev/sysgenid` and gathers CPU jitter for 30 to 60 ms. So a process
/// that is about to confine itself draws once before it does.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackendRandom;

impl Random for BackendRandom {
    fn fill(&self, out: &mut [u8]) {
        or_abort(aws_lc_rs::rand::fill(out));
    }
}
