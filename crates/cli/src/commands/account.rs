//! `strongroom account create`: an account and credentials of its root.

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
    /// Create an account; its root's secret access key is shown once
    Create {
        #[command(flatten)]
        server: Server,
        /// Twelve digits; random by default
        #[arg(long, value_name = "ID")]
        id: Option<String>,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let Action::Create { server, id } = &arguments.action;
    let Answer::Account {
        id,
        access_key_id,
        secret_access_key,
    } = server.ask(&Question::CreateAccount { id: id.clone() })?
    else {
        return Err("the server answered something else".into());
    };
    println!(
        "# root of account {id}\nexport AWS_ACCESS_KEY_ID={access_key_id}\nexport AWS_SECRET_ACCESS_KEY={secret_access_key}"
    );
    Ok(())
}
