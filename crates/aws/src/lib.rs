//! The AWS wire: SigV4, JSON 1.1, Query and XML, shapes and errors. Pure: no I/O, no clock.
