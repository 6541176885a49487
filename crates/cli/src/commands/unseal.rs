//! `strongroom unseal`: gives a sealed server a passphrase or one share, encrypted to its key process.

use std::path::PathBuf;

use strongroom_base::{Secret, hex};
use strongroom_crypto::exchange::seal_to;
use strongroom_hsm::share::UnsealShare;
use strongroom_hsm_api::command::PURPOSE_UNSEAL;
use strongroom_kms::admin::{Answer, Question, StatusAnswer};

use crate::operator::Server;
use crate::{Failed, terminal};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: Server,
    /// Read the passphrase or share from a file instead of asking for it
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let Answer::Status(status) = arguments.server.ask(&Question::Status)? else {
        return Err("the server answered something else than its status".into());
    };
    match status.state.as_str() {
        "sealed" => {}
        "open" => {
            println!("The server is open already.");
            return Ok(());
        }
        other => return Err(format!("the key process is {other}; try again").into()),
    }
    let secret = secret(arguments, &status)?;
    let key = hex::decode(&status.exchange_key)
        .and_then(|key| key.try_into().ok())
        .ok_or("the server has no exchange key")?;
    let sealed = seal_to(&key, PURPOSE_UNSEAL, secret.expose())
        .map_err(|_| "the server's exchange key is not one")?;
    tell(&arguments.server.ask(&Question::Unseal {
        sealed: hex::encode(&sealed),
    })?)
}

/// What the operator types, as the key process wants it.
fn secret(arguments: &Arguments, status: &StatusAnswer) -> Result<Secret<Vec<u8>>, Failed> {
    let file = arguments.secret_file.as_deref();
    if status.seal.as_deref() == Some("shares") {
        let text = terminal::secret("Share", file)?;
        let share = UnsealShare::from_text(text.expose())
            .map_err(|_| "this is not a share: it is mistyped or cut off")?;
        return Ok(share.to_bytes());
    }
    let text = terminal::secret("Passphrase", file)?;
    Ok(text.expose().as_bytes().to_vec().into())
}

fn tell(answer: &Answer) -> Result<(), Failed> {
    let Answer::Unseal {
        outcome,
        share,
        given,
        needed,
    } = answer
    else {
        return Err("the server answered something else".into());
    };
    match outcome.as_str() {
        "opened" => println!("The server is open."),
        "share-accepted" => println!("Share {share} accepted: {given} of {needed}."),
        "share-known" => println!("Share {share} was given before: {given} of {needed}."),
        "share-wrong" => {
            return Err(format!(
                "share {share} is wrong: it does not belong to this seal. {given} of {needed} given"
            )
            .into());
        }
        _ => return Err("this does not unseal the server".into()),
    }
    Ok(())
}
