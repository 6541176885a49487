//! `strongroom init`: makes a data folder with a domain, sealed by a passphrase or by shares, and a
//! first account.

use std::path::PathBuf;

use strongroom_base::id::AccountId;
use strongroom_base::{Env, Secret};
use strongroom_hsm::share::UnsealShare;
use strongroom_kms::anchor::ANCHOR_FILE;
use strongroom_kms::bootstrap::{Bootstrapped, bootstrap};
use strongroom_kms::domain::{self, NewSeal};
use strongroom_kms::key_process::Program;
use strongroom_store::{Folder, Kind};

use crate::{Failed, config, server, terminal};

const PASSPHRASE_BYTES_MIN: usize = 12;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Seal by this many shares instead of a passphrase
    #[arg(long, value_name = "N", requires = "threshold", value_parser = clap::value_parser!(u8).range(2..=16))]
    shares: Option<u8>,
    /// How many of the shares unseal
    #[arg(long, value_name = "M", requires = "shares", value_parser = clap::value_parser!(u8).range(2..=16))]
    threshold: Option<u8>,
    /// Read the passphrase from a file instead of asking for it
    #[arg(long, value_name = "FILE", conflicts_with = "shares")]
    passphrase_file: Option<PathBuf>,
    /// The id of the first account, 12 digits; random by default
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let config = config::read(&arguments.config)?;
    let env = Env::system();
    let account = account(arguments, &env)?;
    let passphrase = match arguments.shares {
        None => Some(passphrase(arguments)?),
        Some(_) => None,
    };
    let seal = match (&passphrase, arguments.shares, arguments.threshold) {
        (Some(passphrase), _, _) => NewSeal::Passphrase(passphrase),
        (None, Some(count), Some(threshold)) if threshold <= count => {
            NewSeal::Shares { threshold, count }
        }
        _ => return Err("--threshold must not be more than --shares".into()),
    };
    let made = server::block_on(async {
        // A folder that an interrupted init left is taken up again.
        let folder = Folder::open_or_create(&config.data, Kind::Server)?;
        if domain::exists(&folder)? {
            return Err(format!(
                "{} is initialised already; choose another folder",
                config.data.display()
            )
            .into());
        }
        let program = Program::itself();
        let in_folder = || config.data.join(ANCHOR_FILE);
        let anchor = config.anchor.file.clone().unwrap_or_else(in_folder);
        Ok(bootstrap(&env, &folder, &program, &seal, &anchor, Some(account)).await?)
    })?;
    tell(&config.data.display().to_string(), &made);
    match made.account {
        Some(Err(error)) => Err(format!("the first account could not be made ({error}); unseal the server and use `strongroom account create`").into()),
        Some(Ok(_)) | None => Ok(()),
    }
}

fn account(arguments: &Arguments, env: &Env) -> Result<AccountId, Failed> {
    let text = match &arguments.account {
        Some(text) => text.clone(),
        None => format!(
            "{:012}",
            u64::from_be_bytes(env.random_bytes()) % 1_000_000_000_000
        ),
    };
    text.parse()
        .map_err(|_| "an account id has 12 digits".into())
}

fn passphrase(arguments: &Arguments) -> Result<Secret<String>, Failed> {
    let file = arguments.passphrase_file.as_deref();
    let first = terminal::secret("Passphrase that will unseal the server", file)?;
    if first.expose().len() < PASSPHRASE_BYTES_MIN {
        return Err(format!("a passphrase needs at least {PASSPHRASE_BYTES_MIN} bytes").into());
    }
    if file.is_none() && !first.matches(terminal::secret("Again", None)?.expose().as_bytes()) {
        return Err("the two passphrases differ; nothing was made".into());
    }
    Ok(first)
}

fn tell(data: &str, made: &Bootstrapped) {
    println!("Made {data}.");
    if !made.shares.is_empty() {
        println!("\nThe shares, shown this once. Give each to another person:");
        for share in &made.shares {
            if let Ok(share) = UnsealShare::from_bytes(share.expose()) {
                println!("{}", share.to_text().expose());
            }
        }
    }
    if let Some(Ok(account)) = &made.account {
        println!(
            "\nThe root of account {}. The secret is shown this once:",
            account.id
        );
        println!("export AWS_ACCESS_KEY_ID={}", account.access_key_id);
        println!(
            "export AWS_SECRET_ACCESS_KEY={}",
            account.secret_access_key.expose()
        );
    }
    println!(
        "\nKeep a copy of hsm.seal apart from the data. Then: strongroom serve --config FILE, and strongroom unseal."
    );
}
