//! `strongroom dev`: everything at once, for development. The root key is sealed by a file beside the
//! data, so whoever has the data folder has every key.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strongroom_base::{Env, Secret};
use strongroom_kms::accounts::AccountRule;
use strongroom_kms::anchor::ANCHOR_FILE;
use strongroom_kms::audit_log::AuditOptions;
use strongroom_kms::bootstrap::bootstrap;
use strongroom_kms::delivery::{Delivery, INTERVAL_IN_DEVELOPMENT};
use strongroom_kms::domain::{self, NewSeal};
use strongroom_kms::key_process::Program;
use strongroom_kms::kms::Settings;
use strongroom_kms::service::{Options, Unsealing};
use strongroom_store::{Folder, Kind};

use crate::delivery::Configured;
use crate::server::Addresses;
use crate::{Failed, config, server};

const KEY_FILE: &str = "dev.key";
const ENV_FILE: &str = "aws.env";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The data folder, kept between starts
    #[arg(long, value_name = "DIR", default_value = "strongroom-data")]
    data: PathBuf,
    /// Where to listen; port 0 chooses a free one
    #[arg(long, value_name = "ADDR", default_value_t = config::default_listen())]
    listen: SocketAddr,
    /// Print one line of JSON when ready, and nothing else, on standard output
    #[arg(long)]
    json: bool,
    /// Whose enclaves may be recipients: a PEM file of root certificates instead of AWS's
    #[arg(long, value_name = "FILE")]
    attestation_roots: Option<PathBuf>,
    /// Whose tokens begin sessions of roles: a TOML file with [[oidc]] tables of issuer, keys and audiences
    #[arg(long, value_name = "FILE")]
    oidc: Option<PathBuf>,
    /// Let every call wait until its audit record is on the disk
    #[arg(long)]
    strict_audit: bool,
    /// A service, such as s3.amazonaws.com, and where its socket is to be; relative to the data folder. Again for more
    #[arg(long, value_name = "PRINCIPAL=PATH", value_parser = service)]
    service: Vec<(String, PathBuf)>,
    /// The folder that files of CloudTrail trails are delivered to, every five seconds
    #[arg(long, value_name = "DIR")]
    delivery: Option<PathBuf>,
    /// Where the audit log is delivered to: a TOML file with a [delivery] table
    #[arg(long, value_name = "FILE", hide = true, conflicts_with = "delivery")]
    delivery_config: Option<PathBuf>,
    /// Where to tell metrics, health and readiness, to everyone who asks; port 0 chooses a free one
    #[arg(long, value_name = "ADDR")]
    metrics: Option<SocketAddr>,
    /// How lines of the log are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log_format: config::LogFormat,
}

fn service(text: &str) -> Result<(String, PathBuf), String> {
    let (principal, path) = text.split_once('=').ok_or("not PRINCIPAL=PATH")?;
    Ok((principal.to_owned(), path.into()))
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    server::forbid_dumps()?;
    server::start_logging(arguments.log_format);
    server::block_on(start(arguments))
}

async fn start(arguments: &Arguments) -> Result<(), Failed> {
    let env = Env::system();
    let attestation_roots = server::attestation_roots(arguments.attestation_roots.as_deref())?;
    let providers = config::read_identity_providers(arguments.oidc.as_deref())?;
    let identity_providers = server::identity_providers(&providers)?;
    let folder = Folder::open_or_create(&arguments.data, Kind::Dev)?;
    let program = Program::itself();
    let key = key_file(&folder, &env)?;
    if !domain::exists(&folder)? {
        let (seal, anchor) = (NewSeal::KeyFile(&key), folder.path().join(ANCHOR_FILE));
        bootstrap(&env, &folder, &program, &seal, &anchor, None).await?;
    }
    let delivery = delivery(arguments, &env)?;
    let options = Options {
        env,
        settings: Settings {
            accounts: AccountRule::Every,
            attestation_roots,
            identity_providers,
            strictness: arguments.strict_audit.into(),
        },
        folder,
        program,
        unsealing: Unsealing::Automatic(key),
        audit: AuditOptions::DEVELOPMENT,
        delivery,
        anchor: None,
    };
    let services = arguments.service.iter();
    let listen = server::Listen {
        address: arguments.listen,
        tls: None,
        services: services
            .map(|(principal, path)| (principal.clone(), arguments.data.join(path)))
            .collect(),
        metrics: arguments.metrics,
    };
    server::run(listen, options, |addresses, service| {
        let variables = variables(addresses.public);
        let path = service.folder().path().join(ENV_FILE);
        service
            .folder()
            .replace_file(ENV_FILE, variables.as_bytes())?;
        announce(arguments, addresses, &variables, &path)
    })
    .await
}

fn delivery(arguments: &Arguments, env: &Env) -> Result<Option<Arc<Delivery>>, Failed> {
    let configured = match (&arguments.delivery, &arguments.delivery_config) {
        (Some(folder), _) => Configured::into_folder(folder),
        (None, Some(file)) => config::read_delivery(file)?,
        (None, None) => return Ok(None),
    };
    Ok(Some(configured.open(env, INTERVAL_IN_DEVELOPMENT)?))
}

/// The key that seals the root key: made once, kept beside the data.
fn key_file(folder: &Folder, env: &Env) -> Result<Secret<[u8; 32]>, Failed> {
    if let Some(bytes) = folder.read_file(KEY_FILE, 64)? {
        let bytes = Secret::from(bytes);
        return Secret::from_slice(bytes.expose()).ok_or_else(|| {
            format!("{KEY_FILE} in the data folder is damaged: it must have 32 bytes").into()
        });
    }
    let key = Secret::new(env.random_bytes());
    folder.replace_file(KEY_FILE, key.expose())?;
    Ok(key)
}

/// What a shell needs to know for the stock AWS CLI and SDKs.
fn variables(address: SocketAddr) -> String {
    let endpoint = endpoint(address);
    format!(
        "unset AWS_SESSION_TOKEN\n\
         export AWS_ENDPOINT_URL={endpoint}\n\
         export AWS_ACCESS_KEY_ID=test\n\
         export AWS_SECRET_ACCESS_KEY=test\n\
         export AWS_REGION=us-east-1\n\
         export AWS_DEFAULT_REGION=us-east-1\n"
    )
}

fn endpoint(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        format!("http://127.0.0.1:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

fn announce(
    arguments: &Arguments,
    addresses: Addresses,
    variables: &str,
    path: &Path,
) -> Result<(), Failed> {
    let address = addresses.public;
    let mut out = std::io::stdout().lock();
    if arguments.json {
        let mut ready = serde_json::json!({ "endpoint": endpoint(address), "env": path });
        if let (Some(metrics), Some(ready)) = (addresses.metrics, ready.as_object_mut()) {
            ready.insert(
                "metrics".to_owned(),
                format!("http://{metrics}/metrics").into(),
            );
        }
        writeln!(out, "{ready}")?;
    } else {
        writeln!(
            out,
            "Strongroom {} for DEVELOPMENT at {}{}",
            env!("CARGO_PKG_VERSION"),
            endpoint(address),
            server::metrics_told(addresses)
        )?;
        writeln!(
            out,
            "WARNING: the root key lies in {KEY_FILE} beside the data: whoever reads the data folder has every key."
        )?;
        if !address.ip().is_loopback() {
            writeln!(
                out,
                "WARNING: everyone who reaches {address} can use every key: the credentials are test/test."
            )?;
        }
        writeln!(
            out,
            "\nIn another shell (or `. {}`):\n{variables}",
            path.display()
        )?;
    }
    Ok(out.flush()?)
}
