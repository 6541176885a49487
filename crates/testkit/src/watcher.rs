//! Who watches a server: metrics, health and readiness, over HTTP without credentials.

use std::net::SocketAddr;

use crate::{Client, Reply};

/// A client of the listener for operators' programs.
pub struct Watcher {
    address: SocketAddr,
}

/// What one scrape told.
pub struct Scrape(String);

impl Watcher {
    /// A client of the listener at `address`.
    pub fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Where it asks.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Asks for a path.
    pub fn get(&self, path: &str) -> Reply {
        self.send("GET", path)
    }

    /// Sends a request without a body.
    pub fn send(&self, method: &str, path: &str) -> Reply {
        let request = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        let mut client = Client::new(self.address, "", "");
        client.send(request.as_bytes()).expect("a reply")
    }

    /// The metrics.
    pub fn scrape(&self) -> Scrape {
        let reply = self.get("/metrics");
        assert_eq!(reply.status, 200, "{}", reply.text());
        Scrape(reply.text())
    }
}

impl Scrape {
    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The value of the sample that is written `name` with its labels, if it is told.
    pub fn value(&self, name: &str) -> Option<f64> {
        let mut samples = self.0.lines().filter_map(|line| line.rsplit_once(' '));
        let (_, value) = samples.find(|(told, _)| *told == name)?;
        Some(value.parse().expect("a number"))
    }

    /// The sum of the samples of `name` whose labels have all of `parts`.
    pub fn sum(&self, name: &str, parts: &[&str]) -> f64 {
        let samples = self.0.lines().filter_map(|line| line.rsplit_once(' '));
        let chosen = samples.filter(|(told, _)| {
            let (told, labels) = told.split_once('{').unwrap_or((told, ""));
            told == name && parts.iter().all(|part| labels.contains(part))
        });
        let values = chosen.map(|(_, value)| value.parse::<f64>().expect("a number"));
        values.sum()
    }
}
