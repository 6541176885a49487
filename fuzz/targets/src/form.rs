//! Forms of the Query protocol: a form that is read has each name once, and reads the same when it is written again. The
//! inputs of operations that are read from it are no deeper than JSON may be.

use strongroom_aws::query::{self, Form, PARAMETERS_MAX, to_json};
use strongroom_aws::{cloudwatch, iam, sts, uri};

pub(crate) fn run(data: &[u8]) {
    let Ok(form) = query::parse(data) else { return };
    let mut names: Vec<&str> = form
        .parameters
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.extend(["Action", "Version"]);
    names.sort_unstable();
    assert!(names.len() <= PARAMETERS_MAX + 1);
    assert!(
        names.windows(2).all(|pair| pair[0] != pair[1]),
        "a name stands twice"
    );
    // Written, a form has a Version, which it may have had no room for.
    if form.parameters.len() + 2 <= PARAMETERS_MAX {
        assert_eq!(query::parse(write(&form).as_bytes()).as_ref(), Ok(&form));
    }
    let operations = sts::OPERATIONS
        .iter()
        .chain(iam::OPERATIONS)
        .chain(cloudwatch::OPERATIONS);
    for operation in operations.filter(|operation| operation.name == form.action) {
        // Refused or read: what must not happen is that it panics, or does not end.
        let _input = to_json(&form, operation.input);
    }
}

fn write(form: &Form) -> String {
    let mut out = String::from("Action=");
    uri::encode(form.action.as_bytes(), &mut out);
    out.push_str("&Version=");
    uri::encode(form.version.as_bytes(), &mut out);
    for (name, value) in &form.parameters {
        out.push('&');
        uri::encode(name.as_bytes(), &mut out);
        out.push('=');
        uri::encode(value.as_bytes(), &mut out);
    }
    out
}
