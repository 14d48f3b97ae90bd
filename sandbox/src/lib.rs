//! The other side of two agent registrations, on loopback: OpenTrain's and SentryAgent's services as their public
//! pages describe them, with an outbox for the mails and SMS, a claim page for the human, a request log, and faults on
//! demand. For tests, and for `enlist try`.
//!
//! It shares no code with `enlist-core`, so that the two cannot agree on the same mistake.
//!
//! ```
//! use enlist_sandbox::{Action, Config, Sandbox, Scripted};
//!
//! let sandbox = Sandbox::start(Config { speed: 5, ..Config::default() })?;
//! // The third poll is processed, but its answer is lost.
//! sandbox.script([Scripted::new("/api/agent/oauth/token", Action::DropAfter).skip(2)]);
//! println!("point the client at {}", sandbox.url());
//! # Ok::<(), enlist_sandbox::StartError>(())
//! ```

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

pub use config::{Config, Limits, RateLimit};
pub use control::Counts;
pub use faults::{Action, Canned, FaultsError, Scripted, parse_faults};
pub use log::{Answered, LoggedRequest};
pub use opentrain::{Attempt, AttemptState, NoOpenAttempt, Which};
pub use outbox::{Message, MessageKind};
pub use readings::Readings;
pub use sandbox::{Sandbox, StartError};
