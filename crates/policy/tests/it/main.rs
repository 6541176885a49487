//! What holds of every decision, whatever the policies and requests, and what a decision costs.

#[cfg(test)]
mod allocations;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod world;
