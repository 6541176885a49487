//! Audit records and their stored bytes. Pure: no I/O, no clock.
