use proptest::prelude::*;

use super::{NotForm, PARAMETERS_MAX, parse};

#[test]
fn reads_action_version_and_parameters() {
    let form =
        parse(b"Action=GetCallerIdentity&Version=2011-06-15&A.member.1=a+b%2Fc%C3%A9&E=").unwrap();
    assert_eq!(form.action, "GetCallerIdentity");
    assert_eq!(form.version, "2011-06-15");
    assert_eq!(form.get("A.member.1"), Some("a b/cé"));
    assert_eq!(form.get("E"), Some(""));
    assert_eq!(form.get("Action"), None);
}

#[test]
fn refuses_what_is_not_one_plain_form() {
    for (body, error) in [
        ("", NotForm::NoAction),
        ("Version=1", NotForm::NoAction),
        ("action=X", NotForm::NoAction),
        ("Action=X&Action=X", NotForm::Malformed),
        ("Action=X&A=1&%41=2", NotForm::Malformed),
        ("Action=X&", NotForm::Malformed),
        ("Action=X&=1", NotForm::Malformed),
        ("Action=%", NotForm::Malformed),
        ("Action=%4", NotForm::Malformed),
        ("Action=%+4", NotForm::Malformed),
        ("Action=%ff", NotForm::Malformed),
    ] {
        assert_eq!(parse(body.as_bytes()), Err(error), "{body}");
    }
}

#[test]
fn the_number_of_parameters_is_bounded() {
    let form = |count: usize| {
        let rest: String = (1..count).map(|index| format!("&P{index}=")).collect();
        format!("Action=X{rest}")
    };
    assert!(parse(form(PARAMETERS_MAX).as_bytes()).is_ok());
    let error = parse(form(PARAMETERS_MAX + 1).as_bytes());
    assert_eq!(error, Err(NotForm::TooManyParameters));
}

proptest! {
    #[test]
    fn never_panics(body in any::<Vec<u8>>()) {
        let _ = parse(&body);
    }

    #[test]
    fn never_panics_on_nearly_a_form(body in "(Action=)?[A-Za-z0-9=&%+.é]{0,64}") {
        let _ = parse(body.as_bytes());
    }
}
