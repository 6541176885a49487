//! The system calls that a key process may make once it is sealed off. Anything else ends it: no
//! call of the list makes a process, opens a file or a socket, or maps executable memory.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp,
    SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

/// Calls that are allowed with any arguments.
const FREELY: &[c_long] = &[
    // The channel. Not recvmsg and sendmsg: all they add is the passing of descriptors.
    libc::SYS_read,
    libc::SYS_recvfrom,
    libc::SYS_write,
    // Closes the descriptor of scratch memory after mapping it.
    libc::SYS_close,
    // Scratch memory: 64 MiB for Argon2id, too much to keep.
    libc::SYS_memfd_secret,
    libc::SYS_mlock,
    libc::SYS_munmap,
    // The C library's own heap, for thread-local bookkeeping; ours is the arena.
    libc::SYS_brk,
    libc::SYS_getrandom,
    // In most cases the vDSO answers without a call; not with every clock source.
    libc::SYS_clock_gettime,
    libc::SYS_sched_yield,
    // abort() asks for both before it raises its signal.
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_rt_sigprocmask,
    // Returning from, and removing the stack of, the handler that tells a stack overflow.
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    // The kernel's own way to resume a wait after SIGSTOP and SIGCONT.
    libc::SYS_restart_syscall,
    libc::SYS_exit_group,
];

/// Binds all threads of the process.
pub(super) fn apply() -> Result<(), Error> {
    seccompiler::apply_filter_all_threads(&program()?)
}

fn program() -> Result<BpfProgram, Error> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let filter = SeccompFilter::new(
        rules()?,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        arch,
    )?;
    Ok(filter.try_into()?)
}

fn rules() -> Result<BTreeMap<i64, Vec<SeccompRule>>, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        FREELY.iter().map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_mmap, vec![not_executable()?]);
    rules.insert(libc::SYS_mprotect, vec![not_executable()?]);
    rules.insert(libc::SYS_madvise, advices()?);
    rules.insert(libc::SYS_futex, vec![private_futex()?]);
    rules.insert(libc::SYS_sendto, vec![to_its_peer()?]);
    rules.insert(libc::SYS_ftruncate, vec![not_standard_error()?]);
    rules.insert(libc::SYS_fcntl, vec![look_at_descriptor()?]);
    rules.insert(libc::SYS_tgkill, vec![abort_itself()?]);
    Ok(rules)
}

/// Protection bits without PROT_EXEC, so no new code.
fn not_executable() -> Result<SeccompRule, BackendError> {
    let executable = mask(libc::PROT_EXEC);
    SeccompRule::new(vec![word(2, SeccompCmpOp::MaskedEq(executable), 0)?])
}

/// What allocators and scratch memory say of their pages; not MADV_DODUMP or MADV_KEEPONFORK, which
/// would take a protection back.
fn advices() -> Result<Vec<SeccompRule>, BackendError> {
    [
        libc::MADV_DONTNEED,
        libc::MADV_FREE,
        libc::MADV_DONTDUMP,
        libc::MADV_DONTFORK,
        libc::MADV_WIPEONFORK,
    ]
    .into_iter()
    .map(|advice| SeccompRule::new(vec![word(2, SeccompCmpOp::Eq, mask(advice))?]))
    .collect()
}

/// Shared futexes reach other processes, and cannot wait on secret memory anyhow.
fn private_futex() -> Result<SeccompRule, BackendError> {
    let private = mask(libc::FUTEX_PRIVATE_FLAG);
    SeccompRule::new(vec![word(1, SeccompCmpOp::MaskedEq(private), private)?])
}

/// sendto without an address: the peer of the socketpair and no one else.
fn to_its_peer() -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(
        4,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::Eq,
        0,
    )?])
}

/// Sizes scratch memory; standard error may be a log file, whose past is not ours to cut.
fn not_standard_error() -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![word(0, SeccompCmpOp::Ne, 2)?])
}

/// The standard library asserts that a descriptor is open before it closes it.
fn look_at_descriptor() -> Result<SeccompRule, BackendError> {
    SeccompRule::new(vec![word(1, SeccompCmpOp::Eq, mask(libc::F_GETFD))?])
}

/// The signal of abort(), to this process only.
fn abort_itself() -> Result<SeccompRule, BackendError> {
    let own = u64::from(std::process::id());
    SeccompRule::new(vec![
        word(0, SeccompCmpOp::Eq, own)?,
        word(2, SeccompCmpOp::Eq, mask(libc::SIGABRT))?,
    ])
}

fn word(
    argument: u8,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

/// A flag or number of the C headers, which are `int` there and never negative.
fn mask(flag: libc::c_int) -> u64 {
    u64::from(flag.unsigned_abs())
}
