//! `strongroom anchor show` and `accept`: how far the store is, and going on with one that was put back.

use strongroom_kms::admin::{AnchorAnswer, Answer, PositionAnswer, Question};

use crate::Failed;
use crate::operator::Server;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Tell where store and anchor are, and whether they fit
    Show {
        #[command(flatten)]
        server: Server,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Go on with a store that does not fit its anchor, as after restoring a backup: changes since then are given up
    Accept {
        #[command(flatten)]
        server: Server,
        /// The sequence that the store is at, as `strongroom anchor show` tells it
        #[arg(long, value_name = "N")]
        store: u64,
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    match &arguments.action {
        Action::Show { server, json } => {
            let Answer::Anchor(found) = server.ask(&Question::ShowAnchor)? else {
                return Err("the server answered something else".into());
            };
            if *json {
                println!("{}", serde_json::to_string_pretty(&found)?);
            } else {
                show(&found);
            }
        }
        Action::Accept {
            server,
            store,
            reason,
        } => {
            server.ask(&Question::AcceptRollback {
                store: *store,
                reason: reason.clone(),
            })?;
            println!("The store is accepted as it is. The server is open.");
        }
    }
    Ok(())
}

fn show(found: &AnchorAnswer) {
    println!("{}", found.fit);
    for (name, position) in [("store ", &found.store), ("anchor", &found.anchor)] {
        println!("{name}  {}", told(position.as_ref()));
    }
}

fn told(position: Option<&PositionAnswer>) -> String {
    match position {
        Some(at) => format!(
            "epoch {}, sequence {}, hsm.seal version {}",
            at.epoch, at.sequence, at.seal
        ),
        None => "says nothing".to_owned(),
    }
}
