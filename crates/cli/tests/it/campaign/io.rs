//! Writes and syncs that fail, one file and one call at a time, while clients work and a burglar attacks: the server ends
//! or refuses, no failed sync is tried again, and nothing that was answered is lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use strongroom_testkit::{Image, Server, now};

use super::burglar::Burglar;
use super::opened::recorded;
use super::person::{self, Person, Stage};
use super::promises::{self, STRICT, Writer};
use super::{Dice, Plan};
use crate::{copy_folder, program, scratch, scratch_in_memory};

/// Turns of each writer while a call may fail.
const TURNS: usize = 25;
/// A call fails at its n-th time, as often as this has an n.
const TIMES: &[usize] = &[1, 1, 2, 3, 5, 8, 13, 21, 34];
/// The whole audit log is held to the answers after so many servers, and at the end.
const LOG_SHARE: usize = 12;
/// However short the time, so many faults are dealt.
const FAULTS_MIN: usize = 4;
const ERRORS: &[&str] = &["EIO", "ENOSPC"];
const SYNCS: &[&str] = &["fsync", "fdatasync"];
/// Kinds of calls by how often they are drawn; strace counts each call of a kind for itself.
const CALLS: &[&str] = &[
    "write,pwrite64",
    "write,pwrite64",
    "write,pwrite64",
    "fsync,fdatasync",
    "fsync,fdatasync",
    "fsync,fdatasync",
    "ftruncate,fallocate",
    "openat,rename",
];
/// What a server only reads, and what it is told apart by.
const NOT_WRITTEN: &[&str] = &["lock", "format", "dev.key", "hsm.seal"];
/// What is written and not there now: by the next start, or when a file is replaced.
const TO_BE_MADE: &[&str] = &[
    "",
    "audit",
    "hsm.seal.new",
    "hsm.seal.new",
    "store.db-wal",
    "aws.env.new",
];
/// What is given up and made anew when it cannot be synced: nothing rests on it yet.
const MADE_ANEW: &[&str] = &[".new", ".new-journal", "reserve"];

/// One call of a kind fails, or that one and all after it.
struct Fault {
    path: PathBuf,
    calls: &'static str,
    error: &'static str,
    when: String,
}

impl Fault {
    fn draw(data: &Path, dice: &mut Dice) -> Self {
        let files = Image::read(data).files.into_keys();
        let is_written = |path: &PathBuf| {
            let is_old =
                path.starts_with("audit/keys") || path.extension().is_some_and(|end| end == "log");
            !is_old && !NOT_WRITTEN.iter().any(|name| path == Path::new(name))
        };
        let mut paths: Vec<PathBuf> = files.filter(is_written).collect();
        paths.extend(TO_BE_MADE.iter().map(PathBuf::from));
        paths.extend([next_segment(data), next_segment(data)]);
        let all_later = if dice.below(4) == 0 { "+" } else { "" };
        Self {
            path: data.join(dice.pick(&paths)),
            calls: dice.pick::<&str>(CALLS),
            error: dice.pick::<&str>(ERRORS),
            when: format!("{}{all_later}", dice.pick(TIMES)),
        }
    }

    fn injection(&self) -> String {
        format!("{}:error={}:when={}", self.calls, self.error, self.when)
    }
}

fn next_segment(data: &Path) -> PathBuf {
    let segments = strongroom_kms::audit_log::segments(&data.join("audit")).unwrap_or_default();
    let last = segments.last().map_or(0, |(number, _)| *number);
    format!("audit/{:012}.log", last + 1).into()
}

/// What the log of injections tells.
#[derive(Debug, Default, PartialEq, Eq)]
struct Dealt {
    injected: usize,
    /// Syncs that succeeded on a file after one of it had failed.
    retried: Vec<String>,
}

impl Dealt {
    fn read(log: &str) -> Self {
        // The log is of one file.
        let (mut dealt, mut failed) = (Self::default(), None);
        for line in log.lines() {
            let is_sync = SYNCS.iter().any(|call| line.contains(&format!("{call}(")));
            let is_injected = line.contains("(INJECTED)");
            dealt.injected += usize::from(is_injected);
            if !is_sync {
                continue;
            }
            if is_injected {
                failed = Some(line);
            } else if line.ends_with("= 0")
                && let Some(first) = failed
            {
                dealt.retried.push(format!("{first}\n{line}"));
            }
        }
        dealt
    }
}

#[derive(Debug, Default)]
struct Counts {
    rounds: usize,
    faults: usize,
    ended: usize,
    refused: usize,
    by_kind: BTreeMap<String, usize>,
    lost: Vec<String>,
}

struct Victim<'s> {
    data: PathBuf,
    stage: &'s Stage,
    writers: Vec<Writer>,
    counts: Counts,
}

impl Victim<'_> {
    /// One server with one fault, and one without that must know everything.
    fn suffer(&mut self, dice: &mut Dice) {
        self.counts.rounds += 1;
        let fault = Fault::draw(&self.data, dice);
        let log = self.data.with_file_name("injections");
        let failing = program().failing(&[&fault.injection()], &[&fault.path], &log);
        if let Ok(server) = Server::try_dev(&failing, &self.data) {
            self.work(server, dice);
        }
        let dealt = Dealt::read(&fs::read_to_string(&log).unwrap_or_default());
        let name = fault.path.display().to_string();
        if !MADE_ANEW.iter().any(|end| name.ends_with(end)) {
            self.counts.lost.extend(dealt.retried);
        }
        if dealt.injected > 0 {
            self.counts.faults += 1;
            *self
                .counts
                .by_kind
                .entry(kind(&fault, &self.data))
                .or_default() += 1;
        }
        self.recover(&format!("{name} {}", fault.injection()));
    }

    fn work(&mut self, mut server: Server, dice: &mut Dice) {
        let tracer = server.process().tracer();
        self.stage.course.moved(server.address());
        let address = server.address();
        let rotates = dice.below(3) == 0;
        let data = &self.data;
        let before: usize = self.writers.iter().map(|writer| writer.failed).sum();
        std::thread::scope(|scope| {
            for writer in &mut self.writers {
                scope.spawn(move || {
                    writer.come_to(address);
                    (0..TURNS).for_each(|_| writer.turn());
                });
            }
            // It writes the seal anew, and every record that holds a wrapped key. It may fail.
            scope.spawn(move || rotates.then(|| rotate(data)));
        });
        let after: usize = self.writers.iter().map(|writer| writer.failed).sum();
        self.counts.refused += after - before;
        self.stage.course.gone();
        let runs = server.runs();
        self.counts.ended += usize::from(!runs);
        if runs && dice.below(2) == 0 {
            // With the fault before it, it need not succeed.
            server.try_terminate();
        } else {
            server.kill();
        }
        if let Some(tracer) = tracer {
            tracer.wait_for_trace();
        }
    }

    fn recover(&mut self, what: &str) {
        let mut server = match Server::try_dev(&program(), &self.data) {
            Ok(server) => server,
            Err(ending) => panic!("after {what} it does not start: {}", ending.stderr),
        };
        let address = server.address();
        self.stage.course.moved(address);
        for writer in &mut self.writers {
            writer.go_on_at(address);
            let lost = writer.check(address, &|_| true);
            self.counts.lost.extend(
                lost.into_iter()
                    .map(|fault| format!("after {what}: {fault}")),
            );
        }
        self.stage.course.gone();
        assert!(server.terminate().success(), "{}", server.stderr());
        if self.counts.rounds.is_multiple_of(LOG_SHARE) {
            self.check_log(what);
        }
    }

    /// Every answer has its one record.
    fn check_log(&mut self, what: &str) {
        let recorded = recorded(&self.data).unwrap_or_else(|fault| panic!("after {what}: {fault}"));
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for request in &recorded {
            *times.entry(request).or_default() += 1;
        }
        for told in self.writers.iter().flat_map(Writer::told) {
            let found = times.get(told.request.as_str()).copied().unwrap_or(0);
            if found != 1 {
                self.counts
                    .lost
                    .push(format!("after {what}: {found} records of {told:?}"));
            }
        }
    }
}

fn rotate(data: &Path) {
    let path = data.display().to_string();
    program().run(["domain", "rotate", "--data", &path]);
}

/// The kind of file and what failed on it.
fn kind(fault: &Fault, data: &Path) -> String {
    let name = fault.path.strip_prefix(data).unwrap().display().to_string();
    let name: String = name
        .chars()
        .filter(|character| !character.is_ascii_digit())
        .collect();
    format!("{name} {} {}", fault.calls, fault.error)
}

#[test]
fn a_write_or_sync_that_fails_loses_nothing() {
    let plan = Plan::of_environment();
    println!("campaign io: seed {} for {:?}", plan.seed, plan.time);
    let (_scratch, data) = scratch_in_memory();
    let mut server = Server::dev(&program(), &data);
    let path = data.display().to_string();
    let strict = [
        "account", "audit", STRICT, "--strict", "true", "--data", &path,
    ];
    program().run(strict).succeeded();
    let stage = Stage::new(&server);
    let writers = (0..promises::ACCOUNTS.len())
        .map(|number| Writer::new(server.address(), number, plan.seed));
    let mut victim = Victim {
        data,
        stage: &stage,
        writers: writers.collect(),
        counts: Counts::default(),
    };
    let [owner, neighbour, _] = person::ACCOUNTS.map(Person::root);
    let burglar = Burglar::new(stage.scene(), &owner, &neighbour);
    let (burgled, counts) = std::thread::scope(|scope| {
        let _stop_them = stage.course.stop_on_panic();
        let burgling = scope.spawn(|| burglar.run(plan.seed));
        stage.course.gone();
        assert!(server.terminate().success(), "{}", server.stderr());
        let (start, mut dice) = (now(), Dice::new(plan.seed));
        while now().since(start) < plan.time || victim.counts.faults < FAULTS_MIN {
            victim.suffer(&mut dice);
        }
        victim.check_log("everything");
        stage.course.stop();
        (burgling.join().unwrap(), victim.counts)
    });
    let Counts {
        rounds,
        faults,
        ended,
        refused,
        by_kind,
        lost,
    } = counts;
    println!(
        "campaign io: {rounds} servers, {ended} ended by themselves, {refused} calls failed; {by_kind:?}"
    );
    for fault in &lost {
        println!("LOST {fault}");
    }
    let (forged, admitted) = (burgled.forged, burgled.admitted.count);
    println!(
        "counts: faults={faults} forged={forged} admitted={admitted} lost={}",
        lost.len()
    );
    burgled.check();
    assert!(lost.is_empty());
}

#[test]
fn a_sync_that_is_tried_again_is_noticed() {
    let failed = "7 fsync(12) = -1 EIO (Input/output error) (INJECTED)\n";
    let check = |log: &str, injected, retried| {
        let dealt = Dealt::read(log);
        assert_eq!(
            (dealt.injected, dealt.retried.len()),
            (injected, retried),
            "{log}"
        );
    };
    check("", 0, 0);
    check(failed, 1, 0);
    check("7 fsync(12) = 0\n", 0, 0);
    check(&format!("{failed}7 +++ killed by SIGABRT +++\n"), 1, 0);
    check(&format!("{failed}7 pwrite64(12, \"\", 0, 0) = 0\n"), 1, 0);
    check(&format!("{failed}7 fsync(12) = 0\n"), 1, 1);
}

#[test]
fn writers_notice_that_a_folder_was_put_back() {
    let (folder, data) = scratch();
    let old = folder.path().join("old");
    let mut server = Server::dev(&program(), &data);
    let mut writer = Writer::new(server.address(), 0, 7);
    (0..40).for_each(|_| writer.turn());
    assert_eq!(
        writer.check(server.address(), &|_| true),
        Vec::<String>::new()
    );
    server.terminate();
    copy_folder(&data, &old);
    server.restart();
    writer.go_on_at(server.address());
    (0..40).for_each(|_| writer.turn());
    server.terminate();
    fs::remove_dir_all(&data).unwrap();
    copy_folder(&old, &data);
    server.restart();
    assert!(!writer.check(server.address(), &|_| true).is_empty());
}
