//! What programs that watch a server are told: exact counts, how things stand, and never what calls were about.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use strongroom_testkit::{Client, Scrape, Server, Watcher, base64, eventually};

use crate::seal::{Made, PASSPHRASE};
use crate::{program, scratch};

const METRICS: [&str; 2] = ["--metrics", "127.0.0.1:0"];
const BACK_MAX: Duration = Duration::from_secs(10);
const REQUESTS: &str = "strongroom_requests_total";

fn requests(scrape: &Scrape, operation: &str, result: &str) -> f64 {
    let labels = format!("{{service=\"kms\",operation=\"{operation}\",result=\"{result}\"}}");
    scrape.value(&format!("{REQUESTS}{labels}")).unwrap()
}

#[test]
fn counts_are_exact_after_calls_of_known_outcomes() {
    let (_folder, data) = scratch();
    let server = Server::dev_with(&program(), &data, &METRICS);
    let before = server.watcher().scrape();
    let key = call_in_every_way(&server);
    let after = server.watcher().scrape();

    let counts = [
        ("CreateKey", "success", 1.0),
        ("Encrypt", "success", 3.0),
        ("Encrypt", "denied", 2.0),
        ("Encrypt", "client_error", 0.0),
        ("DescribeKey", "success", 0.0),
        ("DescribeKey", "client_error", 4.0),
        ("Decrypt", "client_error", 0.0),
    ];
    for (operation, result, count) in counts {
        assert_eq!(requests(&before, operation, result), 0.0);
        assert_eq!(
            requests(&after, operation, result),
            count,
            "{operation} {result}"
        );
    }
    assert_eq!(after.sum(REQUESTS, &[]), 10.0);
    let duration = "strongroom_request_duration_seconds";
    let encrypt = "service=\"kms\",operation=\"Encrypt\"}";
    let all = after.value(&format!("{duration}_bucket{{le=\"+Inf\",{encrypt}"));
    assert_eq!(all, Some(5.0));
    assert_eq!(
        after.value(&format!("{duration}_count{{{encrypt}")),
        Some(5.0)
    );
    // Each denial takes its time, so that it tells nothing.
    let seconds = after.value(&format!("{duration}_sum{{{encrypt}")).unwrap();
    assert!((0.0..10.0).contains(&seconds) && seconds > 0.0, "{seconds}");

    let unauthenticated = after.value("strongroom_unauthenticated_requests_total");
    assert_eq!(unauthenticated, Some(3.0));
    let rejected = |reason: &str| {
        let name = format!("strongroom_rejected_requests_total{{reason=\"{reason}\"}}");
        after.value(&name)
    };
    assert_eq!(rejected("unknown_operation"), Some(1.0));
    assert_eq!(rejected("unreadable"), Some(2.0));
    assert_eq!(rejected("sealed"), Some(0.0));
    assert_eq!(rejected("server_error"), Some(0.0));
    let grown = |name: &str| after.sum(name, &[]) - before.sum(name, &[]);
    // A key made, and a ciphertext for each success; and checkpoints of the audit log.
    assert!(grown("strongroom_key_process_duration_seconds_count") >= 4.0);
    assert!(grown("strongroom_audit_records_total") >= 9.0);
    assert_eq!(after.value("strongroom_audit_reserve"), Some(2.0));
    assert!(grown("strongroom_store_commits_total") >= 1.0);
    assert!(after.sum("strongroom_cache_hits_total", &["\"keys\""]) >= 3.0);
    let (_, id) = key.rsplit_once('/').unwrap();
    assert!(!after.text().contains(id));
}

/// Calls whose outcomes are known; the ARN of a key.
fn call_in_every_way(server: &Server) -> String {
    let mut client = server.client();
    let key = client.create_key();
    let plaintext = json!({"KeyId": key, "Plaintext": base64(b"ABC")});
    for _ in 0..3 {
        client.ok("Encrypt", &plaintext);
    }
    for missing in [json!("alias/none"), json!("none"), json!(1), json!(null)] {
        assert_eq!(
            client.call("DescribeKey", &json!({"KeyId": missing})).0,
            400
        );
    }
    let mut stranger = server.client_as("111122223333", "test");
    for _ in 0..2 {
        let refused = stranger.reply("Encrypt", &plaintext);
        assert_eq!(refused.error(), "AccessDeniedException");
    }
    for (id, secret) in [("test", "wrong"), ("nobody", "test"), ("", "")] {
        let refused = server.client_as(id, secret).reply("Encrypt", &plaintext);
        assert_ne!(refused.status, 200);
    }
    assert_eq!(client.call("NoSuchOperation", &json!({})).0, 400);
    for body in ["{", "{\"KeyId\":\"a\",\"KeyId\":\"b\"}"] {
        assert_eq!(post(&mut client, body), 400);
    }
    key
}

/// Sends a body as JSON, without a signature.
fn post(client: &mut Client, body: &str) -> u16 {
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.1\r\nx-amz-target: TrentService.Encrypt\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    client.send(request.as_bytes()).unwrap().status
}

/// Checks what `/ready` says.
fn check_ready(watcher: &Watcher, reasons: &[&str]) {
    let reply = watcher.get("/ready");
    let told = json!({"ready": reasons.is_empty(), "reasons": reasons});
    assert_eq!(reply.json(), told);
    let status = if reasons.is_empty() { 200 } else { 503 };
    assert_eq!(reply.status, status);
    assert_eq!(watcher.get("/health").status, 200);
}

#[test]
fn a_sealed_server_says_so_and_a_stopped_key_process_is_noticed() {
    let made = Made::new(&[]);
    let server = made.serve_with("[metrics]\nlisten = \"127.0.0.1:0\"\n");
    let watcher = server.watcher();
    check_ready(&watcher, &["sealed"]);
    let mut client = made.client(&server);
    assert_eq!(client.call("ListKeys", &json!({})).0, 503);
    let scrape = watcher.scrape();
    assert_eq!(scrape.value("strongroom_sealed"), Some(1.0));
    assert_eq!(scrape.value("strongroom_keys_pending_deletion"), None);
    let sealed = "strongroom_rejected_requests_total{reason=\"sealed\"}";
    assert_eq!(scrape.value(sealed), Some(1.0));

    made.unseal(PASSPHRASE).succeeded();
    check_ready(&watcher, &[]);
    let key = client.create_key();
    let scrape = watcher.scrape();
    assert_eq!(scrape.value("strongroom_sealed"), Some(0.0));
    assert_eq!(scrape.value("strongroom_keys_pending_deletion"), Some(0.0));
    client.ok("ScheduleKeyDeletion", &json!({"KeyId": key}));
    let pending = watcher.scrape().value("strongroom_keys_pending_deletion");
    assert_eq!(pending, Some(1.0));

    let key_process = server.key_process();
    key_process.signal(Signal::STOP);
    // Its threads stop one after another.
    eventually("its silence", BACK_MAX, || {
        (watcher.get("/ready").status == 503).then_some(())
    });
    check_ready(&watcher, &["key_process"]);
    let in_flight = "strongroom_key_process_calls_in_flight";
    // The question for its status, and perhaps checkpoints of the audit log.
    assert!(watcher.scrape().value(in_flight) >= Some(1.0));
    key_process.signal(Signal::CONT);
    eventually("the key process's answer", BACK_MAX, || {
        (watcher.scrape().value(in_flight) == Some(0.0)).then_some(())
    });
    check_ready(&watcher, &[]);

    key_process.kill();
    let restarts = "strongroom_key_process_restarts_total";
    eventually("the seal after the kill", BACK_MAX, || {
        (watcher.scrape().value(restarts) == Some(1.0)).then_some(())
    });
    check_ready(&watcher, &["sealed"]);
    // What was counted before the seal stays.
    assert_eq!(requests(&watcher.scrape(), "CreateKey", "success"), 1.0);
}

#[test]
fn the_listener_answers_get_of_three_paths_and_nothing_long() {
    let (_folder, data) = scratch();
    let server = Server::dev_with(&program(), &data, &METRICS);
    let watcher = server.watcher();
    let told = watcher.get("/metrics");
    assert_eq!(
        told.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert!(told.text().ends_with("\n# EOF\n"));
    let statuses = [
        ("GET", "/health", 200),
        ("GET", "/ready", 200),
        ("GET", "/metrics?name=x", 200),
        ("GET", "/", 404),
        ("GET", "/metrics/", 404),
        ("POST", "/metrics", 405),
        ("PUT", "/health", 405),
        ("DELETE", "/ready", 405),
    ];
    for (method, path, status) in statuses {
        assert_eq!(watcher.send(method, path).status, status, "{method} {path}");
    }
    let mut client = Client::new(watcher.address(), "", "");
    let long = format!("GET /health HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(9 << 10));
    assert_eq!(client.send(long.as_bytes()).unwrap().status, 431);
    // The API is not here.
    assert_eq!(post(&mut client, "{}"), 405);
    // Metrics are not where the API is.
    let mut public = server.client();
    let reply = public.send(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n");
    assert!(!reply.unwrap().text().contains("strongroom_"));
}

#[test]
fn the_log_names_each_request_and_never_what_it_was_about() {
    let (_folder, data) = scratch();
    let program = program().with_variable("STRONGROOM_LOG", "trace");
    let arguments = [&METRICS[..], &["--log-format", "json"]].concat();
    let server = Server::dev_with(&program, &data, &arguments);
    let mut client = server.client();
    let key = client.create_key();
    let (plaintext, context, sid) = ("QSBwbGFpbnRleHQ=", "a context", "AStatement");
    let input = json!({"KeyId": key, "Plaintext": plaintext, "EncryptionContext": {"c": context}});
    let encrypted = client.reply("Encrypt", &input);
    let policy = json!({"Statement": {"Sid": sid}}).to_string();
    let refused = client.reply("PutKeyPolicy", &json!({"KeyId": key, "Policy": policy}));
    let rejected = server.client_as("test", "wrong").reply("Encrypt", &input);

    let log = server.stderr();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let line_of = |id: &str| {
        let mut found = lines.iter().filter(|line| line["request_id"] == id);
        found.next().unwrap_or_else(|| panic!("no {id} in {log}"))
    };
    let told = line_of(encrypted.request_id());
    assert_eq!(told["operation"], "Encrypt");
    assert_eq!(told["account"], "000000000000");
    assert_eq!(told["result"], "success");
    assert!(told["duration_us"].as_u64().unwrap() > 0);
    assert_eq!(line_of(refused.request_id())["result"], "client_error");
    assert_eq!(line_of(rejected.request_id())["reason"], "unauthenticated");
    let scrape = server.watcher().scrape();
    let ciphertext = encrypted.json()["CiphertextBlob"]
        .as_str()
        .unwrap()
        .to_owned();
    for needle in [plaintext, context, sid, &ciphertext, "AWS4-HMAC", &key] {
        assert!(!log.contains(needle), "{needle}");
        assert!(!scrape.text().contains(needle), "{needle}");
    }
}

#[test]
fn text_is_the_default_and_unknown_settings_are_refused() {
    let made = Made::new(&[]);
    let server = made.serve_with("[metrics]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"text\"\n");
    assert_eq!(server.watcher().get("/health").status, 200);
    drop(server);
    for (more, complaint) in [
        ("colour = true\n", "unknown field `colour`"),
        ("format = \"xml\"\n", "unknown variant `xml`"),
    ] {
        let (made, config) = (Made::new(&[]), format!("[log]\n{more}"));
        let refused = made.try_serve_with(&config).err().unwrap();
        assert!(refused.stderr.contains(complaint), "{}", refused.stderr);
    }
}

/// What can be asked for of the families in `scrape`.
fn series(scrape: &Scrape) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in scrape.text().lines() {
        let words: Vec<_> = line.split(' ').collect();
        let ["#", "TYPE", family, kind] = words[..] else {
            continue;
        };
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_count", "_sum"],
            "info" => &["_info"],
            _ => &[""],
        };
        names.extend(suffixes.iter().map(|suffix| format!("{family}{suffix}")));
    }
    names
}

/// The words in `text` that begin as the names of metrics do.
fn metric_names(text: &str) -> BTreeSet<&str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter| !is_part(letter));
    words
        .filter(|word| word.starts_with("strongroom_"))
        .collect()
}

#[test]
fn the_dashboard_and_the_manual_name_metrics_that_exist() {
    let (_folder, data) = scratch();
    let server = Server::dev_with(&program(), &data, &METRICS);
    let known = series(&server.watcher().scrape());
    assert!(known.len() > 20, "{known:?}");
    let operations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations");
    let read = |file: &str| std::fs::read_to_string(operations.join(file)).unwrap();
    let (dashboard, manual) = (read("grafana-dashboard.json"), read("monitoring.md"));
    let families: BTreeSet<_> = known.iter().map(|name| family(name)).collect();
    let is_known = |name: &str| known.contains(name) || families.contains(name);
    for (file, text) in [("dashboard", &dashboard), ("manual", &manual)] {
        let mut names = metric_names(text).into_iter();
        let unknown = names.find(|name| !is_known(name));
        assert_eq!(unknown, None, "{file}");
    }
    // And none is forgotten.
    let told = metric_names(&manual);
    let forgotten: Vec<_> = known
        .iter()
        .filter(|name| !told.contains(family(name)) && !told.contains(name.as_str()))
        .collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
    check_dashboard(&serde_json::from_str(&dashboard).unwrap());
}

/// The name of a series without the suffix of a histogram's.
fn family(name: &str) -> &str {
    let suffixes = ["_bucket", "_count", "_sum"].iter();
    let mut cut = suffixes.filter_map(|suffix| name.strip_suffix(suffix));
    cut.next().unwrap_or(name)
}

/// What Grafana needs to import it: an id and a place for each panel, and queries in each but rows.
fn check_dashboard(dashboard: &Value) {
    assert_eq!(dashboard["uid"], "strongroom");
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 39);
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels
        .iter()
        .filter_map(|panel| panel["id"].as_u64())
        .collect();
    assert_eq!(ids.len(), panels.len());
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["gridPos"]["w"].as_u64().unwrap() <= 24, "{title}");
        if panel["type"] == "row" {
            continue;
        }
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        for target in targets {
            let query = target["expr"].as_str().unwrap();
            assert!(!metric_names(query).is_empty(), "{title}: {query}");
        }
    }
}
