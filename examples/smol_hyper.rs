//! The async loop on a runtime that is not Tokio: smol, with hyper's client.
//!
//! ```sh
//! cargo run -p enlist-examples --example smol_hyper
//! ```
//!
//! The example registers and claims an agent at a sandbox of its own. It uses `enlist-async` without its features and brings its own client
//! and timer. It speaks plain HTTP, for loopback. `tests/conformance.rs` runs the conformance cases on its client.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use enlist_async::{Execute, Host, NoStore, drive_to_end};
use enlist_core::claim::{Claim, Enrolment, EnterCode, Registration};
use enlist_core::secret::Email;
use enlist_core::{Ceremony, Delivery, Exchange, Origin, Partial, Timestamp, TransportFailure, TransportKind, WaitReason};
use enlist_sandbox::{Config, Sandbox};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::client::legacy::{self, Error};
use smol::future::FutureExt;
use smol::net::TcpStream;
use smol_hyper::rt::FuturesIo;
use tower_service::Service;

fn main() -> Result<(), Box<dyn StdError>> {
    let config = Config { speed: 5, auto_approve: Some(Duration::from_millis(500)), ..Config::default() };
    let sandbox = Sandbox::start(config)?;
    let origin = Origin::parse(sandbox.opentrain_url())?;
    smol::block_on(async {
        let client = Client::new();
        let registration = drive_to_end(&mut Enrolment::new(origin, None, None), &client, &mut SmolHost(nothing), &mut NoStore).await?;
        println!("registered");
        claim(&client, &registration).await
    })
}

fn nothing(never: &Infallible) {
    match *never {}
}

async fn claim(client: &Client, registration: &Registration) -> Result<(), Box<dyn StdError>> {
    let show = |code: &EnterCode| println!("open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
    let mut claim = Claim::new(registration, Email::parse("owner@example.com")?);
    let token = drive_to_end(&mut claim, client, &mut SmolHost(show), &mut NoStore).await?;
    println!("claimed, with {:?}", token.scopes());
    Ok(())
}

/// A host with smol's timer, which answers no question.
struct SmolHost<S>(S);

impl<C: Ceremony, S: FnMut(&C::Notice) + Send> Host<C> for SmolHost<S> {
    type Error = Infallible;

    fn now(&mut self) -> Timestamp {
        Timestamp::from_unix_ms(0).after(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    async fn wait(&mut self, until: Timestamp, _why: &WaitReason) -> Result<ControlFlow<()>, Infallible> {
        let now = Host::<C>::now(self);
        // Sleep in slices, because a timer may stop while the machine sleeps. Waking early does no harm.
        smol::Timer::after(until.since(now).min(Duration::from_secs(1))).await;
        Ok(ControlFlow::Continue(()))
    }

    async fn show(&mut self, notice: &C::Notice) -> Result<(), Infallible> {
        (self.0)(notice);
        Ok(())
    }

    async fn ask(&mut self, _prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, Infallible> {
        Ok(ControlFlow::Break(()))
    }
}

/// hyper's client on smol.
pub struct Client(legacy::Client<Connector, Full<Bytes>>);

impl Client {
    /// Each exchange has a connection of its own, and hyper repeats nothing.
    pub fn new() -> Self {
        let mut builder = legacy::Client::builder(Spawn);
        Self(builder.pool_max_idle_per_host(0).retry_canceled_requests(false).build(Connector))
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Execute for Client {
    async fn execute(&self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        let mut response = None;
        let mut body = Vec::new();
        // One deadline applies to the whole exchange. The head and the bytes that had arrived by then are kept outside of the future.
        let whole = async { Ok(self.receive(exchange, &mut response, &mut body).await) };
        let late = async { Err(smol::Timer::after(exchange.timeout).await) };
        let ended = whole.or(late).await;
        let failure = match ended {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure),
            Err(_late) => Some(TransportFailure::new(TransportKind::Timeout, Delivery::Unknown)),
        };
        match (response, failure) {
            (Some(head), None) => Ok(head.map(|()| body)),
            (Some(head), Some(failure)) => {
                Err(TransportFailure { partial: Some(Partial { status: head.status().as_u16(), body }), ..failure })
            }
            (None, Some(failure)) => Err(failure),
            (None, None) => Err(TransportFailure::new(TransportKind::BadHttp, Delivery::Unknown)),
        }
    }
}

impl Client {
    async fn receive(&self, exchange: &Exchange, head: &mut Option<Response<()>>, body: &mut Vec<u8>) -> Result<(), TransportFailure> {
        let sent = &exchange.request;
        let mut request = Request::new(Full::new(Bytes::copy_from_slice(sent.body().as_bytes())));
        *request.method_mut() = sent.method().clone();
        *request.uri_mut() = sent.uri().clone();
        *request.headers_mut() = sent.headers().clone();
        let (parts, mut incoming) = self.0.request(request).await.map_err(|error| failure(&error))?.into_parts();
        *head = Some(Response::from_parts(parts, ()));
        while let Some(data) = next(&mut incoming).await? {
            let room = exchange.max_body - body.len();
            body.extend(data.iter().take(room));
            if data.len() > room {
                return Err(TransportFailure::new(TransportKind::BodyTooLarge, Delivery::Unknown));
            }
        }
        Ok(())
    }
}

async fn next(incoming: &mut Incoming) -> Result<Option<Bytes>, TransportFailure> {
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|_| TransportFailure::new(TransportKind::Closed, Delivery::Unknown))?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

/// A failure before there was a connection, so that nothing can have been sent.
fn failure(error: &Error) -> TransportFailure {
    let causes = || std::iter::successors(error.source(), |&cause| cause.source());
    if causes().any(|cause| cause.is::<UnknownName>()) {
        TransportFailure::new(TransportKind::Dns, Delivery::NotSent)
    } else if error.is_connect() {
        TransportFailure::new(TransportKind::Connect, Delivery::NotSent)
    } else if causes().any(|cause| cause.downcast_ref().is_some_and(hyper::Error::is_parse)) {
        TransportFailure::new(TransportKind::BadHttp, Delivery::Unknown)
    } else {
        TransportFailure::new(TransportKind::Closed, Delivery::Unknown)
    }
}

/// Runs hyper's connections on smol.
#[derive(Clone, Copy)]
struct Spawn;

impl<F: Future<Output: Send + 'static> + Send + 'static> hyper::rt::Executor<F> for Spawn {
    fn execute(&self, connection: F) {
        smol::spawn(connection).detach();
    }
}

/// Opens connections with smol.
#[derive(Clone)]
struct Connector;

/// The service's name has no address.
#[derive(Debug)]
struct UnknownName;

impl std::fmt::Display for UnknownName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the name could not be resolved")
    }
}

impl StdError for UnknownName {}

type BoxError = Box<dyn StdError + Send + Sync>;

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(async move {
            let host = uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or("no http")?;
            let addresses = smol::net::resolve((host, uri.port_u16().unwrap_or(80))).await.map_err(|_| UnknownName)?;
            Ok(Stream(FuturesIo::new(TcpStream::connect(&addresses[..]).await?)))
        })
    }
}

/// A connection with the traits that hyper-util needs.
struct Stream(FuturesIo<TcpStream>);

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
