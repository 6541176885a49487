//! A process that may not be ours to wait for: known by its id and its start, so that an id used again is not
//! mistaken for it.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// A process seen in /proc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    pid: i32,
    start: u64,
}

/// What /proc/PID/stat tells.
struct Stat {
    is_zombie: bool,
    parent: i32,
    group: i32,
    start: u64,
}

impl Process {
    /// The process `pid`, if it runs.
    pub fn find(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        let stat = stat(pid).filter(|stat| !stat.is_zombie)?;
        let start = stat.start;
        Some(Self { pid, start })
    }

    /// Its children that run.
    pub fn children(&self) -> Vec<Self> {
        let entries = fs::read_dir("/proc").expect("/proc");
        let pids = entries
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| stat(*pid).is_some_and(|stat| stat.parent == self.pid));
        pids.filter_map(|pid| Self::find(pid.cast_unsigned()))
            .collect()
    }

    /// Whether it still runs; a zombie does not.
    pub fn runs(&self) -> bool {
        Self::find(self.pid.cast_unsigned()) == Some(*self)
    }

    /// Its id.
    pub fn id(&self) -> i32 {
        self.pid
    }

    /// Its process group, while it runs.
    pub fn group(&self) -> Option<i32> {
        stat(self.pid).map(|stat| stat.group)
    }

    /// Kills it, if it still runs.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Sends it `signal`, if it still runs.
    pub fn signal(&self, signal: Signal) {
        if let (true, Some(pid)) = (self.runs(), Pid::from_raw(self.pid)) {
            // It may have ended since the look.
            let _ = kill_process(pid, signal);
        }
    }
}

fn stat(pid: i32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so count from its end: state, parent, group, and 17 further on the start.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    Some(Stat {
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: fields.get(1)?.parse().ok()?,
        group: fields.get(2)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
    })
}
