//! Reading another process's memory in the three ways that root has.

use std::fs::{self, File};
use std::io::{IoSliceMut, Read};
use std::os::unix::fs::FileExt;
use std::process::{Command, Stdio};

use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;

use crate::needles::{Hits, Needles, PATTERN_BYTES_MAX, Search};

const CHUNK_BYTES: usize = 1 << 20;
const PAGE_BYTES: usize = 4096;

/// How memory is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// process_vm_readv.
    ProcessVm,
    /// /proc/PID/mem.
    ProcMem,
    /// gdb's `gcore -a`.
    Core,
}

impl Way {
    pub(crate) const ALL: [Self; 3] = [Self::ProcessVm, Self::ProcMem, Self::Core];
}

/// What a search read and found.
pub(crate) struct Sweep {
    pub(crate) bytes: u64,
    pub(crate) hits: Hits,
}

/// Searches the memory of `pid`; nothing where gcore is not installed.
pub(crate) fn sweep(pid: u32, way: Way, search: &Search<'_>) -> Option<Sweep> {
    match way {
        Way::ProcessVm => {
            let pid_number = Pid::from_raw(i32::try_from(pid).unwrap());
            Some(sweep_maps(pid, search, |address, chunk| {
                let remote = RemoteIoVec {
                    base: address,
                    len: chunk.len(),
                };
                process_vm_readv(pid_number, &mut [IoSliceMut::new(chunk)], &[remote]).unwrap_or(0)
            }))
        }
        Way::ProcMem => {
            let file = File::open(format!("/proc/{pid}/mem")).unwrap();
            Some(sweep_maps(pid, search, |address, chunk| {
                file.read_at(chunk, address as u64).unwrap_or(0)
            }))
        }
        Way::Core => sweep_core(pid, search),
    }
}

/// Asserts that of `needles` only those in `expected` are found in `pid`, in every way.
pub(crate) fn assert_only(whose: &str, pid: u32, needles: &Needles, expected: &[&str]) {
    let search = needles.search();
    for way in Way::ALL {
        let Some(Sweep { bytes, hits }) = sweep(pid, way, &search) else {
            println!("{whose}: gcore is not installed, no core was searched");
            continue;
        };
        println!(
            "{whose}, {way:?}: {} needles, {bytes} bytes, {} found",
            needles.count(),
            hits.len()
        );
        let found: Vec<&str> = hits.keys().map(String::as_str).collect();
        assert_eq!(found, expected, "{whose}, {way:?}: {hits:#?}");
    }
}

/// The search itself can fail: it finds in this process every needle, because this process holds them.
pub(crate) fn assert_searchable(needles: &Needles) {
    let search = needles.search();
    let own = sweep(std::process::id(), Way::ProcessVm, &search).unwrap();
    for name in search.names() {
        assert!(own.hits.contains_key(name), "{name} is not found at home");
    }
}

fn sweep_maps(pid: u32, search: &Search<'_>, read: impl Fn(usize, &mut [u8]) -> usize) -> Sweep {
    let mut sweep = Sweep {
        bytes: 0,
        hits: Hits::new(),
    };
    let mut window = vec![0; CHUNK_BYTES + PATTERN_BYTES_MAX];
    for map in maps(pid) {
        let (mut address, mut kept) = (map.start, 0);
        while address < map.end {
            let wanted = CHUNK_BYTES.min(map.end - address);
            let length = read(address, &mut window[kept..kept + wanted]);
            if length == 0 {
                // What cannot be read is passed over by pages.
                address += PAGE_BYTES;
                kept = 0;
                continue;
            }
            let filled = kept + length;
            let place = |offset| format!("{:x} of {}", address - kept + offset, map.line);
            search.add(&window[..filled], &mut sweep.hits, place);
            sweep.bytes += length as u64;
            address += length;
            // A needle may lie across two chunks.
            kept = filled.min(PATTERN_BYTES_MAX - 1);
            window.copy_within(filled - kept..filled, 0);
        }
    }
    sweep
}

struct Map {
    start: usize,
    end: usize,
    line: String,
}

fn maps(pid: u32) -> Vec<Map> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    maps.lines()
        .filter(|line| line.contains(" r") && !line.ends_with("[vsyscall]"))
        .map(|line| {
            let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
            Map {
                start: usize::from_str_radix(start, 16).unwrap(),
                end: usize::from_str_radix(end, 16).unwrap(),
                line: line.to_owned(),
            }
        })
        .collect()
}

fn sweep_core(pid: u32, search: &Search<'_>) -> Option<Sweep> {
    let folder = tempfile::tempdir().unwrap();
    let run = Command::new("gcore")
        .arg("-a")
        .arg("-o")
        .arg(folder.path().join("core"))
        .arg(pid.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let status = run.ok()?;
    assert!(status.success(), "gcore: {status}");
    Some(sweep_file(
        &folder.path().join(format!("core.{pid}")),
        search,
    ))
}

/// Searches a file of any size.
pub(crate) fn sweep_file(path: &std::path::Path, search: &Search<'_>) -> Sweep {
    let mut file = File::open(path).unwrap();
    let mut sweep = Sweep {
        bytes: 0,
        hits: Hits::new(),
    };
    let mut window = vec![0; CHUNK_BYTES + PATTERN_BYTES_MAX];
    let mut kept = 0;
    loop {
        let length = file.read(&mut window[kept..]).unwrap();
        if length == 0 {
            return sweep;
        }
        let filled = kept + length;
        let start = sweep.bytes;
        let place = |offset| format!("about {} of {}", start + offset as u64, path.display());
        search.add(&window[..filled], &mut sweep.hits, place);
        sweep.bytes += length as u64;
        kept = filled.min(PATTERN_BYTES_MAX - 1);
        window.copy_within(filled - kept..filled, 0);
    }
}
