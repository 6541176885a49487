//! Process harness and clients for tests. Never a dependency of shipped code.
