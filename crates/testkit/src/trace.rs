//! What a program asked of the operating system, as strace writes it down: every call in the order in which the kernel
//! was entered and left. Must never take a call for finished that was not.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Process, Program, eventually};

/// The calls that change files or send bytes.
const CALLS: &str = "trace=write,pwrite64,writev,pwritev,pwritev2,ftruncate,fallocate,fsync,fdatasync,\
sync_file_range,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,openat,open,lseek,link,linkat,\
copy_file_range,sendfile,sendto";
/// The longest string that is written down, in bytes: no call may write more.
const STRING_BYTES_MAX: &str = "16777216";
/// How long strace may write on when its program has ended.
const ENDING_MAX: Duration = Duration::from_secs(30);

/// A call.
#[derive(Debug, PartialEq, Eq)]
pub struct Call<'t> {
    /// The line of the trace in which the kernel was entered.
    pub begin: usize,
    /// The line in which it was left.
    pub end: usize,
    /// Its name.
    pub name: &'t str,
    /// Its arguments as strace writes them.
    pub arguments: Vec<u8>,
    /// What it returned; nothing when the program was killed in it, and then what it did is not known.
    pub result: Option<i64>,
}

impl Program {
    /// The same program, recorded into the file `trace` by strace, which must be installed.
    pub fn recorded(self, trace: &Path) -> Self {
        let path = trace.display().to_string();
        // As a grandchild, so that the program keeps its id and its parent.
        let quiet = ["-D", "-qq", "-e", "signal=none"];
        let whole = ["-f", "--seccomp-bpf", "-y", "-xx", "-s", STRING_BYTES_MAX];
        let words = [
            &["strace"],
            quiet.as_slice(),
            &whole,
            &["-e", CALLS, "-o", &path],
        ]
        .concat();
        self.under(&words)
    }

    /// The same program, of whose calls strace makes some fail: `injections` as its `inject=` takes them, in files
    /// at `paths` alone.
    pub fn failing(self, injections: &[&str], paths: &[&Path], log: &Path) -> Self {
        let log = log.display().to_string();
        let quiet = [
            "strace",
            "-D",
            "-qq",
            "-e",
            "signal=none",
            "-f",
            "--seccomp-bpf",
            "-s",
            "0",
        ];
        let words = [quiet.as_slice(), &["-e", CALLS, "-o", &log]].concat();
        let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        for path in paths {
            words.extend(["-P".to_owned(), path.display().to_string()]);
        }
        for injection in injections {
            words.extend(["-e".to_owned(), format!("inject={injection}")]);
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.under(&words)
    }
}

impl Process {
    /// The process that traces it, if one does.
    pub fn tracer(&self) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("TracerPid:"))?;
        Self::find(line.trim().parse().ok().filter(|pid| *pid != 0)?)
    }

    /// Waits until a tracer has written down everything.
    pub fn wait_for_trace(&self) {
        eventually("the end of the trace", ENDING_MAX, || {
            (!self.runs()).then_some(())
        });
    }
}

/// The calls of a trace in the order in which they returned; at the end those that did not.
pub fn calls(text: &[u8]) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    let (mut unfinished, mut lines) = (HashMap::new(), 0);
    for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
        lines = number;
        let Some((process, rest)) = split_at_byte(line, b' ') else {
            continue;
        };
        calls.extend(finish(number, process, rest.trim_ascii(), &mut unfinished));
    }
    let killed = unfinished.into_values().map(|(begin, name, first)| Call {
        begin,
        end: lines,
        name,
        arguments: first.to_vec(),
        result: None,
    });
    calls.extend(killed);
    calls
}

type Unfinished<'t> = HashMap<&'t [u8], (usize, &'t str, &'t [u8])>;

fn finish<'t>(
    number: usize,
    process: &'t [u8],
    rest: &'t [u8],
    unfinished: &mut Unfinished<'t>,
) -> Option<Call<'t>> {
    if let Some(rest) = rest.strip_prefix(b"<... ") {
        let (begin, name, first) = unfinished.remove(process)?;
        let (_, rest) = split_at_byte(rest, b'>')?;
        return returned(begin, number, name, &[first, rest].concat());
    }
    let (name, rest) = split_at_byte(rest, b'(')?;
    let name = std::str::from_utf8(name).ok()?;
    if let Some(first) = rest.strip_suffix(b" <unfinished ...>") {
        unfinished.insert(process, (number, name, first));
        return None;
    }
    returned(number, number, name, rest)
}

fn returned<'t>(begin: usize, end: usize, name: &'t str, rest: &[u8]) -> Option<Call<'t>> {
    // Of a text that is escaped as a whole, only the result can follow an equals sign and a space.
    let at = rest.windows(2).rposition(|window| window == b"= ")?;
    let (arguments, result) = (&rest[..at], std::str::from_utf8(&rest[at + 2..]).ok()?);
    let arguments = arguments.trim_ascii_end().strip_suffix(b")")?;
    let digits = result.split(['<', ' ']).next()?;
    Some(Call {
        begin,
        end,
        name,
        arguments: arguments.to_vec(),
        // A question mark stands for a call in which the program was killed.
        result: digits.parse().ok(),
    })
}

impl Call<'_> {
    /// The path of the file that the first argument is a descriptor of.
    pub fn file(&self) -> Option<PathBuf> {
        let (_, rest) = split_at_byte(self.field(0), b'<')?;
        Some(path(&unescaped(rest)))
    }

    /// The first argument as a number, such as a descriptor.
    pub fn descriptor(&self) -> Option<i64> {
        let digits = self.field(0).split(|byte| *byte == b'<').next()?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Argument `index` as a number.
    pub fn number(&self, index: usize) -> Option<u64> {
        std::str::from_utf8(self.field(index)).ok()?.parse().ok()
    }

    /// Argument `index` as words.
    pub fn words(&self, index: usize) -> String {
        String::from_utf8_lossy(self.field(index)).into_owned()
    }

    /// The paths among the arguments, those of folders aside.
    pub fn paths(&self) -> Vec<PathBuf> {
        let strings = self.strings();
        strings.iter().map(|bytes| path(bytes)).collect()
    }

    /// The bytes that it passed, in one piece.
    pub fn bytes(&self) -> Vec<u8> {
        self.strings().concat()
    }

    fn strings(&self) -> Vec<Vec<u8>> {
        let quoted = self.arguments.split(|byte| *byte == b'"');
        quoted.skip(1).step_by(2).map(unescaped).collect()
    }

    fn field(&self, index: usize) -> &[u8] {
        let mut fields = self.arguments.split(|byte| *byte == b',');
        fields.nth(index).unwrap_or_default().trim_ascii()
    }
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

/// The bytes that `\x2f…` stands for, up to what is no such thing.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let escapes = text.chunks_exact(4).map_while(|escape| match escape {
        [b'\\', b'x', high, low] => Some(nibble(*high)? << 4 | nibble(*low)?),
        _ => None,
    });
    escapes.collect()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

fn split_at_byte(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|found| *found == byte)?;
    Some((&text[..at], &text[at + 1..]))
}

#[cfg(test)]
mod tests;
