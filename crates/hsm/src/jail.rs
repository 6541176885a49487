//! The jail of the key process: what it gives up before it sees the first secret. It is entered in
//! two steps, because threads can be made only between them; nothing here can be undone.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;

use crate::arena::Shelter;

mod descriptors;
mod landlock;
mod limits;
mod panics;
mod privileges;
mod protections;
mod seccomp;

pub use protections::{Protection, Protections};

/// The user and group that a key process started by root becomes, unless told otherwise: unused by
/// distributions, and never the owner of a file.
pub const UID_DEFAULT: u32 = 64646;

/// What the jail must know.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The socket to the service; beside it only standard error stays open.
    pub channel: BorrowedFd<'a>,
    /// The user to become when started as root.
    pub uid: u32,
    /// The group to become when started as root.
    pub gid: u32,
}

impl<'a> Options<'a> {
    /// The defaults around `channel`.
    pub fn new(channel: BorrowedFd<'a>) -> Self {
        Self {
            channel,
            uid: UID_DEFAULT,
            gid: UID_DEFAULT,
        }
    }
}

/// Why the key process must not start.
#[derive(Debug)]
pub enum JailError {
    /// There is more than one thread, and most of the jail binds only the calling one.
    Threads,
    /// The process is still dumpable, so its user may trace it.
    Dumpable(io::Error),
    /// no_new_privs could not be set.
    NoNewPrivileges(io::Error),
    /// Root could neither be left nor stripped of its capabilities.
    Privileges(io::Error),
    /// The seccomp filter could not be built or applied.
    Seccomp(seccompiler::Error),
}

impl fmt::Display for JailError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Threads => "the jail must be entered before any thread is started",
            Self::Dumpable(_) => "the process could not be made undumpable",
            Self::NoNewPrivileges(_) => "no_new_privs could not be set",
            Self::Privileges(_) => "privileges could not be dropped",
            Self::Seccomp(_) => "the seccomp filter could not be applied",
        })
    }
}

impl std::error::Error for JailError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Threads => None,
            Self::Dumpable(cause) | Self::NoNewPrivileges(cause) | Self::Privileges(cause) => {
                Some(cause)
            }
            Self::Seccomp(cause) => Some(cause),
        }
    }
}

/// The first step is done: files, network and privileges are gone, threads can still be made.
#[must_use = "without seal_off any system call is still allowed"]
pub struct Confined {
    protections: Protections,
}

/// Refuses ptrace and /proc/pid/mem to the process' own user. To be called before anything else: who
/// has opened the memory keeps it open.
///
/// # Errors
/// [`JailError::Dumpable`] when the kernel refuses.
pub fn forbid_dumping() -> Result<(), JailError> {
    privileges::forbid_dumping().map_err(JailError::Dumpable)
}

/// Takes everything from the process but the ability to make threads. Call it with one thread, after
/// the heap entered the arena that `shelter` describes. The order is docs/design/jail.md's.
///
/// # Errors
/// [`JailError`] when a mandatory protection does not hold; the process should end then.
pub fn confine(options: Options<'_>, shelter: Shelter) -> Result<Confined, JailError> {
    if privileges::is_multithreaded() {
        return Err(JailError::Threads);
    }
    panics::tell_only_where();
    let mut held = Protections::of_arena(shelter);
    held.set(
        Protection::FewDescriptors,
        descriptors::close_others(options.channel),
    );
    held.set(Protection::NoCore, limits::forbid_core_dumps());
    held.set(Protection::DescriptorLimit, limits::limit_descriptors());
    privileges::forbid_dumping().map_err(JailError::Dumpable)?;
    // Before Landlock, which the kernel grants to the unprivileged only with no_new_privs.
    privileges::forbid_new_privileges().map_err(JailError::NoNewPrivileges)?;
    held.set(Protection::NoNewPrivileges, true);
    landlock::deny_everything(&mut held);
    privileges::drop_all(&options, &mut held).map_err(JailError::Privileges)?;
    // Again: changing the user gave the process the system's default.
    privileges::forbid_dumping().map_err(JailError::Dumpable)?;
    held.set(Protection::NotDumpable, true);
    Ok(Confined { protections: held })
}

impl Confined {
    /// What holds so far.
    pub fn protections(&self) -> Protections {
        self.protections
    }

    /// Binds every thread to the system calls of the filter. No thread can be made after this.
    ///
    /// # Errors
    /// [`JailError::Seccomp`]; the process should end then.
    pub fn seal_off(self) -> Result<Protections, JailError> {
        ask_the_kernel_once();
        seccomp::apply().map_err(JailError::Seccomp)?;
        let mut held = self.protections;
        held.set(Protection::Seccomp, true);
        Ok(held)
    }
}

/// The libraries find out on first use where the vDSO and which vector registers there are, with
/// system calls that are not allowed later.
fn ask_the_kernel_once() {
    let _now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    crate::threads::wipe_registers();
}
