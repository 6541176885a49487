//! Slow clients, floods of connections and of requests, few file descriptors and a full disk: the server stays up, who
//! behaves well is answered, nothing is lost, nobody gets in, and afterwards all is as before.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit, setrlimit};
use serde_json::json;
use strongroom_testkit::{Process, Request, Server, eventually, now};

use super::burglar::{Attacks, Burglar, Burgled, State};
use super::crew::{Crew, pass};
use super::load::Load;
use super::person::{ACCOUNTS, Person, Stage};
use super::site::Site;
use super::{Dice, Plan};
use crate::full_disk::Disk;
use crate::program;

/// Connections of slow clients.
const SLOW: usize = 64;
/// More than the server takes: 4,096.
const CONNECTIONS: usize = 4_400;
/// Clients that send one large body after the other, and how many each.
const FLOODERS: usize = 8;
const BODIES: usize = 4;
const BODY_BYTES: usize = 1 << 20;
/// Descriptors that a starved server may have beyond those it has.
const SPARE_DESCRIPTORS: usize = 4;
/// How long a strain lasts, at most, in microseconds.
const STRAIN_MAX: usize = 400_000;
/// How long a server may take to answer after a strain.
const RECOVERY_MAX: Duration = Duration::from_secs(20);
/// Calls of the load between two strains.
const CALLS_BETWEEN: usize = 50;
/// How long a reply to a flooder is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Rounds of the burglar until the audit log's reserve is used up.
const ROUNDS_MAX: u64 = 400;

/// What is done to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strain {
    SlowHeaders,
    SlowBodies,
    Connections,
    Requests,
    Descriptors,
}

const STRAINS: &[Strain] = &[
    Strain::SlowHeaders,
    Strain::SlowBodies,
    Strain::Connections,
    Strain::Requests,
    Strain::Descriptors,
];

/// A server under strain.
struct Strained<'s> {
    server: &'s Server,
    process: Process,
    load: &'s Load,
    dice: Dice,
    strains: BTreeMap<Strain, usize>,
}

impl Strained<'_> {
    fn suffer(&mut self, strain: Strain) {
        *self.strains.entry(strain).or_default() += 1;
        match strain {
            Strain::SlowHeaders => self.be_slow("POST / HTTP/1.1\r\nhost: a\r\nx-a: "),
            Strain::SlowBodies => {
                self.be_slow("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n");
            }
            Strain::Connections => self.connect_often(),
            Strain::Requests => self.flood(),
            Strain::Descriptors => self.starve(),
        }
        self.recover();
    }

    /// It is the same process, and answers somebody new, and those who were there.
    fn recover(&self) {
        let address = self.server.address();
        eventually("an answer after a strain", RECOVERY_MAX, || {
            let mut client = strongroom_testkit::Client::new(address, "nobody", "test");
            let reply = client.try_call("ListKeys", &json!({})).ok()?;
            self.load.ledger().note_nobodys(&reply);
            (reply.status == 400).then_some(())
        });
        self.load.go_on(CALLS_BETWEEN);
        assert!(self.process.runs(), "{}", self.server.stderr());
    }

    fn wait(&mut self) {
        pass(Duration::from_micros(self.dice.below(STRAIN_MAX) as u64));
    }

    /// Begins requests and goes on with them a byte at a time.
    fn be_slow(&mut self, start: &str) {
        let connect = |_| TcpStream::connect(self.server.address()).ok();
        let mut slow: Vec<TcpStream> = (0..SLOW).filter_map(connect).collect();
        for byte in start.bytes().chain(*b"abcdefgh") {
            // The server may end them when it likes.
            slow.retain_mut(|stream| stream.write_all(&[byte]).is_ok());
        }
        self.wait();
        self.load.go_on(1);
    }

    /// Connects more often than the server takes, and says nothing.
    fn connect_often(&mut self) {
        let connect = |_| TcpStream::connect(self.server.address()).ok();
        let idle: Vec<TcpStream> = (0..CONNECTIONS).map_while(connect).collect();
        self.wait();
        drop(idle);
    }

    /// Sends many requests as large as may be, none of which is signed rightly.
    fn flood(&self) {
        let mut request = Request::json(self.server.address(), "ListKeys", &[b' '; BODY_BYTES]);
        request.credentials.secret_access_key = "wrong".to_owned();
        let bytes = request.bytes();
        std::thread::scope(|scope| {
            for _ in 0..FLOODERS {
                scope.spawn(|| {
                    for _ in 0..BODIES {
                        self.send_and_leave(&bytes);
                    }
                });
            }
        });
    }

    /// Sends a request and reads a part of the reply at most.
    fn send_and_leave(&self, bytes: &[u8]) {
        let Ok(mut stream) = TcpStream::connect(self.server.address()) else {
            return;
        };
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // The server may refuse before it has read everything.
        let _ = stream.write_all(bytes);
        let mut start = [0; 12];
        if stream.read_exact(&mut start).is_ok() {
            assert_ne!(&start, b"HTTP/1.1 200");
        }
    }

    /// Leaves the service hardly a descriptor more than it has, and wants many.
    fn starve(&mut self) {
        let pid = Pid::from_raw(self.process.id());
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).unwrap();
        let few = Rlimit {
            current: Some((open.count() + SPARE_DESCRIPTORS) as u64),
            maximum: getrlimit(Resource::Nofile).maximum,
        };
        let before = prlimit(pid, Resource::Nofile, few).unwrap();
        let connect = |_| TcpStream::connect(self.server.address()).ok();
        let idle: Vec<TcpStream> = (0..SLOW).filter_map(connect).collect();
        self.load.go_on(1);
        self.wait();
        drop(idle);
        prlimit(pid, Resource::Nofile, before).unwrap();
    }
}

/// Lets this process have as many descriptors as it may.
fn have_many_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, all).unwrap();
}

#[test]
fn a_server_under_strain_stays_up_and_answers() {
    let plan = Plan::of_environment();
    println!("campaign resources: seed {} for {:?}", plan.seed, plan.time);
    have_many_descriptors();
    let mut site = Site::development();
    let load = Load::new(&site.server, &site.roots, plan.seed);
    let (tally, burgled, strains) = {
        let scene = load.scene();
        let crew = Crew::new(scene, Some(&load), &site.roots, plan.seed);
        let (strains, burgled) = crew.work(|| strain(&plan, &site.server, &load));
        site.restart(scene);
        let tally = crew.witness.finish();
        site.end(scene);
        (tally, burgled, strains)
    };
    let acknowledged = load.ledger().successes();
    let found = load.into_ledger().compare(&site.data);
    println!("campaign resources: {strains:?}, {found}\ncampaign resources: history {tally}");
    let attacks = attack_on_a_full_disk();
    println!(
        "counts: strains={} acknowledged={acknowledged} lost={} escaped={} forged={} admitted={} {attacks}",
        strains.values().sum::<usize>(),
        tally.lost.count,
        tally.escaped.count,
        burgled.forged,
        burgled.admitted.count,
    );
    found.check();
    tally.check();
    burgled.check();
    attacks.check(plan.time);
}

fn strain(plan: &Plan, server: &Server, load: &Load) -> BTreeMap<Strain, usize> {
    let mut strained = Strained {
        server,
        process: server.process(),
        load,
        dice: Dice::new(plan.seed),
        strains: BTreeMap::new(),
    };
    let start = now();
    while now().since(start) < plan.time {
        let strain = *strained.dice.pick(STRAINS);
        strained.suffer(strain);
    }
    strained.strains
}

/// Attacks a server whose disk fills to its last byte. Counts nothing where no disk may be mounted.
fn attack_on_a_full_disk() -> Attacks {
    let Some(disk) = Disk::mount() else {
        return Attacks::none(&[]);
    };
    let mut attacks = Attacks::none(&[State::Full]);
    let server = Server::dev_with(&program(), &disk.path(), &["--log-format", "json"]);
    let stage = Stage::new(&server);
    let [owner, neighbour, _] = ACCOUNTS.map(Person::root);
    let burglar = Burglar::new(stage.scene(), &owner, &neighbour);
    attack(&burglar, 0);
    // First the store's reserve, then the last byte, then the audit log's reserve.
    disk.fill(4 << 20);
    attack(&burglar, 1);
    disk.fill(0);
    let closed = (2..ROUNDS_MAX).find(|round| {
        attacks.note(State::Full, attack(&burglar, *round).forged);
        disk.fill(0);
        disk.reserve() == "used-up"
    });
    assert!(closed.is_some(), "the disk is not full");
    let burgled = attack(&burglar, 1);
    assert!(burgled.unwell > 0, "{burgled:?}");
    disk.free_all();
    attack(&burglar, 0);
    attacks
}

/// Tries every way in; all must be shut.
fn attack(burglar: &Burglar<'_>, seed: u64) -> Burgled {
    let burgled = burglar.once(seed);
    burgled.check();
    burgled
}
