use proptest::prelude::*;

use super::*;

/// Every table and every field.
const WHOLE: &str = r#"data = "data"
listen = "127.0.0.1:4599"
attestation_roots = "roots.pem"
[tls]
certificate = "c.pem"
key = "k.pem"
[[oidc]]
issuer = "https://issuer.example.com"
keys = "keys.json"
audiences = ["one", "two"]
[audit]
strict = true
[anchor]
file = "/other/disk/anchor"
[[service]]
principal = "s3.amazonaws.com"
socket = "s3.sock"
[metrics]
listen = "127.0.0.1:4600"
[delivery]
folder = "out"
interval_seconds = 300
digest_seconds = 3600
[delivery.s3]
endpoint = "https://s3.example.com"
region = "us-east-1"
access_key_id_file = "id"
secret_access_key_file = "secret"
ca = "ca.pem"
[delivery.syslog]
address = "syslog.example.com:601"
socket = "/dev/log"
[log]
format = "json"
"#;

#[test]
fn every_table_refuses_fields_that_it_does_not_know() {
    assert!(toml::from_str::<Config>(WHOLE).is_ok());
    let tables = WHOLE.lines().filter(|line| line.starts_with('['));
    let heads = tables.map(|table| format!("{table}\n"));
    for head in heads.chain([String::new()]) {
        let text = WHOLE.replacen(&head, &format!("{head}strange = 1\n"), 1);
        let refused = toml::from_str::<Config>(&text)
            .err()
            .map(|error| error.to_string());
        let is_named = |told: &String| told.contains("unknown field `strange`");
        assert!(refused.as_ref().is_some_and(is_named), "{head}{refused:?}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _taken_or_refused = toml::from_str::<Config>(&text);
    }

    /// A part is taken out, and something put there.
    #[test]
    fn no_altered_configuration_makes_it_panic(
        from in 0..WHOLE.len(),
        length in 0..40usize,
        put in r#"[\[\]{}"'=.,\\#0-9a-z_\n -]{0,12}"#,
    ) {
        let (start, rest) = WHOLE.split_at(from);
        let end = rest.get(length..).unwrap_or_default();
        let _taken_or_refused = toml::from_str::<Config>(&format!("{start}{put}{end}"));
    }
}
