//! Gives up every privilege that a process can hold, and checks that it is gone.

use std::io;

use rustix::process::{DumpableBehavior, Gid, Uid};
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::{Options, Protection, Protections};

/// Whether there may be a second thread: yes when /proc does not tell.
pub(super) fn is_multithreaded() -> bool {
    std::fs::read_dir("/proc/self/task").map_or(true, |tasks| tasks.count() > 1)
}

/// Makes /proc/self root's and refuses ptrace to the process' own user.
pub(super) fn forbid_dumping() -> io::Result<()> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    match rustix::process::dumpable_behavior()? {
        DumpableBehavior::NotDumpable => Ok(()),
        _ => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// Sets no_new_privs, which the kernel never takes back.
pub(super) fn forbid_new_privileges() -> io::Result<()> {
    rustix::thread::set_no_new_privs(true)?;
    match rustix::thread::no_new_privs()? {
        true => Ok(()),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}

/// Empties the bounding set, leaves root and its groups, and drops every capability.
///
/// # Errors
/// When a capability is left, because it could undo the rest.
pub(super) fn drop_all(options: &Options<'_>, held: &mut Protections) -> io::Result<()> {
    // First, because it needs CAP_SETPCAP.
    held.set(Protection::EmptyBoundingSet, empty_bounding_set());
    held.set(Protection::OwnUser, become_own_user(options));
    drop_capabilities()?;
    held.set(Protection::NoCapabilities, true);
    Ok(())
}

fn empty_bounding_set() -> bool {
    (0..64).all(|capability| match bounding_set_has(capability) {
        1 => drop_from_bounding_set(capability),
        // Zero: it is not there. Negative: the kernel has no such capability.
        _ => true,
    })
}

fn bounding_set_has(capability: libc::c_ulong) -> libc::c_int {
    // SAFETY: PR_CAPBSET_READ takes numbers only.
    unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) }
}

fn drop_from_bounding_set(capability: libc::c_ulong) -> bool {
    // SAFETY: PR_CAPBSET_DROP takes numbers only.
    (unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) }) == 0
}

/// Becomes the user of `options` when started as root; the threads made later inherit it.
fn become_own_user(options: &Options<'_>) -> bool {
    if !rustix::process::geteuid().is_root() || options.uid == 0 || options.gid == 0 {
        return false;
    }
    let (uid, gid) = (Uid::from_raw(options.uid), Gid::from_raw(options.gid));
    // The user last: without it the process may not change its groups.
    rustix::thread::set_thread_groups(&[]).is_ok()
        && rustix::thread::set_thread_res_gid(gid, gid, gid).is_ok()
        && rustix::thread::set_thread_res_uid(uid, uid, uid).is_ok()
        && rustix::process::geteuid() == uid
        && rustix::process::getuid() == uid
}

fn drop_capabilities() -> io::Result<()> {
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    // The ambient set is a subset of the permitted one and goes with it.
    rustix::thread::set_capabilities(None, none)?;
    let left = rustix::thread::capabilities(None)?;
    let all = left.effective | left.permitted | left.inheritable;
    match all.is_empty() {
        true => Ok(()),
        false => Err(io::ErrorKind::PermissionDenied.into()),
    }
}
