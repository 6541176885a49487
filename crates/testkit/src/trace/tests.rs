//! Lines as strace 6 writes them.

use super::calls;

fn check(text: &str, expected: &[(&str, usize, usize, Option<i64>)]) {
    let found = calls(text.as_bytes());
    let found: Vec<_> = found
        .iter()
        .map(|call| (call.name, call.begin, call.end, call.result))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn calls_are_told_in_the_order_in_which_they_return() {
    check("", &[]);
    check(
        "7  fsync(12<\\x2f\\x61>) = 0\n",
        &[("fsync", 0, 0, Some(0))],
    );
    check(
        "7  fsync(12<\\x2f\\x61>)   = -1 EIO (Input/output error)\n",
        &[("fsync", 0, 0, Some(-1))],
    );
    check("7  fsync(1<\\x61>) = ?\n", &[("fsync", 0, 0, None)]);
    check("7  +++ exited with 0 +++\n", &[]);
    check(
        "7  fsync(1<\\x61> <unfinished ...>\n9  write(2<\\x62>, \"\\x41\", 1) = 1\n7  <... fsync resumed>)              = 0\n",
        &[("write", 1, 1, Some(1)), ("fsync", 0, 2, Some(0))],
    );
    check(
        "7  fsync(1<\\x61> <unfinished ...>\n7  +++ killed by SIGKILL +++\n",
        &[("fsync", 0, 2, None)],
    );
}

#[test]
fn arguments_are_bytes_again() {
    let text = b"7  pwrite64(15<\\x2f\\x61>, \"\\x41\\x3d\\x20\\x22\", 4, 512) = 4\n\
        7  writev(9<\\x2f>, [{iov_base=\"\\x41\", iov_len=1}, {iov_base=\"\\x42\", iov_len=1}], 2) = 2\n\
        7  rename(\"\\x2f\\x61\", \"\\x2f\\x62\") = 0\n";
    let found = calls(text);
    assert_eq!(found[0].file().unwrap().to_str(), Some("/a"));
    assert_eq!(
        (found[0].descriptor(), found[0].number(3)),
        (Some(15), Some(512))
    );
    assert_eq!(found[0].bytes(), b"A= \"");
    assert_eq!(found[1].bytes(), b"AB");
    assert_eq!(found[2].paths().len(), 2);
    let text =
        b"7  ftruncate(15<\\x2f>, 3 <unfinished ...>\n7  <... ftruncate resumed>)        = 0\n";
    assert_eq!(calls(text)[0].number(1), Some(3));
}
