//! Talking to a running server as its operator, over the socket in its data folder.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use strongroom_kms::admin::{Answer, Question, socket_path};

use crate::{Failed, config};

/// Which server is meant.
#[derive(clap::Args)]
pub(crate) struct Server {
    /// The configuration file of the server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder of the server
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with = "config",
        default_value = "strongroom-data"
    )]
    data: PathBuf,
}

impl Server {
    /// The data folder.
    pub(crate) fn data(&self) -> Result<PathBuf, Failed> {
        match &self.config {
            Some(path) => Ok(config::read(path)?.data),
            None => Ok(self.data.clone()),
        }
    }

    /// Asks the server. A refusal is an error.
    pub(crate) fn ask(&self, question: &Question) -> Result<Answer, Failed> {
        let data = self.data()?;
        let path = socket_path(&data)?;
        let mut stream = UnixStream::connect(&path).map_err(|error| {
            format!(
                "no server answers for {} ({error}); is it running?",
                data.display()
            )
        })?;
        let mut line = serde_json::to_vec(question)?;
        line.push(b'\n');
        stream.write_all(&line)?;
        let mut reply = String::new();
        BufReader::new(stream).read_line(&mut reply)?;
        match serde_json::from_str(&reply)? {
            Answer::Refused { reason } => Err(reason.into()),
            answer => Ok(answer),
        }
    }
}
