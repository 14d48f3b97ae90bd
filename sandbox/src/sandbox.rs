//! The running sandbox, as a test or a command holds it.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::config::Config;
use crate::control::Counts;
use crate::faults::Scripted;
use crate::log::LoggedRequest;
use crate::opentrain::{Attempt, NoOpenAttempt, Which};
use crate::outbox::Message;
use crate::server::{self, Shared, lock};
use crate::world::World;

/// Both services on a loopback address. They run until the value is dropped.
#[derive(Debug)]
pub struct Sandbox {
    addr: SocketAddr,
    url: String,
    world: WorldHandle,
    /// Dropping it stops the thread.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Keeps tokens and codes out of `Debug`.
struct WorldHandle(Shared);

impl std::fmt::Debug for WorldHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not a loopback address. Whoever can reach the sandbox can approve and read everything in it.
    #[error("the sandbox listens on loopback addresses only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The sandbox could not listen on the address.
    #[error("cannot listen on {addr}: {source}")]
    Bind {
        /// The requested address.
        addr: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The thread or the event loop could not be started.
    #[error("cannot start the sandbox: {0}")]
    Runtime(#[source] io::Error),
    /// The system has no random numbers for keys and codes.
    #[error("the system has no random numbers: {0}")]
    Random(String),
}

impl Sandbox {
    /// Starts to listen, and serves on a thread of its own.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(config: Config) -> Result<Self, StartError> {
        let listener = bind(config.addr)?;
        let addr = listener.local_addr().map_err(StartError::Runtime)?;
        let url = format!("http://{addr}");
        let world = World::new(config, url.clone()).map_err(|error| StartError::Random(error.to_string()))?;
        let world: Shared = Arc::new(Mutex::new(world));
        let (stop, stopped) = oneshot::channel();
        let runtime = Builder::new_current_thread().enable_all().build().map_err(StartError::Runtime)?;
        let thread = spawn(runtime, listener, Arc::clone(&world), stopped).map_err(StartError::Runtime)?;
        Ok(Self { addr, url, world: WorldHandle(world), stop: Some(stop), thread: Some(thread) })
    }

    /// The address that it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The origin of everything, such as `http://127.0.0.1:43121`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The base of OpenTrain's paths.
    pub fn opentrain_url(&self) -> &str {
        &self.url
    }

    /// The base of SentryAgent's paths.
    pub fn sentryagent_url(&self) -> &str {
        &self.url
    }

    /// The URL of the human's page, with open claim attempts and the outbox.
    pub fn human_url(&self) -> String {
        format!("{}/human", self.url)
    }

    /// The base of the control API.
    pub fn control_url(&self) -> String {
        format!("{}/control", self.url)
    }

    /// The mails and SMS, oldest first; at most the last 10,000.
    pub fn outbox(&self) -> Vec<Message> {
        self.with(|world| world.outbox.messages())
    }

    /// The requests to the services, oldest first; at most the last 10,000.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.with(|world| world.log.entries())
    }

    /// OpenTrain's claim attempts, oldest first.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.with(|world| world.attempts())
    }

    /// Counters of what has happened so far.
    pub fn counts(&self) -> Counts {
        self.with(|world| Counts::of(world))
    }

    /// Plays the human who enters the right code on the claim page.
    ///
    /// # Errors
    /// No open attempt matches `which`.
    pub fn approve(&self, which: &Which) -> Result<Attempt, NoOpenAttempt> {
        self.with(|world| world.approve(which))
    }

    /// Plays the human who refuses on the claim page.
    ///
    /// # Errors
    /// No open attempt matches `which`.
    pub fn deny(&self, which: &Which) -> Result<Attempt, NoOpenAttempt> {
        self.with(|world| world.deny(which))
    }

    /// Appends scripted answers. At most 10,000 wait at a time; further ones are ignored.
    pub fn script(&self, entries: impl IntoIterator<Item = Scripted>) {
        self.with(|world| world.script.extend(entries));
    }

    /// Removes the remaining scripted answers.
    pub fn clear_script(&self) {
        self.with(|world| world.script.clear());
    }

    /// Moves the sandbox clock forward.
    pub fn advance(&self, by: Duration) {
        self.with(|world| world.clock.advance(by));
    }

    /// The time of the sandbox clock, in unix milliseconds.
    pub fn now(&self) -> u64 {
        self.with(|world| world.clock.now())
    }

    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        let mut world = lock(&self.world.0);
        world.play_human();
        look(&mut world)
    }
}

impl Drop for Sandbox {
    /// Closes open connections and waits for the thread to end.
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was reported there.
            let _ = thread.join();
        }
    }
}

fn bind(addr: SocketAddr) -> Result<TcpListener, StartError> {
    if !addr.ip().is_loopback() {
        return Err(StartError::NotLoopback(addr));
    }
    let listener = TcpListener::bind(addr).map_err(|source| StartError::Bind { addr, source })?;
    listener.set_nonblocking(true).map_err(StartError::Runtime)?;
    Ok(listener)
}

fn spawn(runtime: Runtime, listener: TcpListener, world: Shared, stopped: oneshot::Receiver<()>) -> io::Result<JoinHandle<()>> {
    let listener = {
        let _context = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    thread::Builder::new().name("enlist-sandbox".to_owned()).spawn(move || {
        runtime.spawn(server::accept(listener, world));
        // Nothing is ever sent: dropping the sender is the signal. Every connection ends with the runtime.
        let _ = runtime.block_on(stopped);
    })
}
