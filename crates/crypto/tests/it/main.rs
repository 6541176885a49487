//! Tests that need a process of their own: the allocator is installed once and for good.

#[cfg(test)]
mod allocator;
