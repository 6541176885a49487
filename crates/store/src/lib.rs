//! The store: one optimistic trait, its engines, and sealed records above it.
