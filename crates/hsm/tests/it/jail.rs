//! What a process in the jail can and cannot do.

use std::os::unix::process::ExitStatusExt;

use crate::prisoner::Prisoner;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Everything that the filter must end the process for.
const FORBIDDEN: &[&str] = &[
    "openat",
    "openat2",
    "socket",
    "connect the channel",
    "send elsewhere",
    "pass descriptors",
    "take descriptors",
    "execve",
    "fork",
    "clone3",
    "ptrace",
    "process_vm_readv",
    "io_uring_setup",
    "memfd_create",
    "map executable",
    "make executable",
    "dump again",
    "bpf",
    "mount",
    "kill the parent",
    "signal the parent",
    "be dumpable",
    "setuid",
    "unshare",
    "userfaultfd",
    "perf_event_open",
    "pidfd_open",
    "ioctl",
    "shared futex",
    "cut the log",
    "another filter",
    #[cfg(target_arch = "x86_64")]
    "x32",
    #[cfg(target_arch = "x86_64")]
    "int 0x80",
];

#[test]
fn sealed_off_every_forbidden_call_ends_the_process() {
    for what in FORBIDDEN {
        let mut prisoner = Prisoner::start("sealed", "secretmem", what);
        let said = prisoner.hear();
        let (status, errors) = prisoner.end();
        assert_eq!(said, "", "{what}");
        assert_eq!(status.signal(), Some(libc::SIGSYS), "{what}: {errors}");
    }
}

#[test]
fn the_filter_binds_threads_that_were_there_before_it() {
    let mut prisoner = Prisoner::start("sealed", "secretmem", "thread: openat");
    assert_eq!(prisoner.hear(), "go");
    prisoner.say("!");
    assert_eq!(prisoner.hear(), "");
    assert_eq!(prisoner.end().0.signal(), Some(libc::SIGSYS));
}

/// What holds without the filter, by Landlock and the lack of privileges.
#[test]
fn confined_the_kernel_refuses_what_the_filter_would_not_see() {
    let mut cases = vec![
        ("openat", libc::EACCES),
        ("connect", libc::EACCES),
        ("kill the parent", libc::EPERM),
        ("ptrace", libc::EPERM),
        ("mount", libc::EPERM),
        ("execve", libc::EACCES),
    ];
    if is_root() {
        cases.push(("setuid", libc::EPERM));
        cases.push(("process_vm_readv", libc::EPERM));
    }
    for (what, errno) in cases {
        let mut prisoner = Prisoner::start("confined", "secretmem", what);
        assert_eq!(prisoner.hear(), format!("errno {errno}"), "{what}");
        assert!(prisoner.end().0.success(), "{what}");
    }
}

#[test]
fn every_protection_of_this_kernel_is_reported() {
    let mut prisoner = Prisoner::start("sealed", "secretmem", "report");
    let said = prisoner.hear();
    let missing: Vec<_> = said
        .split(' ')
        .filter(|pair| pair.ends_with("=false"))
        .collect();
    let expected: &[&str] = match is_root() {
        true => &[],
        false => &["own-user=false", "empty-bounding-set=false"],
    };
    assert_eq!(missing, expected, "{said}");
    assert!(prisoner.end().0.success());
}

#[test]
fn without_secret_memory_the_report_says_so() {
    let mut prisoner = Prisoner::start("sealed", "anonymous", "report");
    let said = prisoner.hear();
    for pair in [
        "secret-memory=false",
        "never-swapped=true",
        "dump-excluded=true",
        "seccomp=true",
    ] {
        assert!(said.contains(pair), "{pair} not in {said}");
    }
}

#[test]
fn ordinary_work_passes_the_filter() {
    for source in ["secretmem", "anonymous"] {
        let mut prisoner = Prisoner::start("sealed", source, "ordinary");
        let said = prisoner.hear();
        let (status, errors) = prisoner.end();
        assert!(said.starts_with("scratch "), "{source}: {said} {errors}");
        assert!(status.success(), "{source}: {status} {errors}");
    }
}

#[test]
fn threads_run_on_stacks_in_the_arena() {
    let mut prisoner = Prisoner::start("sealed", "secretmem", "thread");
    assert_eq!(prisoner.hear(), "ran in the arena");
    let (status, errors) = prisoner.end();
    assert!(status.success(), "{status} {errors}");
}

#[test]
fn a_panic_ends_the_process_and_says_only_where() {
    let mut prisoner = Prisoner::start("sealed", "secretmem", "panic");
    assert_eq!(prisoner.hear(), "go");
    prisoner.say("!");
    assert_eq!(prisoner.hear(), "");
    let (status, errors) = prisoner.end();
    assert_eq!(status.signal(), Some(libc::SIGABRT), "{errors}");
    assert!(errors.contains("jailed.rs:"), "{errors}");
    assert!(!errors.contains("42"), "{errors}");
}

#[test]
fn a_double_free_ends_the_process() {
    let mut prisoner = Prisoner::start("sealed", "secretmem", "double free");
    assert_eq!(prisoner.hear(), "");
    assert_eq!(prisoner.end().0.signal(), Some(libc::SIGABRT));
}

#[test]
fn a_stack_overflow_meets_the_guard_page() {
    let mut prisoner = Prisoner::start("sealed", "secretmem", "overflow");
    assert_eq!(prisoner.hear(), "go");
    prisoner.say("!");
    assert_eq!(prisoner.hear(), "");
    assert_eq!(prisoner.end().0.signal(), Some(libc::SIGSEGV));
}
