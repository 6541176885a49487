//! A key process without its work, for tests/it: enters the jail around the socket on standard
//! input, then tries what its argument names. It must never be part of a release.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_wrap,
    reason = "a test program: its failure is the test's failure"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::os::fd::{AsFd, BorrowedFd};

use strongroom_hsm::arena::{Arena, Heap, Memory, Source, scratch};
use strongroom_hsm::jail::{self, Confined, Options};
use strongroom_hsm::threads;

#[global_allocator]
static HEAP: Heap = Heap::new();

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, stage, source, what] = arguments.as_slice() else {
        panic!("usage: jailed confined|sealed secretmem|anonymous WHAT");
    };
    let source = match source.as_str() {
        "secretmem" => Source::Secretmem,
        _ => Source::Anonymous,
    };
    let parent = i64::from(std::os::unix::process::parent_id());
    let confined = enter(source);
    if stage == "confined" {
        return tell(&attempt(what, parent));
    }
    match what.strip_prefix("hold ") {
        Some(seed) => hold(confined, seed.parse().unwrap()),
        None => work(confined, source, what, parent),
    }
}

fn enter(source: Source) -> Confined {
    let arena = Arena::create(8 << 20, source).unwrap();
    let shelter = arena.shelter();
    HEAP.enter_arena(arena).unwrap();
    let stdin = std::io::stdin();
    jail::confine(Options::new(stdin.as_fd()), shelter).unwrap()
}

fn channel() -> BorrowedFd<'static> {
    // SAFETY: standard input is the channel, and nothing closes it.
    unsafe { BorrowedFd::borrow_raw(0) }
}

fn tell(line: &str) {
    rustix::io::write(channel(), line.as_bytes()).unwrap();
}

/// Sleeps until the test closes its end.
fn wait_for_end() -> ! {
    let mut byte = [0];
    let _end = rustix::io::read(channel(), &mut byte);
    std::process::exit(0)
}

fn work(confined: Confined, source: Source, what: &str, parent: i64) {
    match what {
        "report" => {
            let held = confined.seal_off().unwrap();
            let lines: Vec<_> = held
                .describe()
                .map(|(name, held)| format!("{name}={held}"))
                .collect();
            tell(&lines.join(" "));
        }
        "ordinary" => {
            confined.seal_off().unwrap();
            tell(&ordinary_work(source));
        }
        "thread" => run_in_thread(confined),
        "panic" => {
            let work = || {
                wait_for_byte();
                panic!("a secret of 42 bytes");
            };
            threads::spawn(&HEAP, "lane", work).unwrap();
            confined.seal_off().unwrap();
            tell("go");
            threads::park_forever();
        }
        "overflow" => {
            let work = || {
                wait_for_byte();
                tell(&format!("{}", overflow(1)));
            };
            threads::spawn(&HEAP, "lane", work).unwrap();
            confined.seal_off().unwrap();
            tell("go");
            threads::park_forever();
        }
        "double free" => {
            confined.seal_off().unwrap();
            let layout = Layout::new::<[u8; 100]>();
            // SAFETY: the layout is not empty.
            let start = unsafe { HEAP.alloc(layout) };
            // SAFETY: the block is live.
            unsafe { HEAP.dealloc(start, layout) };
            // SAFETY: it is not, which is what the allocator must notice.
            unsafe { HEAP.dealloc(start, layout) };
        }
        _ => match what.strip_prefix("thread: ") {
            Some(what) => attempt_in_thread(confined, what.to_owned(), parent),
            None => {
                confined.seal_off().unwrap();
                tell(&attempt(what, parent));
            }
        },
    }
}

/// Tries it in a thread that was there before the filter was.
fn attempt_in_thread(confined: Confined, what: String, parent: i64) {
    let work = move || {
        wait_for_byte();
        tell(&attempt(&what, parent));
    };
    threads::spawn(&HEAP, "lane", work).unwrap();
    confined.seal_off().unwrap();
    tell("go");
    threads::park_forever();
}

/// Takes more stack than there is.
fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    match depth {
        100_000 => frame[0],
        _ => overflow(depth + 1) + black_box(frame)[1],
    }
}

fn wait_for_byte() {
    let mut byte = [0];
    rustix::io::read(channel(), &mut byte).unwrap();
}

/// What a key process does all day, to show that the filter allows it.
fn ordinary_work(source: Source) -> String {
    let mut vectors: Vec<Vec<u8>> = (1..2000).map(|size| vec![1; size]).collect();
    vectors.retain(|vector| vector.len() % 3 == 0);
    let mut memory = scratch(16 << 20, source).unwrap();
    memory.fill(7);
    let shelter = memory.shelter();
    drop(memory);
    let mut random = [0; 32];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).unwrap();
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    threads::wipe_registers();
    assert!(time.tv_sec > 0 && vectors.iter().all(|vector| HEAP.contains(vector.as_ptr())));
    let kind = match shelter.memory {
        Memory::Secretmem => "secretmem",
        Memory::Locked => "locked",
        Memory::Unlocked => "unlocked",
    };
    format!("scratch {kind}")
}

/// Two threads that talk through a channel of the standard library, sealed off while they run.
fn run_in_thread(confined: Confined) {
    let (ask, asked) = std::sync::mpsc::channel::<u32>();
    let (answer, answered) = std::sync::mpsc::channel::<(u32, bool)>();
    let lane = move || {
        for number in asked {
            let local = [0_u8; 64];
            let inside = HEAP.contains(black_box(&local).as_ptr());
            threads::wipe_registers();
            answer.send((number + 1, inside)).unwrap();
        }
    };
    threads::spawn(&HEAP, "lane", lane).unwrap();
    confined.seal_off().unwrap();
    for number in 0..1000 {
        ask.send(number).unwrap();
        assert_eq!(answered.recv().unwrap(), (number + 1, true));
    }
    tell("ran in the arena");
}

/// Holds patterns that follow from `seed` (in the heap: seed, on a stack: seed + 1, in registers and
/// wiped: seed + 2, in registers: seed + 3, in ordinary memory: seed + 4) until the test is done.
fn hold(confined: Confined, seed: u64) {
    let held = move || {
        let heap: Box<[u8; 32]> = Box::new(pattern(seed));
        let stack = pattern(seed + 1);
        ordinary_copy(seed + 4);
        assert!(HEAP.contains(black_box(&heap).as_ptr()));
        assert!(HEAP.contains(black_box(&stack).as_ptr()));
        wait_for_end();
    };
    threads::spawn(&HEAP, "held", held).unwrap();
    threads::spawn(&HEAP, "wiped", move || {
        registers::load(&pattern(seed + 2));
        threads::wipe_registers();
        wait_for_end();
    })
    .unwrap();
    threads::spawn(&HEAP, "loaded", move || {
        registers::load_and_wait(&pattern(seed + 3));
        wait_for_end();
    })
    .unwrap();
    confined.seal_off().unwrap();
    tell("ready");
    threads::park_forever();
}

/// The same arithmetic as in tests/it/memory.rs.
#[inline(never)]
fn pattern(seed: u64) -> [u8; 32] {
    let mut state = black_box(seed) * 2 + 1;
    std::array::from_fn(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    })
}

fn ordinary_copy(seed: u64) {
    let layout = Layout::new::<[u8; 32]>();
    // SAFETY: the layout is not empty.
    let start = unsafe { System.alloc(layout) };
    // SAFETY: the block is fresh and has room; it is never freed.
    unsafe { start.cast::<[u8; 32]>().write_unaligned(pattern(seed)) };
}

#[cfg(target_arch = "x86_64")]
mod registers {
    use std::arch::asm;

    /// Leaves `bytes` in vector registers.
    pub(crate) fn load(bytes: &[u8; 32]) {
        // SAFETY: reads 32 bytes; the test machines have AVX.
        unsafe {
            asm!("vmovdqu ymm6, [{0}]", "vmovdqu ymm15, [{0}]", in(reg) bytes, options(nostack),
                out("xmm6") _, out("xmm15") _);
        }
    }

    /// Blocks in read(0, …, 1) with `bytes` in vector registers.
    pub(crate) fn load_and_wait(bytes: &[u8; 32]) {
        let mut byte = [0_u8; 1];
        // SAFETY: reads 32 bytes into registers, and at most one byte of the channel into `byte`.
        unsafe {
            asm!("vmovdqu ymm6, [{0}]", "syscall", in(reg) bytes, inout("rax") libc::SYS_read => _,
                in("rdi") 0, in("rsi") byte.as_mut_ptr(), in("rdx") 1, out("rcx") _, out("r11") _,
                out("xmm6") _, options(nostack));
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod registers {
    pub(crate) fn load(_bytes: &[u8; 32]) {}
    pub(crate) fn load_and_wait(_bytes: &[u8; 32]) {}
}

/// Tries one thing that a key process has no business with, and says how it ended.
fn attempt(what: &str, parent: i64) -> String {
    match call(what, parent) {
        -1 => format!(
            "errno {}",
            std::io::Error::last_os_error().raw_os_error().unwrap()
        ),
        _ => "succeeded".to_owned(),
    }
}

fn call(what: &str, parent: i64) -> i64 {
    let path = c"/etc/passwd".as_ptr().expose_provenance() as i64;
    let room = [0_u64; 64];
    let zeros = room.as_ptr().expose_provenance() as i64;
    let vector = [zeros, 8];
    let iovec = vector.as_ptr().expose_provenance() as i64;
    // AF_INET, port 9, 127.0.0.1.
    let inet = [2_u8, 0, 0, 9, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
    let address = inet.as_ptr().expose_provenance() as i64;
    let read_write = i64::from(libc::PROT_READ | libc::PROT_WRITE);
    let executable = i64::from(libc::PROT_READ | libc::PROT_EXEC);
    let anonymous = i64::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let tcp = || raw(libc::SYS_socket, [2, 1, 0, 0, 0, 0]);
    match what {
        "openat" => raw(libc::SYS_openat, [-100, path, 0, 0, 0, 0]),
        "openat2" => raw(libc::SYS_openat2, [-100, path, zeros, 24, 0, 0]),
        "socket" => tcp(),
        "connect" => raw(libc::SYS_connect, [tcp(), address, 16, 0, 0, 0]),
        "connect the channel" => raw(libc::SYS_connect, [0, address, 16, 0, 0, 0]),
        "send elsewhere" => raw(libc::SYS_sendto, [0, zeros, 1, 0, address, 16]),
        "pass descriptors" => raw(libc::SYS_sendmsg, [0, zeros, 0, 0, 0, 0]),
        "take descriptors" => raw(libc::SYS_recvmsg, [0, zeros, 0, 0, 0, 0]),
        "execve" => raw(libc::SYS_execve, [path, 0, 0, 0, 0, 0]),
        "fork" => raw(libc::SYS_clone, [i64::from(libc::SIGCHLD), 0, 0, 0, 0, 0]),
        "clone3" => raw(libc::SYS_clone3, [zeros, 88, 0, 0, 0, 0]),
        "ptrace" => raw(libc::SYS_ptrace, [16, parent, 0, 0, 0, 0]),
        "process_vm_readv" => raw(libc::SYS_process_vm_readv, [parent, iovec, 1, iovec, 1, 0]),
        "io_uring_setup" => raw(libc::SYS_io_uring_setup, [8, zeros, 0, 0, 0, 0]),
        "memfd_create" => raw(libc::SYS_memfd_create, [path, 0, 0, 0, 0, 0]),
        "map executable" => raw(libc::SYS_mmap, [0, 4096, executable, anonymous, -1, 0]),
        "make executable" => {
            let page = raw(libc::SYS_mmap, [0, 4096, read_write, anonymous, -1, 0]);
            raw(libc::SYS_mprotect, [page, 4096, executable, 0, 0, 0])
        }
        "dump again" => raw(libc::SYS_madvise, [zeros & !4095, 4096, 17, 0, 0, 0]),
        "bpf" => raw(libc::SYS_bpf, [0, zeros, 72, 0, 0, 0]),
        "mount" => raw(libc::SYS_mount, [path, path, path, 0, 0, 0]),
        "kill the parent" => raw(libc::SYS_kill, [parent, 0, 0, 0, 0, 0]),
        "signal the parent" => raw(libc::SYS_tgkill, [parent, parent, 6, 0, 0, 0]),
        "be dumpable" => raw(libc::SYS_prctl, [4, 1, 0, 0, 0, 0]),
        "setuid" => raw(libc::SYS_setuid, [0, 0, 0, 0, 0, 0]),
        "unshare" => raw(
            libc::SYS_unshare,
            [i64::from(libc::CLONE_NEWUSER), 0, 0, 0, 0, 0],
        ),
        "userfaultfd" => raw(libc::SYS_userfaultfd, [0, 0, 0, 0, 0, 0]),
        "perf_event_open" => raw(libc::SYS_perf_event_open, [zeros, 0, -1, -1, 0, 0]),
        "pidfd_open" => raw(libc::SYS_pidfd_open, [parent, 0, 0, 0, 0, 0]),
        "ioctl" => raw(libc::SYS_ioctl, [2, 0x5412, zeros, 0, 0, 0]),
        "shared futex" => raw(libc::SYS_futex, [zeros, 1, 1, 0, 0, 0]),
        "cut the log" => raw(libc::SYS_ftruncate, [2, 0, 0, 0, 0, 0]),
        "another filter" => raw(libc::SYS_seccomp, [0, 0, 0, 0, 0, 0]),
        "x32" => raw(0x4000_0000 | libc::SYS_getpid, [0, 0, 0, 0, 0, 0]),
        "int 0x80" => old_gate(),
        _ => panic!("no such attempt: {what}"),
    }
}

fn raw(number: i64, [a, b, c, d, e, f]: [i64; 6]) -> i64 {
    // SAFETY: each attempt passes arguments that are valid or that the kernel refuses with EFAULT;
    // those that map memory map it where nothing is.
    unsafe { libc::syscall(number, a, b, c, d, e, f) }
}

/// getpid through the 32-bit system call gate.
#[cfg(target_arch = "x86_64")]
fn old_gate() -> i64 {
    let answer: i64;
    // SAFETY: getpid takes no argument; the gate changes eax and r8 to r11 only.
    unsafe {
        std::arch::asm!("int 0x80", inout("rax") 20_i64 => answer,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _);
    }
    answer
}

#[cfg(not(target_arch = "x86_64"))]
fn old_gate() -> i64 {
    -1
}
