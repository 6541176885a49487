//! Every test of the Wycheproof files under `vectors/wycheproof`. Apart from the tests of the allocator, which no
//! other use of the back end may precede.

#[cfg(test)]
mod files;
#[cfg(test)]
mod key_agreement;
#[cfg(test)]
mod ml_dsa;
#[cfg(test)]
mod signatures;
