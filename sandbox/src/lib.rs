#![doc = include_str!("../README.md")]

mod address;
mod clock;
mod config;
mod control;
mod faults;
mod html;
mod http;
mod human;
mod limiter;
mod log;
mod opentrain;
mod outbox;
mod random;
pub mod readings;
mod retry_after;
mod sandbox;
mod sentryagent;
mod server;
mod store;
mod world;

pub use config::{Config, Latency, Limits, RateLimit};
pub use control::Counts;
pub use faults::{Action, Canned, FaultsError, Scripted, parse_faults};
pub use log::{Answered, LoggedRequest};
pub use opentrain::{Attempt, AttemptState, NoOpenAttempt, Which};
pub use outbox::{Message, MessageKind};
pub use readings::Readings;
pub use sandbox::{Sandbox, StartError};
