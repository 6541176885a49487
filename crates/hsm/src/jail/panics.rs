//! What a bug may say: the place in the source, and nothing of the values involved.

use std::io::Write;
use std::panic::PanicHookInfo;

/// Makes every panic of the process print its source position and abort. The standard hook would
/// print the message, which may quote a value, and open files for a backtrace.
pub(super) fn tell_only_where() {
    std::panic::set_hook(Box::new(tell_and_abort));
}

fn tell_and_abort(panic: &PanicHookInfo<'_>) {
    if let Some(place) = panic.location() {
        let line = format!("key process: assertion failed at {place}\n");
        // There is no one left to tell when standard error is gone.
        let _untold = std::io::stderr().write_all(line.as_bytes());
    }
    std::process::abort();
}
