use std::collections::BTreeSet;

use strongroom_aws::kms::OPERATIONS;

use super::{OPS, ResourceKind, Service, find};

#[test]
fn the_table_serves_exactly_the_shapes_there_are() {
    let shapes: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
    let rows: BTreeSet<&str> = OPS
        .iter()
        .filter(|op| op.service == Service::Kms)
        .map(|op| op.name)
        .collect();
    assert_eq!(rows, shapes);
}

#[test]
fn rows_are_unique_sorted_and_found() {
    let names: Vec<(&str, &str)> = OPS.iter().map(|op| (op.service.name(), op.name)).collect();
    assert!(names.is_sorted_by(|one, other| one < other), "{names:?}");
    for op in OPS {
        assert!(find(op.service, op.name).is_some_and(|found| std::ptr::eq(found, op)));
    }
    assert!(find(Service::Sts, "Encrypt").is_none());
    assert!(find(Service::Kms, "encrypt").is_none());
}

#[test]
fn every_row_needs_the_action_of_its_name() {
    for op in OPS {
        match (op.resource, op.actions) {
            (ResourceKind::Nothing, []) => {}
            (ResourceKind::TwoKeys, ["kms:ReEncryptFrom", "kms:ReEncryptTo"]) => {}
            (ResourceKind::KeyAndAccount, ["kms:ReplicateKey", "kms:CreateKey"]) => {}
            (_, [action]) => assert_eq!(*action, format!("{}:{}", op.service.name(), op.name)),
            (resource, actions) => panic!("{}: {resource:?} {actions:?}", op.name),
        }
    }
}
