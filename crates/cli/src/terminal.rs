//! Asking people for secrets: without echo on a terminal, a line of standard input otherwise.

use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use strongroom_base::Secret;

use crate::Failed;

/// The longest secret, in bytes.
const SECRET_BYTES_MAX: u64 = 4096;

/// The secret in `file`, or one that is typed after `prompt`. A final line break is not part of it.
pub(crate) fn secret(prompt: &str, file: Option<&Path>) -> Result<Secret<String>, Failed> {
    let mut text = match file {
        Some(path) => read_file(path)?,
        None => ask(prompt)?,
    };
    let length = text.expose().trim_end_matches(['\r', '\n']).len();
    text.expose_mut().truncate(length);
    Ok(text)
}

fn read_file(path: &Path) -> Result<Secret<String>, Failed> {
    let mut text = Secret::new(String::new());
    let file = std::fs::File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    file.take(SECRET_BYTES_MAX)
        .read_to_string(text.expose_mut())?;
    Ok(text)
}

fn ask(prompt: &str) -> Result<Secret<String>, Failed> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return read_line();
    }
    eprint!("{prompt}: ");
    std::io::stderr().flush()?;
    let shown = tcgetattr(&stdin)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &hidden)?;
    let line = read_line();
    tcsetattr(&stdin, OptionalActions::Flush, &shown)?;
    eprintln!();
    line
}

fn read_line() -> Result<Secret<String>, Failed> {
    let mut text = Secret::new(String::new());
    std::io::stdin()
        .lock()
        .take(SECRET_BYTES_MAX)
        .read_line(text.expose_mut())?;
    Ok(text)
}
