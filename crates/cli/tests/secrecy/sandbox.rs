//! The jail of the key process as the real server starts it, in whatever profile the tests are built.

use std::collections::BTreeMap;
use std::fs;

use crate::may_read_memory;
use crate::server::Server;

/// The user of the key process, when root starts the server.
const OWN_USER: &str = "64646";

fn fields(path: &str) -> BTreeMap<String, String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

#[test]
fn the_key_process_of_a_server_is_in_its_jail() {
    let server = Server::dev();
    let pid = server.key_process();
    let threads = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    for thread in threads {
        let path = thread.unwrap().path().join("status");
        let status = fields(path.to_str().unwrap());
        let expected = [
            ("Seccomp", "2"),
            ("NoNewPrivs", "1"),
            ("CapInh", "0000000000000000"),
            ("CapPrm", "0000000000000000"),
            ("CapEff", "0000000000000000"),
            ("CapAmb", "0000000000000000"),
        ];
        for (field, value) in expected {
            assert_eq!(status[field], value, "{field} of {path:?}");
        }
        if rustix::process::geteuid().is_root() {
            let own = [OWN_USER; 4].join("\t");
            assert_eq!(status["Uid"], own);
            assert_eq!(status["Gid"], own);
            assert_eq!(status["Groups"], "");
            assert_eq!(status["CapBnd"], "0000000000000000");
        }
    }
}

#[test]
fn the_key_process_of_a_server_holds_its_channel_and_its_log_only() {
    if !may_read_memory() {
        return;
    }
    let server = Server::dev();
    let pid = server.key_process();
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let mut numbers: Vec<String> = descriptors
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["0", "2"]);
    let channel = fs::read_link(format!("/proc/{pid}/fd/0")).unwrap();
    assert!(channel.to_str().unwrap().starts_with("socket:"));
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let core: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"]);
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap();
    assert_eq!(environment, b"");
}
