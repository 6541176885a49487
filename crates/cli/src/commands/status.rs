//! `strongroom status`: how a server is, and which protections hold on its machine.

use strongroom_kms::admin::{Answer, AuditAnswer, Question, StatusAnswer};

use crate::Failed;
use crate::operator::Server;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: Server,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failed> {
    let Answer::Status(status) = arguments.server.ask(&Question::Status)? else {
        return Err("the server answered something else than its status".into());
    };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&status)?);
    } else {
        show(&status);
    }
    Ok(())
}

fn show(status: &StatusAnswer) {
    println!("state        {}", status.state);
    if let Some(seal) = &status.seal {
        println!("seal         {seal}, version {}", status.seal_version);
    }
    if status.shares_needed > 0 {
        println!(
            "shares       {} given, {} needed",
            status.shares_given, status.shares_needed
        );
    }
    if status.epoch > 0 {
        println!(
            "domain key   epoch {}, kept: {:?}",
            status.epoch, status.epochs
        );
    }
    println!("self-tests   {} passed", status.self_tests_passed);
    if let Some(store) = &status.store {
        println!(
            "store        {}",
            if store.absence_proved && store.writable {
                "sound"
            } else {
                "DAMAGED"
            }
        );
        println!(
            "deletion     {} keys wait{}",
            store.keys_pending_deletion,
            if store.deletion_held {
                ", HELD: the clock jumped, or timers cannot be read"
            } else {
                ""
            }
        );
    }
    if let Some(anchor) = &status.anchor {
        println!("anchor       DOES NOT FIT: {}", anchor.text);
    }
    show_audit(&status.audit);
    println!("protections of the key process");
    for (name, held) in &status.protections {
        println!("  {} {name}", if *held { "holds " } else { "ABSENT" });
    }
}

fn show_audit(audit: &AuditAnswer) {
    let reserve = match audit.reserve.as_str() {
        "whole" => "whole",
        "in-use" => "IN USE: the disk is full, changes are refused",
        _ => "USED UP: the disk is full, every call fails",
    };
    println!(
        "audit log    {} records, {} not signed for, reserve {reserve}",
        audit.records, audit.unsigned
    );
    if let Some(time) = &audit.last_checkpoint {
        println!("checkpoint   {time}");
    }
    if audit.passed_over > 0 {
        println!(
            "outbox       {} DAMAGED records passed over",
            audit.passed_over
        );
    }
}
