//! A server recorded from its first start to its last: what it did to its folder, and when it answered whom.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use strongroom_testkit::{Disk, Image, Server, Step, Steps, Survives, calls};

use crate::campaign::Dice;
use crate::campaign::promises::{ACCOUNTS, STRICT, Writer};
use crate::{program, scratch_in_memory};

/// SQLite's index of its log is shared memory, not a file: nobody writes it with calls, and it says nothing after a
/// crash.
pub(super) const SHARED_MEMORY: &str = "store.db-shm";
const ID_HEADER: &[u8] = b"x-amzn-requestid: ";
const ID_BYTES: usize = 36;

/// What was recorded.
pub(super) struct Recording {
    pub(super) steps: Vec<Step>,
    /// The line in which the answer to a request began to leave.
    pub(super) answers: HashMap<String, usize>,
    pub(super) writers: Vec<Writer>,
}

/// How a recorded server ends.
#[derive(Clone, Copy)]
enum End {
    Kill,
    Terminate,
}

/// Records a server that is begun, killed, begun again and ended, while each writer takes `turns` turns in each life.
pub(super) fn record(seed: u64, turns: usize) -> Recording {
    let (scratch, data) = scratch_in_memory();
    let mut recording = Recording {
        steps: Vec::new(),
        answers: HashMap::new(),
        writers: Vec::new(),
    };
    let mut steps = Steps::new(&data);
    let mut lines = 0;
    for (life, end) in [End::Kill, End::Terminate].into_iter().enumerate() {
        let trace = scratch.path().join(format!("trace-{life}"));
        live(&data, &trace, end, &mut recording, (seed, turns));
        let text = fs::read(&trace).unwrap();
        fs::remove_file(&trace).unwrap();
        lines = recording.read(&text, lines, &mut steps);
        recording.check(&data);
    }
    recording
}

fn live(
    data: &Path,
    trace: &Path,
    end: End,
    recording: &mut Recording,
    (seed, turns): (u64, usize),
) {
    let mut server = Server::dev(&program().recorded(trace), data);
    let tracer = server.process().tracer().expect("strace");
    let address = server.address();
    if recording.writers.is_empty() {
        be_strict(data);
        let writers = (0..ACCOUNTS.len()).map(|number| Writer::new(address, number, seed));
        recording.writers = writers.collect();
    }
    std::thread::scope(|scope| {
        for writer in &mut recording.writers {
            writer.go_on_at(address);
            scope.spawn(move || (0..turns).for_each(|_| writer.turn()));
        }
        scope.spawn(|| rotate(data));
    });
    assert!(recording.writers.iter().all(|writer| writer.failed == 0));
    match end {
        End::Kill => server.kill(),
        End::Terminate => assert!(server.terminate().success(), "{}", server.stderr()),
    }
    tracer.wait_for_trace();
}

fn be_strict(data: &Path) {
    run(data, &["account", "audit", STRICT, "--strict", "true"]);
}

/// Changes `hsm.seal` and every record that holds a wrapped key.
fn rotate(data: &Path) {
    run(data, &["domain", "rotate"]);
}

fn run(data: &Path, words: &[&str]) {
    let path = data.display().to_string();
    program()
        .run([words, &["--data", &path]].concat())
        .succeeded();
}

impl Recording {
    /// Adds what a trace tells, its lines counted from `first`; the number of the line after it.
    fn read(&mut self, text: &[u8], first: usize, steps: &mut Steps) -> usize {
        for mut call in calls(text) {
            call.begin += first;
            call.end += first;
            if let Some(id) = answered(call.name, || call.bytes()) {
                self.answers.insert(id, call.begin);
            } else {
                self.steps.extend(steps.read(&call));
            }
        }
        first + text.iter().filter(|byte| **byte == b'\n').count() + 1
    }

    /// The steps explain every byte of the folder. Otherwise nothing can be concluded from them.
    fn check(&self, data: &Path) {
        let mut disk = Disk::default();
        self.steps
            .iter()
            .for_each(|step| disk.make(step, &|_| true));
        let mut explained = disk.crash(&mut Survives::Everything);
        let mut found = Image::read(data);
        for image in [&mut explained, &mut found] {
            image.files.remove(Path::new(SHARED_MEMORY));
        }
        assert_eq!(explained.folders, found.folders);
        let names = |image: &Image| image.files.keys().cloned().collect::<Vec<PathBuf>>();
        assert_eq!(names(&explained), names(&found));
        for (path, bytes) in &found.files {
            assert!(explained.files[path] == *bytes, "{}", path.display());
        }
    }

    /// Dice for one state.
    pub(super) fn dice(seed: u64, point: usize, number: usize) -> Dice {
        Dice::of(seed.rotate_left(17) ^ number as u64, point)
    }
}

/// The request that a call answers, if it does.
fn answered(name: &str, bytes: impl FnOnce() -> Vec<u8>) -> Option<String> {
    if !matches!(name, "write" | "writev" | "sendto") {
        return None;
    }
    let bytes = bytes();
    if !bytes.starts_with(b"HTTP/1.1 ") {
        return None;
    }
    let at = bytes
        .windows(ID_HEADER.len())
        .position(|window| window.eq_ignore_ascii_case(ID_HEADER))?;
    let id = bytes.get(at + ID_HEADER.len()..)?.get(..ID_BYTES)?;
    Some(String::from_utf8_lossy(id).into_owned())
}
