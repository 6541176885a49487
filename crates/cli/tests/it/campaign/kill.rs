//! SIGKILL at random under mixed load, of the service, the key process, both, and a service that just starts:
//! every reply that a client read has one audit record, and the log's chain is whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use strongroom_testkit::{Process, Server, eventually, now};

use super::load::{CLIENTS, Load};
use super::{Dice, Plan};
use crate::{program, scratch};

const GONE_MAX: Duration = Duration::from_secs(5);
/// Calls that succeed between two blows.
const CALLS_BETWEEN_MAX: usize = 400;
/// How far beyond a call's end a blow may fall, in microseconds.
const LATE_MAX: usize = 3_000;
/// An account whose calls all wait until their records are on the disk.
const STRICT: &str = "444455556666";
/// How long a start may go on before its blow, in microseconds.
const START_MAX: usize = 150_000;

/// What befalls a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Blow {
    Service,
    KeyProcess,
    /// The key process, and the service while it learns of it.
    Both,
    /// The service, and after it one that just starts.
    Start,
    Terminate,
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
    Blow::Terminate,
];

/// A server that gets blows.
struct Victim<'l> {
    server: Server,
    load: &'l Load,
    dice: Dice,
    blows: BTreeMap<Blow, usize>,
}

impl Victim<'_> {
    fn suffer(&mut self, blow: Blow) {
        *self.blows.entry(blow).or_default() += 1;
        self.load.go_on(1 + self.dice.below(CALLS_BETWEEN_MAX));
        self.let_pass(LATE_MAX);
        if blow == Blow::KeyProcess {
            return self.kill_key_process();
        }
        self.load.course.gone();
        let key_process = self.server.key_process();
        match blow {
            Blow::Terminate => assert!(
                self.server.terminate().success(),
                "{}",
                self.server.stderr()
            ),
            Blow::Both => {
                key_process.kill();
                self.let_pass(LATE_MAX);
                self.server.kill();
            }
            _ => self.server.kill(),
        }
        wait_for_end(&key_process);
        self.load.ledger().note_log(&self.server.stderr());
        if blow == Blow::Start {
            self.stumble();
        }
        self.server.restart();
        self.load.course.moved(self.server.address());
    }

    fn kill_key_process(&self) {
        let key_process = self.server.key_process();
        key_process.kill();
        wait_for_end(&key_process);
    }

    fn stumble(&mut self) {
        let time = Duration::from_micros(self.dice.below(START_MAX) as u64);
        for key_process in self.server.stumble(|| pass(time)) {
            wait_for_end(&key_process);
        }
    }

    fn let_pass(&mut self, micros_max: usize) {
        pass(Duration::from_micros(self.dice.below(micros_max) as u64));
    }

    fn finish(mut self) -> BTreeMap<Blow, usize> {
        assert!(
            self.server.terminate().success(),
            "{}",
            self.server.stderr()
        );
        self.load.ledger().note_log(&self.server.stderr());
        self.blows
    }
}

fn wait_for_end(process: &Process) {
    eventually("its end", GONE_MAX, || (!process.runs()).then_some(()));
}

/// Lets `time` go by: blows must not fall at the ends of calls alone.
fn pass(time: Duration) {
    let start = now();
    while now().since(start) < time {
        std::hint::spin_loop();
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

    fn keep(data: &Path, command: &str, file: &Path) {
        let path = data.display().to_string();
        let told = program().run(["audit", command, "--data", &path]);
        fs::write(file, told.succeeded()).unwrap();
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

#[test]
fn every_answered_call_has_one_record_and_the_chain_is_whole() {
    let plan = Plan::of_environment();
    println!("campaign kill: seed {} for {:?}", plan.seed, plan.time);
    let (folder, data) = scratch();
    let server = Server::dev_with(&program(), &data, &["--log-format", "json"]);
    be_strict(&data);
    let kept = Kept::new(folder.path());
    Kept::keep(&data, "key", &kept.keys);
    let load = Load::new(&server, plan.seed);
    let blows = std::thread::scope(|scope| {
        let _stop_them = load.course.stop_on_panic();
        for number in 0..CLIENTS {
            let load = &load;
            scope.spawn(move || load.run(number));
        }
        attack(&plan, server, &load, &|| {
            Kept::keep(&data, "checkpoint", &kept.checkpoint)
        })
    });
    let kills: usize = blows.values().sum();
    let outcomes = format!("{:?}", load.ledger().outcomes());
    let found = load.into_ledger().compare(&data);
    println!("campaign kill: blows {blows:?}, {found}");
    println!("campaign kill: outcomes {outcomes}");
    found.check();
    let verdict = kept.verify(&data);
    println!("{verdict}");
    let records = format!("records      {} in ", found.records);
    assert!(verdict.contains(&records), "{verdict}");
    println!(
        "counts: kills={kills} acknowledged={} lost=0",
        found.replies()
    );
}

/// Deals blows until the time is over; in the middle of it calls `midway` once. Ends clients and server in order.
fn attack(plan: &Plan, server: Server, load: &Load, midway: &dyn Fn()) -> BTreeMap<Blow, usize> {
    let mut victim = Victim {
        server,
        load,
        dice: Dice::new(plan.seed),
        blows: BTreeMap::new(),
    };
    let (start, mut is_midway) = (now(), false);
    while now().since(start) < plan.time {
        let blow = *victim.dice.pick(BLOWS);
        victim.suffer(blow);
        if !is_midway && now().since(start) >= plan.time / 2 {
            midway();
            is_midway = true;
        }
    }
    load.go_on(1);
    load.course.stop();
    victim.finish()
}
