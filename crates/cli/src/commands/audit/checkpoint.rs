//! `strongroom audit checkpoint`: the last signed checkpoint of the log, as a line to be kept elsewhere.

use strongroom_audit::{Checkpoint, LogReader};

use super::segments;
use crate::Failed;
use crate::operator::Server;

pub(super) fn run(server: &Server) -> Result<(), Failed> {
    for (_, path) in segments::of_data(&server.data()?)?.into_iter().rev() {
        // Whatever is wrong with the log is for `verify` to say.
        let frames = LogReader::new(segments::open(&path)?).map_while(Result::ok);
        let checkpoints = frames.filter_map(|frame| Checkpoint::from_bytes(&frame.payload).ok());
        if let Some(last) = checkpoints.last() {
            println!("{last}");
            return Ok(());
        }
    }
    Err("there is no signed checkpoint in the audit log yet".into())
}
