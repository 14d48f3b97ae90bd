//! Thousands of claims at once, in one process and on one thread. Each claim is a plain value and a task.
//!
//! ```sh
//! cargo run --release --example many_claims -- 10000
//! ```
//!
//! The example starts a sandbox in another process, registers this number of agents, starts a claim for each, and lets all claims wait at
//! the same time. It prints the memory that a waiting claim takes (from the process's resident size, on Linux only), the number of tokens
//! that were delivered, and the number of polls that the sandbox found too early, which must be 0. 10,000 claims take about a minute.

use std::convert::Infallible;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use enlist_async::{Client, Ending, Execute, Host, NoStore, SimpleHost, drive, sleep_until, system_clock};
use enlist_core::claim::{Claim, Enrolment, EnrolmentPrompt, EnterCode};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Exchange, Origin, Timestamp, TransportFailure, WaitReason};
use enlist_sandbox::{Config, Sandbox, Which};
use http::Response;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// The greatest number of requests under way. Each one has a connection and a file descriptor.
const AT_ONCE: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("sandbox") => serve(),
        Some(count) => claim_all(count.parse()?),
        None => claim_all(500),
    }
}

fn claim_all(count: usize) -> Result<(), Box<dyn Error>> {
    let mut service = Service::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(run(&mut service, count))?;
    let too_early = service.stop()?;
    println!("{} tokens of {count}", report.tokens);
    println!("{} bytes of memory per waiting claim (a claim's value: {})", report.bytes_each, size_of::<Claim>());
    println!("{too_early} violations of the interval");
    if report.tokens == count && too_early == 0 { Ok(()) } else { Err("not every claim ended as it should".into()) }
}

struct Report {
    tokens: usize,
    bytes_each: usize,
}

async fn run(service: &mut Service, count: usize) -> Result<Report, Box<dyn Error>> {
    let client = Arc::new(Limited { client: Client::new()?, at_once: Semaphore::new(AT_ONCE) });
    // One claim first, so that the memory of the client and the runtime is allocated before the measurement.
    register(&service.url, &client, AT_ONCE).await?;
    let before = resident_bytes();
    let (counts, mut claims) = (Arc::new(Counts::default()), JoinSet::new());
    for (number, claim) in register(&service.url, &client, count).await?.into_iter().enumerate() {
        // A claim that begins has a request to send, which is larger than the claim.
        while counts.waiting.load(Ordering::Relaxed) + AT_ONCE <= number {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        claims.spawn(claimed(claim, Arc::clone(&client), Counting(Arc::clone(&counts))));
    }
    // Every claim has its code and waits, except for the few whose poll is under way.
    while counts.started.load(Ordering::Relaxed) < count || counts.waiting.load(Ordering::Relaxed) + AT_ONCE < count {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let bytes_each = resident_bytes().saturating_sub(before) / count.max(1);
    service.approve_all()?;
    let mut tokens = 0;
    while let Some(ended) = claims.join_next().await {
        tokens += usize::from(ended?);
    }
    Ok(Report { tokens, bytes_each })
}

/// Registers this number of agents, at most [`AT_ONCE`] at a time. Returns the claim of each agent.
async fn register(url: &str, client: &Arc<Limited>, count: usize) -> Result<Vec<Claim>, Box<dyn Error>> {
    let origin = Origin::parse(url)?;
    let (mut under_way, mut claims) = (JoinSet::new(), Vec::with_capacity(count));
    for number in 0..count {
        let owner = Email::parse(&format!("owner{number}@example.com"))?;
        under_way.spawn(enrolled(Enrolment::new(origin.clone(), None, None), owner, Arc::clone(client)));
        if number + 1 >= AT_ONCE
            && let Some(claim) = under_way.join_next().await
        {
            claims.push(claim?.ok_or("a registration failed")?);
        }
    }
    while let Some(claim) = under_way.join_next().await {
        claims.push(claim?.ok_or("a registration failed")?);
    }
    Ok(claims)
}

/// Registers an agent and returns its claim. A real program would keep the registration, which is dropped here.
async fn enrolled(mut enrolment: Enrolment, owner: Email, client: Arc<Limited>) -> Option<Claim> {
    let mut host = SimpleHost::new(|never: &Infallible| match *never {}, |_: &EnrolmentPrompt| ControlFlow::Break(()));
    match drive(&mut enrolment, &*client, &mut host, &mut NoStore).await {
        Ok(Ending::Finished(Ok(registration))) => Some(Claim::new(&registration, owner)),
        Ok(_) | Err(_) => None,
    }
}

/// Drives a claim. Returns whether it ended with a token.
#[expect(clippy::manual_async_fn, reason = "an `async fn` would hold its arguments twice")]
fn claimed(mut claim: Claim, client: Arc<Limited>, mut host: Counting) -> impl Future<Output = bool> + Send {
    async move { matches!(drive(&mut claim, &*client, &mut host, &mut NoStore).await, Ok(Ending::Finished(Ok(_)))) }
}

/// A client with a bound on the requests under way. Waiting for a turn makes a request later and never earlier.
struct Limited {
    client: Client,
    at_once: Semaphore,
}

impl Execute for Limited {
    async fn execute(&self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        let _turn = self.at_once.acquire().await;
        self.client.execute(exchange).await
    }
}

/// The progress of all claims.
#[derive(Default)]
struct Counts {
    started: AtomicUsize,
    waiting: AtomicUsize,
}

/// A host that counts, for the measurement.
struct Counting(Arc<Counts>);

impl<C: Ceremony<Notice = EnterCode>> Host<C> for Counting {
    type Error = Infallible;

    fn now(&mut self) -> Timestamp {
        system_clock()
    }

    async fn wait(&mut self, until: Timestamp, _why: &WaitReason) -> Result<ControlFlow<()>, Infallible> {
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
        sleep_until(until).await;
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(ControlFlow::Continue(()))
    }

    async fn show(&mut self, _code: &EnterCode) -> Result<(), Infallible> {
        self.0.started.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    async fn ask(&mut self, _prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Infallible> {
        Ok(ControlFlow::Break(()))
    }
}

/// The process's resident size in bytes; 0 on a system without `/proc`.
fn resident_bytes() -> usize {
    let pages = |statm: String| statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    fs::read_to_string("/proc/self/statm").ok().and_then(pages).unwrap_or(0) * 4096
}

/// The sandbox in another process, so that its memory is not measured.
struct Service {
    process: Child,
    url: String,
}

impl Service {
    fn start() -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("sandbox").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut url = String::new();
        BufReader::with_capacity(1, process.stdout.as_mut().ok_or("no output")?).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }

    /// Lets every owner enter their code.
    fn approve_all(&mut self) -> Result<(), Box<dyn Error>> {
        Ok(writeln!(self.process.stdin.as_mut().ok_or("no input")?, "approve")?)
    }

    /// Stops the sandbox. Returns the number of polls that came too early.
    fn stop(&mut self) -> Result<u64, Box<dyn Error>> {
        drop(self.process.stdin.take());
        let mut said = String::new();
        self.process.stdout.as_mut().ok_or("no output")?.read_to_string(&mut said)?;
        self.process.wait()?;
        Ok(said.trim().parse()?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the sandbox until the input ends. The first line of the input lets every owner enter their code.
fn serve() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start(Config::default())?;
    let mut out = std::io::stdout();
    writeln!(out, "{}", sandbox.url())?;
    let mut input = std::io::stdin().lines();
    if input.next().is_some() {
        while sandbox.approve(&Which::newest()).is_ok() {}
    }
    // Wait for the end of the input.
    input.for_each(drop);
    writeln!(out, "{}", sandbox.counts().polls_too_early)?;
    Ok(())
}
