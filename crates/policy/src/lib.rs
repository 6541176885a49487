//! ARNs and the IAM policy language. Pure: no I/O, no clock.
