//! SIGKILL and SIGSTOP at random under mixed load, of the service, the key process, both, a service that just starts and
//! one that is sealed: every reply that a client read has one audit record, the log's chain is whole, nothing
//! acknowledged is lost, and the burglar stays outside. A process that is stopped makes late answers, never wrong ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use strongroom_testkit::{Process, now};

use super::burglar::{Attacks, Burgled, State};
use super::crew::{Crew, pass, wait_for_end};
use super::history::Tally;
use super::ledger::Findings;
use super::load::Load;
use super::site::Site;
use super::witness::Witness;
use super::{Dice, Plan};
use crate::program;

/// Calls that succeed between two blows.
const CALLS_BETWEEN_MAX: usize = 200;
/// How far beyond a call's end a blow may fall, in microseconds.
const LATE_MAX: usize = 3_000;
/// An account whose calls all wait until their records are on the disk.
const STRICT: &str = "444455556666";
/// How long a start may go on before its blow, in microseconds.
const START_MAX: usize = 150_000;
/// How long a server is left sealed, in microseconds.
const SEALED_MAX: usize = 100_000;
/// How long a process may be stopped, in microseconds; of a short campaign the part of it.
const STOP_MAX: Duration = Duration::from_secs(4);
const STOP_PART: u32 = 15;
/// What servers are in while they are attacked.
const STATES: &[State] = &[State::Starting, State::Sealed];

/// What befalls a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Blow {
    Service,
    KeyProcess,
    /// The key process, and the service while it learns of it.
    Both,
    /// The service, and after it one that just starts.
    Start,
    /// The service, and after it one that has started, and is sealed if it is sealed at all.
    Started,
    Terminate,
    /// The service stops for a while.
    StopService,
    StopKeyProcess,
    /// The key process stops for a while and is killed then.
    StopAndKill,
}

/// Blows by how often they are drawn.
const BLOWS: &[Blow] = &[
    Blow::Service,
    Blow::Service,
    Blow::Service,
    Blow::KeyProcess,
    Blow::KeyProcess,
    Blow::KeyProcess,
    Blow::Both,
    Blow::Both,
    Blow::Start,
    Blow::Started,
    Blow::Terminate,
    Blow::StopService,
    Blow::StopKeyProcess,
    Blow::StopKeyProcess,
    Blow::StopAndKill,
];

impl Blow {
    fn is_stop(self) -> bool {
        matches!(
            self,
            Self::StopService | Self::StopKeyProcess | Self::StopAndKill
        )
    }

    fn is_kill(self) -> bool {
        !matches!(
            self,
            Self::Terminate | Self::StopService | Self::StopKeyProcess
        )
    }
}

/// A server that gets blows.
struct Victim<'v> {
    site: &'v mut Site,
    load: &'v Load,
    dice: Dice,
    stop_max: Duration,
    blows: BTreeMap<Blow, usize>,
}

impl Victim<'_> {
    fn suffer(&mut self, blow: Blow) {
        *self.blows.entry(blow).or_default() += 1;
        self.load.go_on(1 + self.dice.below(CALLS_BETWEEN_MAX));
        self.let_pass(LATE_MAX);
        match blow {
            Blow::StopService => self.stop(&self.site.server.process()),
            Blow::StopKeyProcess => self.stop(&self.site.server.key_process()),
            Blow::KeyProcess => self.kill_key_process(),
            Blow::StopAndKill => {
                let key_process = self.site.server.key_process();
                key_process.signal(Signal::STOP);
                self.stay_stopped();
                self.kill_key_process();
            }
            _ => self.restart(blow),
        }
    }

    fn restart(&mut self, blow: Blow) {
        self.load.course.gone();
        self.end(blow);
        if blow == Blow::Start {
            self.stumble();
        }
        if blow == Blow::Started {
            self.site.start(&self.load.course);
            self.let_pass(SEALED_MAX);
            self.load.course.gone();
            self.end(blow);
        }
        self.start();
    }

    fn end(&mut self, blow: Blow) {
        let key_process = self.site.server.key_process();
        match blow {
            Blow::Terminate => self.terminate(),
            Blow::Both => {
                key_process.kill();
                self.let_pass(LATE_MAX);
                self.site.server.kill();
            }
            _ => self.site.server.kill(),
        }
        wait_for_end(&key_process);
        self.load.ledger().note_log(&self.site.server.stderr());
    }

    fn terminate(&mut self) {
        let server = &mut self.site.server;
        assert!(server.terminate().success(), "{}", server.stderr());
    }

    fn start(&mut self) {
        self.site.start(&self.load.course);
        self.open();
    }

    /// Opens the server after a while, if it is one that must be opened.
    fn open(&mut self) {
        if self.site.is_sealed_at_start() {
            self.let_pass(SEALED_MAX);
        }
        self.site.open();
    }

    fn kill_key_process(&mut self) {
        let key_process = self.site.server.key_process();
        key_process.kill();
        wait_for_end(&key_process);
        self.open();
    }

    fn stop(&mut self, process: &Process) {
        process.signal(Signal::STOP);
        self.stay_stopped();
        process.signal(Signal::CONT);
        // The service may have given its key process up.
        self.open();
    }

    fn stay_stopped(&mut self) {
        let micros = usize::try_from(self.stop_max.as_micros()).unwrap();
        self.let_pass(micros);
    }

    fn stumble(&mut self) {
        let time = Duration::from_micros(self.dice.below(START_MAX) as u64);
        self.load.course.starts();
        for key_process in self.site.server.stumble(|| pass(time)) {
            wait_for_end(&key_process);
        }
        // It may have answered.
        self.load.ledger().note_log(&self.site.server.stderr());
    }

    fn let_pass(&mut self, micros_max: usize) {
        pass(Duration::from_micros(self.dice.below(micros_max) as u64));
    }
}

fn be_strict(data: &Path) {
    let path = data.display().to_string();
    let strict = ["--strict", "true", "--data", &path];
    let told = program().run([["account", "audit", STRICT].as_slice(), &strict].concat());
    told.succeeded();
}

/// What was kept elsewhere, before anything could be changed.
struct Kept {
    keys: PathBuf,
    checkpoint: PathBuf,
}

impl Kept {
    fn new(folder: &Path) -> Self {
        Self {
            keys: folder.join("keys.pem"),
            checkpoint: folder.join("checkpoint"),
        }
    }

    /// Keeps what the command tells; a server that is sealed just now tells nothing.
    fn try_keep(data: &Path, command: &str, file: &Path) -> bool {
        let path = data.display().to_string();
        let told = program().run(["audit", command, "--data", &path]);
        if told.succeeded {
            fs::write(file, told.stdout).unwrap();
        }
        told.succeeded
    }

    fn verify(&self, data: &Path) -> String {
        let paths = [data, &self.keys, &self.checkpoint].map(|path| path.display().to_string());
        let [data, keys, checkpoint] = paths.each_ref().map(String::as_str);
        let options = [
            "--data",
            data,
            "--public-key",
            keys,
            "--checkpoint",
            checkpoint,
        ];
        let arguments = [["audit", "verify"].as_slice(), &options].concat();
        program().run(arguments).succeeded()
    }
}

/// What one server came to.
struct Outcome {
    blows: BTreeMap<Blow, usize>,
    replies: usize,
    acknowledged: usize,
    tally: Tally,
    burgled: Burgled,
}

impl Outcome {
    fn count(&self, is: fn(Blow) -> bool) -> usize {
        let chosen = self.blows.iter().filter(|(blow, _)| is(**blow));
        chosen.map(|(_, count)| count).sum()
    }
}

#[test]
fn every_answered_call_has_one_record_and_the_chain_is_whole() {
    let plan = Plan::of_environment();
    println!("campaign kill: seed {} for {:?}", plan.seed, plan.time);
    let half = Plan {
        time: plan.time / 2,
        seed: plan.seed,
    };
    let outcomes = [run(&half, Site::development()), run(&half, Site::sealed())];
    let sum = |count: fn(&Outcome) -> usize| outcomes.iter().map(count).sum::<usize>();
    let mut attacks = Attacks::none(STATES);
    for outcome in &outcomes {
        attacks.add(&outcome.burgled.attacks(STATES));
    }
    println!(
        "counts: kills={} stops={} replies={} acknowledged={} lost={} escaped={} forged={} admitted={} {attacks}",
        sum(|outcome| outcome.count(Blow::is_kill)),
        sum(|outcome| outcome.count(Blow::is_stop)),
        sum(|outcome| outcome.replies),
        sum(|outcome| outcome.acknowledged),
        sum(|outcome| outcome.tally.lost.count),
        sum(|outcome| outcome.tally.escaped.count),
        sum(|outcome| outcome.burgled.forged),
        sum(|outcome| outcome.burgled.admitted.count),
    );
    attacks.check(plan.time);
}

/// Deals blows to a server until the time is over, and holds it to everything.
fn run(plan: &Plan, mut site: Site) -> Outcome {
    be_strict(&site.data);
    let kept = Kept::new(site.beside());
    assert!(Kept::try_keep(&site.data, "key", &kept.keys));
    let load = Load::new(&site.server, &site.roots, plan.seed);
    let (tally, burgled, blows) = {
        let scene = load.scene();
        let crew = Crew::new(scene, Some(&load), &site.roots, plan.seed);
        let (blows, burgled) = crew.work(|| attack(plan, &mut site, &load, &kept));
        (recover(&mut site, &load, &crew.witness), burgled, blows)
    };
    let outcomes = format!("{:?}", load.ledger().outcomes());
    let acknowledged = load.ledger().successes();
    let found = load.into_ledger().compare(&site.data);
    println!("campaign kill: blows {blows:?}, {found}");
    println!("campaign kill: outcomes {outcomes}");
    println!("campaign kill: history {tally}");
    println!(
        "campaign kill: burglar {:?}, away {}, unwell {}",
        burgled.by_kind, burgled.away, burgled.unwell
    );
    check(&site, &kept, &found);
    tally.check();
    burgled.check();
    Outcome {
        blows,
        replies: found.replies(),
        acknowledged,
        tally,
        burgled,
    }
}

fn check(site: &Site, kept: &Kept, found: &Findings) {
    found.check();
    let verdict = kept.verify(&site.data);
    println!("{verdict}");
    let records = format!("records      {} in ", found.records);
    assert!(verdict.contains(&records), "{verdict}");
    println!("campaign kill: missing=0 twice=0 chain intact");
}

/// Deals blows until the time is over; in the middle of it a checkpoint is kept elsewhere.
fn attack(plan: &Plan, site: &mut Site, load: &Load, kept: &Kept) -> BTreeMap<Blow, usize> {
    let mut victim = Victim {
        site,
        load,
        dice: Dice::new(plan.seed),
        stop_max: STOP_MAX.min(plan.time / STOP_PART),
        blows: BTreeMap::new(),
    };
    let (start, mut is_kept) = (now(), false);
    while now().since(start) < plan.time || !is_kept {
        let blow = *victim.dice.pick(BLOWS);
        victim.suffer(blow);
        if !is_kept && now().since(start) >= plan.time / 2 {
            load.go_on(1);
            is_kept = Kept::try_keep(&victim.site.data, "checkpoint", &kept.checkpoint);
        }
    }
    load.go_on(1);
    victim.blows
}

/// Starts the server once more, in order, looks at everything, and ends it in order.
fn recover(site: &mut Site, load: &Load, witness: &Witness<'_>) -> Tally {
    site.restart(load.scene());
    let tally = witness.finish();
    site.end(load.scene());
    tally
}
