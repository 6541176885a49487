//! `strongroom serve`: serves a data folder that `init` made. It starts sealed.

use std::path::PathBuf;

use strongroom_base::Env;
use strongroom_kms::accounts::AccountRule;
use strongroom_kms::audit_log::AuditOptions;
use strongroom_kms::delivery::INTERVAL;
use strongroom_kms::key_process::Program;
use strongroom_kms::kms::Settings;
use strongroom_kms::service::{Options, Unsealing};
use strongroom_kms::tls;
use strongroom_store::{Folder, Kind};

use crate::{Failed, config, server};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    server::forbid_dumps()?;
    let config = config::read(&arguments.config)?;
    server::start_logging(config.log.format);
    server::block_on(start(config))
}

async fn start(config: config::Config) -> Result<(), Failed> {
    let tls = match &config.tls {
        Some(files) => Some(tls::acceptor(&files.certificate, &files.key)?),
        None => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let env = Env::system();
    let delivery = config.delivery.as_ref();
    let delivery = delivery.map(|configured| configured.open(&env, INTERVAL));
    let options = Options {
        env,
        settings: Settings {
            accounts: AccountRule::Created,
            attestation_roots: server::attestation_roots(config.attestation_roots.as_deref())?,
            identity_providers: server::identity_providers(&config.oidc)?,
            strictness: config.audit.strict.into(),
        },
        folder: Folder::open(&config.data, Kind::Server)?,
        program: Program::itself(),
        unsealing: Unsealing::ByOperators,
        audit: AuditOptions::SERVER,
        delivery: delivery.transpose()?,
        anchor: config.anchor.file,
    };
    let services = config.service.into_iter();
    let listen = server::Listen {
        address: config.listen,
        tls,
        services: services.map(|one| (one.principal, one.socket)).collect(),
        metrics: config.metrics.map(|metrics| metrics.listen),
    };
    server::run(listen, options, |addresses, _| {
        println!(
            "Strongroom {} at {scheme}://{}, sealed: run `strongroom unseal`{}",
            env!("CARGO_PKG_VERSION"),
            addresses.public,
            server::metrics_told(addresses)
        );
        Ok(())
    })
    .await
}
