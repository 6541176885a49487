use super::{Check, SelfTestFailure, run, run_with_fault};

#[test]
fn everything_passes() {
    assert_eq!(run(), Ok(()));
}

#[test]
fn every_check_can_fail() {
    for check in Check::ALL {
        assert_eq!(run_with_fault(Some(check)), Err(SelfTestFailure(check)));
    }
}

#[test]
fn every_check_is_run_once() {
    for (index, check) in Check::ALL.iter().enumerate() {
        assert_eq!(*check as usize, index);
    }
}
