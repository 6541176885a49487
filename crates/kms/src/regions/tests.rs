use strongroom_base::id::Region;

use super::{NAMES, exists};

#[test]
fn names_are_sorted_well_formed_and_found() {
    assert!(NAMES.is_sorted_by(|one, other| one < other));
    for name in NAMES {
        assert!(exists(&name.parse::<Region>().unwrap()), "{name}");
    }
}

#[test]
fn every_partition_has_the_regions_it_should() {
    for (partition, count) in [
        ("aws", 34),
        ("aws-cn", 2),
        ("aws-us-gov", 2),
        ("aws-iso", 2),
        ("aws-iso-b", 2),
        ("aws-iso-e", 1),
        ("aws-iso-f", 2),
        ("aws-eusc", 1),
    ] {
        let regions = NAMES.iter().map(|name| name.parse::<Region>().unwrap());
        let found = regions.filter(|region| region.partition() == partition);
        assert_eq!(found.count(), count, "{partition}");
    }
}

#[test]
fn other_names_are_no_regions() {
    for name in ["us-invalid-1", "us-east-9", "eu-west-10", "aws-cn-global-1"] {
        assert!(!exists(&name.parse().unwrap()), "{name}");
    }
}
