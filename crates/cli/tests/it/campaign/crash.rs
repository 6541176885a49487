//! The recorded writes of a server, replayed to every state that a crash of the machine can leave: each opens, with all
//! that was answered before, with nothing half-done, and with a log whose chain is whole.

mod recording;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom_base::Instant;
use strongroom_crypto::digest::sha256;
use strongroom_testkit::{Change, Disk, Image, Obeys, Server, Survives, now};

use super::opened::{Contents, Seals, read_log, recorded};
use super::promises::{Kind, STRICT, Told};
use super::{Dice, Plan};
use crate::{program, scratch_in_memory};

use recording::{Recording, SHARED_MEMORY, record};

const TURNS_BRIEFLY: usize = 15;
const TURNS: usize = 50;
/// Longer campaigns record another server after so long.
const RECORDING_TIME: Duration = Duration::from_secs(60);
/// A pass over a recording crashes it at one in so many steps, the next pass at others.
const PASSES: usize = 61;
/// States that chance makes at each point, besides the two extremes.
const DRAWS: usize = 4;
/// One state in so many is opened by a real server.
const SERVED_SHARE: usize = 25;
/// The most faults that are kept.
const FAULTS_MAX: usize = 10;
/// However short the time, so many states are looked at.
const STATES_MIN: usize = 150;
const SHARED_MEMORY_BYTES: usize = 32_768;

/// What a state must hold.
struct Needs<'r> {
    /// Answers that began to leave before this line may have been read.
    before: usize,
    answers: &'r HashMap<String, usize>,
    /// The last commit that was answered.
    sequence: u64,
    /// Requests whose records must be there.
    records: HashSet<&'r str>,
    /// What of the files was synced.
    synced: &'r Image,
}

impl Needs<'_> {
    fn is_answered(&self, request: &str) -> bool {
        self.answers
            .get(request)
            .is_some_and(|line| *line < self.before)
    }

    /// How much of a segment of the audit log was synced, in bytes.
    fn synced_length(&self, segment: u64) -> u64 {
        let path = PathBuf::from(format!("audit/{segment:012}.log"));
        let length = self.synced.files.get(&path).map_or(0, Vec::len);
        u64::try_from(length).unwrap()
    }
}

/// The commits of a recording, by sequence: what the store held after each.
#[derive(Default)]
struct Commits {
    contents: BTreeMap<u64, [u8; 32]>,
    /// The first commit that has the record of a request.
    of_request: HashMap<String, u64>,
}

/// What a state is made of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Draw {
    Everything,
    Nothing,
    Chance(usize),
}

#[derive(Debug, Default)]
struct Counts {
    points: usize,
    states: usize,
    served: usize,
    unmade: usize,
    /// What a crash left of the audit log's end was called damage.
    alarms: usize,
    faults: Vec<String>,
    lost: usize,
}

impl Counts {
    fn note(&mut self, faults: Vec<String>, where_: impl Fn() -> String) {
        self.lost += usize::from(!faults.is_empty());
        for fault in faults {
            if self.faults.len() < FAULTS_MAX {
                self.faults.push(format!("{}: {fault}", where_()));
            }
        }
    }
}

/// A recording, and what it takes to judge the states it can leave.
struct Replay {
    recording: Recording,
    told: Vec<Told>,
    commits: Commits,
    seals: Seals,
    seen: HashSet<[u8; 32]>,
    folder: PathBuf,
    seed: u64,
}

impl Replay {
    fn new(recording: Recording, folder: &Path, seed: u64) -> Self {
        let told = recording
            .writers
            .iter()
            .flat_map(|writer| writer.told().to_vec());
        let mut replay = Self {
            told: told.collect(),
            recording,
            commits: Commits::default(),
            seals: Seals::default(),
            seen: HashSet::new(),
            folder: folder.to_owned(),
            seed,
        };
        replay.read_commits();
        for told in replay.told.iter().filter(|told| told.kind == Kind::Changes) {
            assert!(
                replay.commits.of_request.contains_key(&told.request),
                "no commit has the record of {told:?}"
            );
        }
        for told in &replay.told {
            assert!(
                replay.recording.answers.contains_key(&told.request),
                "no answer to {told:?}"
            );
        }
        replay
    }

    /// Opens the store as it is after each sync, with nothing lost.
    fn read_commits(&mut self) {
        let mut disk = Disk::default();
        for step in &self.recording.steps {
            disk.make(step, &|_| true);
            let Change::Sync(path) = &step.change else {
                continue;
            };
            if path != Path::new("store.db-wal") {
                continue;
            }
            let image = disk.crash(&mut Survives::Everything);
            let opened = opened(&image, &self.folder, |folder| self.seals.contents(folder));
            let Contents {
                sequence,
                digest,
                outbox,
            } = opened.expect("the store of a server that runs");
            self.commits.contents.insert(sequence, digest);
            for request in outbox {
                self.commits.of_request.entry(request).or_insert(sequence);
            }
        }
    }

    /// Crashes at every step that belongs to pass number `pass`, until `enough` says so.
    fn pass(
        &mut self,
        pass: usize,
        obeys: &Obeys,
        counts: &mut Counts,
        enough: &dyn Fn(&Counts) -> bool,
    ) {
        let mut disk = Disk::default();
        let steps = std::mem::take(&mut self.recording.steps);
        for (point, step) in steps.iter().enumerate() {
            disk.make(step, obeys);
            if Dice::of(self.seed, point).below(PASSES) != pass {
                continue;
            }
            // The crash comes just before the next step is done.
            let before = steps.get(point + 1).map_or(usize::MAX, |next| next.end);
            self.crash(&disk, point, before, counts);
            if enough(counts) {
                break;
            }
        }
        self.recording.steps = steps;
    }

    fn crash(&mut self, disk: &Disk, point: usize, before: usize, counts: &mut Counts) {
        counts.points += 1;
        let synced = disk.crash(&mut Survives::Nothing);
        let draws = if disk.waiting() == 0 { 0 } else { DRAWS };
        let draws = (0..draws).map(Draw::Chance);
        for draw in [Draw::Everything, Draw::Nothing].into_iter().chain(draws) {
            let number = if let Draw::Chance(number) = draw {
                number
            } else {
                DRAWS
            };
            let mut dice = Recording::dice(self.seed, point, number);
            let mut image = match draw {
                Draw::Everything => disk.crash(&mut Survives::Everything),
                Draw::Nothing => disk.crash(&mut Survives::Nothing),
                Draw::Chance(_) => disk.crash(&mut Survives::Some(&mut |bound| dice.below(bound))),
            };
            set_shared_memory(&mut image, &mut dice);
            if self
                .seen
                .insert(fingerprint(&image, draw == Draw::Everything, before))
            {
                let faults = self.judge((&image, &synced), draw, before, &mut dice, counts);
                counts.note(faults, || format!("step {point} {draw:?}"));
            }
        }
    }

    fn judge(
        &mut self,
        (image, synced): (&Image, &Image),
        draw: Draw,
        before: usize,
        dice: &mut Dice,
        counts: &mut Counts,
    ) -> Vec<String> {
        counts.states += 1;
        let Self {
            recording,
            told,
            commits,
            seals,
            folder,
            ..
        } = self;
        let needs = needs((&recording.answers, synced), told, commits, draw, before);
        let found = opened(image, folder, |data| {
            check_files(data, seals, commits, &needs)
        });
        let is_unmade = found == Err(Unopened::Unmade) && needs.records.is_empty();
        counts.unmade += usize::from(is_unmade);
        let mut faults = match found {
            Err(Unopened::Unmade) if is_unmade => Vec::new(),
            Err(Unopened::Unmade) => vec!["there is no data folder any more".to_owned()],
            Err(Unopened::Fault(ref fault)) => vec![fault.clone()],
            Ok(_) => Vec::new(),
        };
        if found == Ok(End::Alarming) {
            counts.alarms += 1;
            return faults;
        }
        // What no server has finished making can only be judged by one that tries.
        if faults.is_empty() && dice.below(SERVED_SHARE) == 0 {
            counts.served += 1;
            faults = opened(image, folder, |data| check_server(data, recording, &needs));
        }
        faults
    }
}

fn needs<'r>(
    (answers, synced): (&'r HashMap<String, usize>, &'r Image),
    told: &'r [Told],
    commits: &Commits,
    draw: Draw,
    before: usize,
) -> Needs<'r> {
    let mut needs = Needs {
        before,
        answers,
        sequence: 0,
        records: HashSet::new(),
        synced,
    };
    for told in told.iter().filter(|told| answers[&told.request] < before) {
        if told.kind == Kind::Changes {
            needs.sequence = needs.sequence.max(commits.of_request[&told.request]);
        }
        // docs/design/audit.md, Writing: reads are answered when their records are written, not when they are synced.
        if told.kind == Kind::Changes || told.account == STRICT || draw == Draw::Everything {
            needs.records.insert(&told.request);
        }
    }
    needs
}

/// Lays `image` out, lets `look` look at it, and removes it.
fn opened<T>(image: &Image, folder: &Path, look: impl FnOnce(&Path) -> T) -> T {
    let data = folder.join("data");
    image.lay_out(&data);
    let seen = look(&data);
    std::fs::remove_dir_all(&data).unwrap();
    seen
}

/// How the audit log of a crash ends.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// Whole, or torn as crashes tear.
    Explained,
    /// It is called damaged, behind everything that was synced.
    Alarming,
}

/// Why a folder does not open.
#[derive(Debug, PartialEq, Eq)]
enum Unopened {
    /// The server that makes it had not finished.
    Unmade,
    Fault(String),
}

fn check_files(
    data: &Path,
    seals: &mut Seals,
    commits: &Commits,
    needs: &Needs<'_>,
) -> Result<End, Unopened> {
    let parts = ["format", "dev.key", "hsm.seal", "store.db"];
    if !parts.iter().all(|part| data.join(part).exists()) {
        return Err(Unopened::Unmade);
    }
    let log = read_log(data).map_err(Unopened::Fault)?;
    let end = match &log.fault {
        None => End::Explained,
        Some(fault) if fault.offset >= needs.synced_length(fault.segment) => End::Alarming,
        Some(_) => return Err(Unopened::Fault(recorded(data).unwrap_err())),
    };
    let found = seals.contents(data).map_err(Unopened::Fault)?;
    let whole = commits.contents.get(&found.sequence);
    // The commits before the first that was synced are those of an empty store.
    if whole.is_some_and(|digest| *digest != found.digest)
        || (whole.is_none() && found.sequence > 0)
    {
        let fault = format!("commit {} is half-done", found.sequence);
        return Err(Unopened::Fault(fault));
    }
    if found.sequence < needs.sequence {
        let fault = format!("commit {} of {} answered", found.sequence, needs.sequence);
        return Err(Unopened::Fault(fault));
    }
    let known: HashSet<&str> = log
        .requests
        .iter()
        .chain(&found.outbox)
        .map(String::as_str)
        .collect();
    match needs
        .records
        .iter()
        .find(|request| !known.contains(*request))
    {
        Some(missing) => Err(Unopened::Fault(format!("no record of {missing}"))),
        None => Ok(end),
    }
}

fn check_server(data: &Path, recording: &Recording, needs: &Needs<'_>) -> Vec<String> {
    let mut server = match Server::try_dev(&program(), data) {
        Ok(server) => server,
        Err(ending) => return vec![format!("does not start: {}", ending.stderr)],
    };
    let answered = |request: &str| needs.is_answered(request);
    let writers = recording.writers.iter();
    let mut faults: Vec<String> = writers
        .flat_map(|writer| writer.check(server.address(), &answered))
        .collect();
    if !server.terminate().success() {
        faults.push(format!("does not end: {}", server.stderr()));
    }
    match recorded(data) {
        Err(fault) => faults.push(fault),
        Ok(recorded) => faults.extend(compare(&recorded, needs)),
    }
    faults
}

/// Records that are missing or there twice.
fn compare(recorded: &[String], needs: &Needs<'_>) -> Vec<String> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for request in recorded {
        *times.entry(request).or_default() += 1;
    }
    let times_of = |request: &str| times.get(request).copied().unwrap_or(0);
    let missing = needs
        .records
        .iter()
        .filter(|request| times_of(request) == 0);
    let twice = times
        .iter()
        .filter(|(request, times)| !request.is_empty() && **times > 1);
    let missing = missing.map(|request| format!("no record of {request}"));
    missing
        .chain(twice.map(|(request, times)| format!("{times} records of {request}")))
        .collect()
}

/// Nobody syncs the index of SQLite's log: it is gone, or holds anything.
fn set_shared_memory(image: &mut Image, dice: &mut Dice) {
    let path = PathBuf::from(SHARED_MEMORY);
    if !image.files.contains_key(&path) {
        return;
    }
    let bytes = match dice.below(3) {
        0 => Vec::new(),
        1 => vec![0; SHARED_MEMORY_BYTES],
        _ => (0..SHARED_MEMORY_BYTES / 8)
            .flat_map(|_| dice.next().to_be_bytes())
            .collect(),
    };
    image.files.insert(path, bytes);
}

/// What tells two states apart: a later point asks more of the same bytes.
fn fingerprint(image: &Image, everything: bool, before: usize) -> [u8; 32] {
    let mut parts: Vec<[u8; 32]> = vec![sha256(&[&[u8::from(everything)], &before.to_be_bytes()])];
    for folder in &image.folders {
        parts.push(sha256(&[b"folder", folder.as_os_str().as_encoded_bytes()]));
    }
    for (path, bytes) in image
        .files
        .iter()
        .filter(|(path, _)| *path != Path::new(SHARED_MEMORY))
    {
        parts.push(sha256(&[path.as_os_str().as_encoded_bytes(), b"\0", bytes]));
    }
    sha256(&[parts.as_flattened()])
}

#[test]
fn every_state_that_a_crash_can_leave_opens_with_all_that_was_answered() {
    let plan = Plan::of_environment();
    println!("campaign crash: seed {} for {:?}", plan.seed, plan.time);
    let (start, mut counts, mut round) = (now(), Counts::default(), 0);
    while round == 0 || now().since(start) < plan.time {
        let seed = plan.seed.wrapping_add(round);
        replay(seed, start, &plan, &mut counts);
        round += 1;
    }
    assert!(
        counts.served > 0 && counts.states > counts.points,
        "{counts:#?}"
    );
    let Counts {
        points,
        states,
        served,
        unmade,
        alarms,
        lost,
        ..
    } = &counts;
    println!(
        "campaign crash: {round} recordings, {served} states served, {unmade} from before there was a folder, {alarms} whose log's end was called damaged"
    );
    for fault in &counts.faults {
        println!("LOST {fault}");
    }
    println!("counts: crash_points={points} states={states} lost={lost}");
    assert_eq!(*lost, 0);
}

/// Crashes one recording for a while.
fn replay(seed: u64, start: Instant, plan: &Plan, counts: &mut Counts) {
    let turns = if plan.time > RECORDING_TIME / 2 {
        TURNS
    } else {
        TURNS_BRIEFLY
    };
    let (scratch, _) = scratch_in_memory();
    let mut replay = Replay::new(record(seed, turns), scratch.path(), seed);
    let begun = now();
    println!(
        "campaign crash: recorded {} steps, {} answers, {} commits in {:?}",
        replay.recording.steps.len(),
        replay.recording.answers.len(),
        replay.commits.contents.len(),
        begun.since(start),
    );
    let is_over = |counts: &Counts| {
        let time_is_over = now().since(begun) >= RECORDING_TIME || now().since(start) >= plan.time;
        time_is_over && counts.states >= STATES_MIN
    };
    for pass in 0..PASSES {
        replay.pass(pass, &|_| true, counts, &is_over);
        if is_over(counts) {
            break;
        }
    }
}

/// What a disk that lies does not sync.
const LIES: &[(&str, &Obeys)] = &[
    ("everything", &|_| false),
    ("the store's log", &|path| path != Path::new("store.db-wal")),
    ("the audit log", &|path| {
        path.extension().is_none_or(|extension| extension != "log")
    }),
    ("names", &|path| {
        path.file_name()
            .is_some_and(|name| name != "audit" && name != "keys")
    }),
];

#[test]
fn a_disk_that_lies_is_found_out() {
    let (scratch, _) = scratch_in_memory();
    let mut replay = Replay::new(record(7, TURNS_BRIEFLY), scratch.path(), 7);
    for (what, obeys) in LIES {
        let mut counts = Counts::default();
        replay.seen.clear();
        for pass in 0..PASSES {
            replay.pass(pass, obeys, &mut counts, &|counts| counts.lost > 0);
            if counts.lost > 0 {
                break;
            }
        }
        println!(
            "without syncs of {what}: {} in {} states",
            counts.faults.join(", "),
            counts.states
        );
        assert!(counts.lost > 0, "without syncs of {what} nothing is lost");
    }
}
