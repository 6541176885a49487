//! What root reads of a key process' memory: nothing of the arena, of its stacks and of wiped
//! registers. Each search has a control that it must find.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::prisoner::Prisoner;

const SEED: u64 = 0x5eed_0001;
const CHUNK_BYTES: usize = 4096;

/// Where the child put the pattern of which seed; see examples/jailed.rs.
const PLACES: [(&str, u64); 5] = [
    ("heap", SEED),
    ("stack", SEED + 1),
    ("wiped registers", SEED + 2),
    ("registers", SEED + 3),
    ("ordinary memory", SEED + 4),
];

/// The same arithmetic as in examples/jailed.rs.
fn pattern(seed: u64) -> [u8; 32] {
    let mut state = seed * 2 + 1;
    std::array::from_fn(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    })
}

/// Starts a child that holds the patterns.
fn hold(source: &str) -> Prisoner {
    let mut prisoner = Prisoner::start("sealed", source, &format!("hold {SEED}"));
    assert_eq!(prisoner.hear(), "ready");
    // Registers are in place when the threads block.
    while blocked_threads(prisoner.pid()) < 4 {
        std::thread::yield_now();
    }
    prisoner
}

fn blocked_threads(pid: u32) -> usize {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok())
        .filter(|stat| stat.contains(") S "))
        .count()
}

/// The places whose pattern is in `memory`.
fn found(memory: &[u8]) -> Vec<&'static str> {
    found_by_prefix(memory, 32)
}

/// The places of whose pattern the first `length` bytes are in `memory`.
fn found_by_prefix(memory: &[u8], length: usize) -> Vec<&'static str> {
    let found = |seed| {
        let pattern = pattern(seed);
        let mut places = memory.iter().enumerate();
        places.any(|(at, byte)| *byte == pattern[0] && memory[at..].starts_with(&pattern[..length]))
    };
    PLACES
        .iter()
        .filter(|(_, seed)| found(*seed))
        .map(|(place, _)| *place)
        .collect()
}

/// Everything that `read` gets of the mappings of `pid`, page by page.
fn readable_memory(pid: u32, read: impl Fn(u64, &mut [u8]) -> bool) -> Vec<u8> {
    let mut memory = Vec::new();
    let mut page = [0; CHUNK_BYTES];
    for (start, end) in mappings(pid) {
        for address in (start..end).step_by(CHUNK_BYTES) {
            if read(address, &mut page) {
                memory.extend_from_slice(&page);
            }
        }
    }
    memory
}

fn mappings(pid: u32) -> Vec<(u64, u64)> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    maps.lines()
        .filter(|line| line.contains(" r") && !line.ends_with("[vsyscall]"))
        .filter_map(|line| line.split(' ').next()?.split_once('-'))
        .map(|(start, end)| (hex(start), hex(end)))
        .collect()
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap()
}

fn read_proc_mem(pid: u32) -> Vec<u8> {
    let file = File::open(format!("/proc/{pid}/mem")).unwrap();
    readable_memory(pid, |address, page| {
        file.read_exact_at(page, address).is_ok()
    })
}

fn read_process_vm(pid: u32) -> Vec<u8> {
    let pid_number = libc::pid_t::try_from(pid).unwrap();
    readable_memory(pid, |address, page| {
        let local = libc::iovec {
            iov_base: page.as_mut_ptr().cast(),
            iov_len: page.len(),
        };
        let remote = libc::iovec {
            iov_base: std::ptr::with_exposed_provenance_mut(usize::try_from(address).unwrap()),
            iov_len: page.len(),
        };
        // SAFETY: one vector each; the local one is the page.
        let read = unsafe { libc::process_vm_readv(pid_number, &local, 1, &remote, 1, 0) };
        usize::try_from(read) == Ok(page.len())
    })
}

/// A core file by gdb's gcore, or nothing where gdb is not installed.
fn read_core(pid: u32, options: &[&str]) -> Option<Vec<u8>> {
    let folder = tempfile_folder(pid);
    let prefix = folder.join("core");
    let run = Command::new("gcore")
        .args(options)
        .arg("-o")
        .arg(&prefix)
        .arg(pid.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let core = fs::read(folder.join(format!("core.{pid}")));
    fs::remove_dir_all(&folder).unwrap();
    match run {
        Ok(status) => {
            assert!(status.success());
            Some(core.unwrap())
        }
        Err(_) => None,
    }
}

fn tempfile_folder(pid: u32) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("core-{pid}"));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Without root there is nothing to test: the kernel refuses already to list the mappings.
fn may_read_others() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn root_finds_no_secret_through_proc_mem_and_process_vm_readv() {
    if !may_read_others() {
        return;
    }
    let prisoner = hold("secretmem");
    assert_eq!(found(&read_proc_mem(prisoner.pid())), ["ordinary memory"]);
    assert_eq!(found(&read_process_vm(prisoner.pid())), ["ordinary memory"]);
}

#[test]
fn a_core_of_everything_shows_only_registers_that_were_not_wiped() {
    if !may_read_others() {
        return;
    }
    let prisoner = hold("secretmem");
    if let Some(core) = read_core(prisoner.pid(), &["-a"]) {
        assert_eq!(in_core(&core), ["registers", "ordinary memory"]);
    }
}

/// A core keeps the halves of a 32-byte register apart, so registers are searched for by halves.
fn in_core(core: &[u8]) -> Vec<&'static str> {
    found_by_prefix(core, 16)
}

/// What is promised without memfd_secret is less, and the report says so: root reads the memory, also
/// the stacks that the registers were loaded from, but a core file leaves it out.
#[test]
fn locked_memory_is_absent_from_cores_only() {
    if !may_read_others() {
        return;
    }
    let prisoner = hold("anonymous");
    let everywhere = PLACES.map(|(place, _)| place);
    assert_eq!(found(&read_proc_mem(prisoner.pid())), everywhere);
    if let Some(core) = read_core(prisoner.pid(), &[]) {
        assert_eq!(in_core(&core), ["registers", "ordinary memory"]);
    }
}
