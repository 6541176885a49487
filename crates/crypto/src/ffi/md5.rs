//! MD5 (RFC 1321), which the back end's Rust half leaves out for good reason. For names that others
//! prescribe; never where a collision would matter.

use std::ffi::c_uint;
use std::ptr;

use aws_lc_sys::{EVP_Digest, EVP_md5};

/// The back end had no memory.
pub(crate) struct Refused;

/// The MD5 digest of `data`.
pub(crate) fn md5(data: &[u8]) -> Result<[u8; 16], Refused> {
    let mut digest = [0; 16];
    let mut written: c_uint = 0;
    // SAFETY: it takes nothing, and returns an object that lives for ever.
    let algorithm = unsafe { EVP_md5() };
    // SAFETY: `data` is readable for its length; `digest` has room for the 16 bytes of MD5; without an
    // engine the back end's own code is used (include/openssl/digest.h).
    let outcome = unsafe {
        EVP_Digest(
            data.as_ptr().cast(),
            data.len(),
            digest.as_mut_ptr(),
            &mut written,
            algorithm,
            ptr::null_mut(),
        )
    };
    if outcome == 1 && written == 16 {
        Ok(digest)
    } else {
        Err(Refused)
    }
}
