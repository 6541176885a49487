//! The service: operations, authorization, timers, audit and the serve loop.
