use super::{DIFFERENCES, page};
use crate::ops::{Service, find};

#[test]
fn the_page_is_what_the_table_says() {
    let written = include_str!("../../../../../docs/reference/api.md");
    assert!(
        written == page(),
        "run: cargo run -p strongroom-kms --example api_reference > docs/reference/api.md"
    );
}

#[test]
fn differences_are_of_operations_that_there_are() {
    assert!(DIFFERENCES.is_sorted_by_key(|(name, _)| name));
    for (name, _) in DIFFERENCES {
        let services = Service::ALL;
        let mut found = services.iter().filter_map(|service| find(*service, name));
        assert!(found.next().is_some(), "{name}");
    }
}
