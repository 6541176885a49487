//! What the back end offers only in C, one file a subject. The only folder of this crate with `unsafe`
//! in it; its interface to the crate is safe, but for the allocator's.

pub(crate) mod allocator;
pub(crate) mod md5;
pub(crate) mod ml_kem;
pub(crate) mod pkey;
