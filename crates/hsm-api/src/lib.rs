//! The command table of the key process: frames, messages, codes.
