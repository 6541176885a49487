//! Runs other programs: shown before they start, their output passed on while it is read.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::Outcome;

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// The folder cargo builds into, which this program itself was built into.
pub(crate) fn target() -> Outcome<PathBuf> {
    let program = std::env::current_exe().map_err(|error| format!("own path: {error}"))?;
    let target = program.ancestors().nth(2);
    target
        .map(Path::to_owned)
        .ok_or_else(|| "this program lies in no target folder".to_owned())
}

/// The cargo that started this program.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs `command` and fails unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Outcome<()> {
    println!("$ {}", shown(command));
    let status = command
        .status()
        .map_err(|error| unstartable(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} failed: {status}", shown(command)))
    }
}

/// Runs `command`, passes its output on, and returns it with whether it succeeded.
pub(crate) fn run_and_keep(command: &mut Command) -> Outcome<(String, bool)> {
    println!("$ {}", shown(command));
    let command = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .map_err(|error| unstartable(command, &error))?;
    let stderr = child.stderr.take();
    let errors = thread::spawn(move || pass_on(stderr, std::io::stderr()));
    let mut text = pass_on(child.stdout.take(), std::io::stdout());
    text.push_str(&errors.join().unwrap_or_default());
    let status = child.wait().map_err(|error| unstartable(command, &error))?;
    Ok((text, status.success()))
}

/// Runs `command` silently and returns its standard output.
pub(crate) fn output(command: &mut Command) -> Outcome<String> {
    let done = command
        .output()
        .map_err(|error| unstartable(command, &error))?;
    if !done.status.success() {
        let reason = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{} failed:\n{reason}", shown(command)));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Whether `command` can be run at all.
pub(crate) fn exists(command: &mut Command) -> bool {
    let quiet = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

fn pass_on(from: Option<impl Read>, mut to: impl Write) -> String {
    let mut text = String::new();
    let Some(from) = from else { return text };
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        // A closed terminal must not stop the count.
        let _unwritten = writeln!(to, "{line}");
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// `command` as it is shown.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(command.get_program());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

fn unstartable(command: &Command, error: &std::io::Error) -> String {
    format!("{} cannot be run: {error}", shown(command))
}
