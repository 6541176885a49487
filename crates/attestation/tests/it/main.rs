//! Documents that enclaves made, and forged ones, each with one thing wrong.

#[cfg(test)]
mod chains;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod forge;
#[cfg(test)]
mod genuine;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod roots;
