//! What the compiler does not hold: which crate may use which, what the key process is built from, how files
//! begin, where `unsafe` may stand.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::run::{cargo, output, root};
use crate::specification;

/// Which of our crates each crate may depend on (ARCHITECTURE.md, code map). `xtask`, the tests'
/// `testkit` and the fuzz targets stand outside.
const ALLOWED: &[(&str, &[&str])] = &[
    ("strongroom-base", &[]),
    ("strongroom-crypto", &["base"]),
    ("strongroom-policy", &["base"]),
    ("strongroom-aws", &["base", "crypto", "policy"]),
    ("strongroom-attestation", &["base", "crypto"]),
    ("strongroom-audit", &["base", "crypto"]),
    ("strongroom-store", &["base", "crypto"]),
    ("strongroom-hsm-api", &["base"]),
    ("strongroom-hsm", &["base", "crypto", "hsm-api"]),
    (
        "strongroom-kms",
        &[
            "base",
            "crypto",
            "policy",
            "aws",
            "audit",
            "store",
            "hsm-api",
            "attestation",
        ],
    ),
    (
        "strongroom",
        &[
            "base",
            "crypto",
            "policy",
            "aws",
            "audit",
            "store",
            "hsm-api",
            "hsm",
            "attestation",
            "kms",
        ],
    ),
];

/// What the key process must not be built from.
const NOT_IN_THE_KEY_PROCESS: &[&str] = &["tokio", "hyper", "rustls", "serde_json", "regex"];

/// The feature of a server that writes no audit records, for benchmarks. Its declaration is the only word of it that
/// a manifest may have.
const WITHOUT_AUDIT: &str = "bench-without-audit";
const WITHOUT_AUDIT_DECLARED: (&str, &str) = ("crates/kms/Cargo.toml", "bench-without-audit = []");

/// The feature of a clock that a file moves, for campaigns. Besides its declaration, tests of the binary alone ask for it:
/// what stands among dev-dependencies is in no build that anyone ships.
const MOVED_CLOCK: &str = "moved-clock";
const MOVED_CLOCK_DECLARED: (&str, &str) = ("crates/base/Cargo.toml", "moved-clock = []");
const MOVED_CLOCK_IN_TESTS: (&str, &str) = (
    "crates/cli/Cargo.toml",
    "strongroom-base = { workspace = true, features = [\"moved-clock\"] }",
);

/// The feature that shows parsers to the fuzz targets, and the manifests that may name it.
const FOR_FUZZING: &str = "fuzzing";
const FOR_FUZZING_IN: &[&str] = &["crates/kms/Cargo.toml", "fuzz/targets/Cargo.toml"];

/// Where `unsafe` may stand; a folder covers its files.
const UNSAFE_ALLOWED: &[&str] = &[
    // A clock for tests, which no build that is shipped has.
    "crates/base/src/env/moved_clock.rs",
    "crates/crypto/src/ffi.rs",
    "crates/crypto/src/ffi/",
    // The heap that the crypto library is given in its own test.
    "crates/crypto/tests/it/allocator.rs",
    // The heap that counts what a decision allocates.
    "crates/policy/tests/it/allocations.rs",
    // What the jail's and the arena's own tests do to a process.
    "crates/hsm/examples/jailed.rs",
    "crates/hsm/tests/it/memory.rs",
    "crates/hsm/src/arena",
    "crates/hsm/src/jail",
    "crates/hsm/src/threads",
];

/// Folders that hold nothing of the project's own.
const FOREIGN: &[&str] = &[
    ".git",
    ".venv",
    "node_modules",
    "target",
    "strongroom-data",
    "__pycache__",
];

/// Paths of somebody's machine, in two halves so that this list does not find itself.
const MACHINE_PATHS: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/t", "mp/tb"),
];

/// Runs every check and reports all that is wrong.
pub(crate) fn tidy() -> Outcome<()> {
    let mut problems = check_dependencies()?;
    problems.extend(check_key_process()?);
    problems.extend(check_files()?);
    problems.extend(specification::check()?);
    if problems.is_empty() {
        println!("tidy");
        return Ok(());
    }
    Err(problems.join("\n"))
}

fn check_dependencies() -> Outcome<Vec<String>> {
    let mut problems = Vec::new();
    for package in workspace_packages()? {
        if matches!(
            package.as_str(),
            "xtask" | "strongroom-testkit" | "strongroom-fuzz-targets"
        ) {
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package) else {
            problems.push(format!(
                "{package} is missing in the table of xtask/src/tidy.rs"
            ));
            continue;
        };
        for used in tree(&package, &["--depth", "1"])? {
            let ours = used.strip_prefix("strongroom-").filter(|_| used != package);
            if ours.is_some_and(|ours| !allowed.contains(&ours)) {
                problems.push(format!("{package} must not depend on {used}"));
            }
        }
    }
    Ok(problems)
}

fn check_key_process() -> Outcome<Vec<String>> {
    let used = tree("strongroom-hsm", &[])?;
    let forbidden = used
        .iter()
        .filter(|name| NOT_IN_THE_KEY_PROCESS.contains(&name.as_str()));
    Ok(forbidden
        .map(|name| format!("the key process must not be built from {name}"))
        .collect())
}

fn workspace_packages() -> Outcome<Vec<String>> {
    let arguments = [
        "tree",
        "--workspace",
        "--depth",
        "0",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let text = output(cargo().args(arguments))?;
    Ok(names(&text))
}

/// The packages that `package` is built from, without those of its tests.
fn tree(package: &str, more: &[&str]) -> Outcome<Vec<String>> {
    let arguments = [
        "tree",
        "--package",
        package,
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let text = output(cargo().args(arguments).args(more))?;
    Ok(names(&text))
}

fn names(tree: &str) -> Vec<String> {
    let names = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}

fn check_files() -> Outcome<Vec<String>> {
    let mut problems = Vec::new();
    for path in files(root())? {
        // Binary files have no lines to check.
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let name = path
            .strip_prefix(root())
            .unwrap_or(&path)
            .display()
            .to_string();
        problems.extend(
            check_file(&name, &text)
                .into_iter()
                .map(|problem| format!("{name}: {problem}")),
        );
    }
    Ok(problems)
}

fn check_file(name: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if name.ends_with(".rs") && !is_test(name) && !text.starts_with("//!") {
        problems.push("must begin with //! saying what it is for".to_owned());
    }
    let may = UNSAFE_ALLOWED
        .iter()
        .any(|allowed| name.starts_with(allowed));
    if name.ends_with(".rs") && !may && text.lines().any(uses_unsafe) {
        problems.push("must not use unsafe".to_owned());
    }
    if is_manifest(name) && text.lines().any(|line| turns_audit_off(name, line)) {
        problems.push(format!("must not turn {WITHOUT_AUDIT} on"));
    }
    if is_manifest(name) && moves_clock(name, text) {
        problems.push(format!("must not turn {MOVED_CLOCK} on but for tests"));
    }
    if is_manifest(name) && text.lines().any(|line| shows_parsers(name, line)) {
        problems.push(format!("must not turn {FOR_FUZZING} on"));
    }
    for (start, end) in MACHINE_PATHS {
        if let Some(line) = text
            .lines()
            .position(|line| names_path(line, &format!("{start}{end}")))
        {
            problems.push(format!("line {} names a path of one machine", line + 1));
        }
    }
    problems
}

fn is_test(name: &str) -> bool {
    name.ends_with("tests.rs") || name.contains("/tests/")
}

/// Whether the file says what is built.
fn is_manifest(name: &str) -> bool {
    name.ends_with(".toml") || name.starts_with(".ci/")
}

fn turns_audit_off(name: &str, line: &str) -> bool {
    let is_declaration = (name, line) == WITHOUT_AUDIT_DECLARED;
    line.contains(WITHOUT_AUDIT) && !is_declaration && !line.starts_with('#')
}

/// Whether a manifest has the feature where a build that is shipped would have it.
fn moves_clock(name: &str, text: &str) -> bool {
    let mut section = "";
    text.lines().any(|line| {
        if line.starts_with('[') {
            section = line;
        }
        let is_for_tests = (name, line) == MOVED_CLOCK_IN_TESTS && section == "[dev-dependencies]";
        let is_declaration = (name, line) == MOVED_CLOCK_DECLARED;
        line.contains(MOVED_CLOCK) && !is_for_tests && !is_declaration && !line.starts_with('#')
    })
}

fn shows_parsers(name: &str, line: &str) -> bool {
    let is_named =
        line.contains(&format!("\"{FOR_FUZZING}\"")) || line.contains(&format!("/{FOR_FUZZING}"));
    is_named && !FOR_FUZZING_IN.contains(&name) && !line.starts_with('#')
}

/// Whether the line has `unsafe` as code: not in a comment, a text or a lint's name.
fn uses_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    let code = code.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let mut words = code.split(|character: char| !character.is_alphanumeric() && character != '_');
    words.any(|word| word == "unsafe")
}

/// Whether `path` stands in the line as the beginning of an absolute path.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| {
            !before.is_alphanumeric() && !matches!(before, '.' | '_' | '-' | '}' | '*' | '/')
        })
    })
}

/// Every file below `folder` that is ours, in the order of their paths.
pub(crate) fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let read = |error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(read)? {
        let entry = entry.map_err(read)?;
        let kind = entry.file_type().map_err(read)?;
        if FOREIGN.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if kind.is_dir() {
            found.extend(files(&entry.path())?);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{MOVED_CLOCK_IN_TESTS, check_file, names};

    fn check(name: &str, text: &str, wanted: usize) {
        assert_eq!(check_file(name, text).len(), wanted, "{name}: {text}");
    }

    #[test]
    fn files_are_held_to_the_rules() {
        check("crates/a/src/lib.rs", "//! For a.", 0);
        check("crates/a/src/lib.rs", "fn a() {}", 1);
        check("crates/a/src/b/tests.rs", "fn a() {}", 0);
        check("crates/a/src/b.rs", "//! b\nlet x = unsafe { y() };", 1);
        check(
            "crates/a/src/b.rs",
            "//! b\n// unsafe\n#![deny(unsafe_code)] f(\"unsafe\")",
            0,
        );
        check("crates/crypto/src/ffi.rs", "//! b\nunsafe { y() }", 0);
        check("crates/crypto/src/ffi/x.rs", "//! b\nunsafe { y() }", 0);
        check("crates/crypto/src/ffix.rs", "//! b\nunsafe { y() }", 1);
        check("crates/hsm/src/jail/x.rs", "//! b\nunsafe { y() }", 0);
        check("crates/kms/Cargo.toml", "bench-without-audit = []", 0);
        check(
            "crates/kms/Cargo.toml",
            "default = [\"bench-without-audit\"]",
            1,
        );
        check("crates/cli/Cargo.toml", "bench-without-audit = []", 1);
        check(
            ".ci/run",
            "cargo build --features strongroom-kms/bench-without-audit",
            1,
        );
        let moved = MOVED_CLOCK_IN_TESTS.1;
        check("crates/base/Cargo.toml", "moved-clock = []", 0);
        check(
            "crates/cli/Cargo.toml",
            &format!("[dev-dependencies]\n{moved}"),
            0,
        );
        check(
            "crates/cli/Cargo.toml",
            &format!("[dependencies]\n{moved}"),
            1,
        );
        check(
            "crates/kms/Cargo.toml",
            &format!("[dev-dependencies]\n{moved}"),
            1,
        );
        check("crates/base/Cargo.toml", "default = [\"moved-clock\"]", 1);
        check("fuzz/targets/Cargo.toml", "features = [\"fuzzing\"]", 0);
        check("crates/cli/Cargo.toml", "features = [\"fuzzing\"]", 1);
        check(
            ".ci/run",
            "cargo build --features strongroom-kms/fuzzing",
            1,
        );
        check(
            "README.md",
            &format!("see {}shared", concat!("/wo", "rk/")),
            1,
        );
        check(
            "README.md",
            &format!("net{}x a{}x", concat!("/wo", "rk/"), concat!("/ho", "me/")),
            0,
        );
    }

    #[test]
    fn trees_are_read() {
        assert_eq!(
            names("tokio v1.0.0\nstrongroom v0.1.0 (path)\n\n"),
            ["tokio", "strongroom"]
        );
    }
}
