//! The public interface against the vectors of others (`vectors/README.md`). Every vector of a file is
//! run, and how many there were is asserted.

#[cfg(test)]
mod file;
#[cfg(test)]
mod hmac;
#[cfg(test)]
mod key_wrap;
#[cfg(test)]
mod ml_kem;
#[cfg(test)]
mod rsa_oaep;
