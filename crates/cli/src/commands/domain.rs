//! `strongroom domain rotate` and `retire`: the keys that wrap all other keys.

use strongroom_kms::admin::{Answer, Question};

use crate::Failed;
use crate::operator::Server;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Make a new domain key and wrap every key again under it, while the server goes on
    Rotate {
        #[command(flatten)]
        server: Server,
    },
    /// Forget the domain key of an epoch: what is wrapped under it in old copies of the store is gone for good
    Retire {
        #[command(flatten)]
        server: Server,
        /// The epoch, as `strongroom status` shows it
        epoch: u32,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let answer = match &arguments.action {
        Action::Rotate { server } => server.ask(&Question::RotateDomain)?,
        Action::Retire { server, epoch } => server.ask(&Question::RetireEpoch { epoch: *epoch })?,
    };
    match answer {
        Answer::Rotated {
            epoch,
            rewrapped,
            left,
        } => println!("Epoch {epoch} is current; {rewrapped} keys wrapped again, {left} left."),
        Answer::Done => println!("The epoch is retired."),
        _ => return Err("the server answered something else".into()),
    }
    Ok(())
}
