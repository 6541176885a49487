//! The service: it owns the store, the caches, the timers and the audit, and sees handles and
//! ciphertext, never keys. ARCHITECTURE.md follows one request through these modules.

pub mod accounts;
pub mod admin;
pub mod anchor;
pub mod audit_keys;
pub mod audit_log;
pub mod bootstrap;
pub mod delivery;
pub mod domain;
pub mod endpoint;
pub mod explain;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod http;
pub mod key_process;
pub mod kms;
mod listening;
pub mod metrics;
pub mod operators_http;
pub mod ops;
pub mod service;
mod service_events;
pub mod service_sockets;
mod sharded;
mod spec;
pub mod strictness;
pub mod timers;
pub mod tls;
mod told;
mod trails;
mod turns;
pub mod usage_report;

mod authorize;
mod cache;
mod call;
mod domain_time;
mod failure;
mod grants;
pub mod guardrails;
mod history;
mod iam;
mod imports;
mod key;
mod last_use;
mod managed_keys;
mod material;
mod multi_region;
pub mod oidc;
mod outbox;
mod readiness;
mod records;
mod regions;
mod repository;
mod resolve;
mod rotation;
mod series;

#[cfg(test)]
mod workbench;
