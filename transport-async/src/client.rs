//! One exchange over reqwest: sent once, read up to its cap, and reported without judgement.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use enlist_core::{Delivery, Exchange, Origin, Partial, Proxies, Proxy, TransportFailure, TransportKind};
use http::{Response, Uri};
use http_body::{Frame, SizeHint};
use reqwest::redirect::Policy;
use reqwest::{Body, ClientBuilder, retry};
use rustls::RootCertStore;

use crate::builder::{BuildError, ClientBuilder as Builder, built, tls};
use crate::drive::Execute;
use crate::log;

/// How long a connection may take to stand: name, TCP, proxy and TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// How many characters of a library's words are kept.
const MAX_TEXT: usize = 160;
/// A proxy's 407.
const WANTS_LOGIN: &str = "407: it wants a name and a password";

/// Sends exchanges over reqwest, with rustls on ring and the Mozilla roots that are compiled in. Needs a Tokio runtime around it.
///
/// Each exchange is sent once, over a connection of its own; no redirect is followed, every status is an answer, nothing is
/// decompressed. It does not insist on https: the ceremonies pin their origins, and allow plain http on loopback only.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) proxied: reqwest::Client,
    /// For this machine itself: no proxy has any business on the way there.
    pub(crate) direct: reqwest::Client,
    /// What `proxied` goes by, when that is known.
    pub(crate) proxies: Option<Proxies>,
}

impl Client {
    /// A client that goes by the proxies that the environment names ([`Proxies`]), but never to this machine itself, and trusts
    /// the Mozilla roots.
    ///
    /// A SOCKS proxy does as well as an HTTP one. Nothing is opened before an exchange needs it.
    ///
    /// # Errors
    /// [`BuildError`] when the environment names a proxy that is none, or reqwest refuses its settings.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// For proxies named by hand, and for a company's own certificates.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A client with trust roots (`tls_backend_preconfigured`), a proxy or a resolver of one's own. `configure` is called twice:
    /// once more for the client that goes without a proxy. What is pinned for each exchange stays so.
    ///
    /// # Errors
    /// [`BuildError`] when reqwest refuses the settings.
    pub fn configured(configure: impl Fn(ClientBuilder) -> ClientBuilder) -> Result<Self, BuildError> {
        let tls = tls(RootCertStore::empty())?;
        let pinned = || pinned(configure(ClientBuilder::new().tls_backend_preconfigured(tls.clone())));
        Ok(Self { proxied: built(pinned())?, direct: built(pinned().no_proxy())?, proxies: None })
    }

    /// Sends the exchange, once, and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`TransportFailure`] when no whole answer came, with what had come of it.
    pub async fn execute(&self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        let started = Instant::now();
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.proxy_for(exchange.request.uri()));
        let answer = self.send(exchange).await.map_err(|failure| on_the_way(failure, proxy));
        let answer = answer.and_then(|answer| of_the_service(answer, exchange, proxy));
        log::exchange(exchange, proxy.is_some(), started.elapsed(), &answer);
        answer
    }

    async fn send(&self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        let begun = Arc::new(AtomicBool::new(exchange.request.body().is_empty()));
        let uri = exchange.request.uri();
        let client = if is_loopback(uri) { &self.direct } else { &self.proxied };
        let request = client
            .request(exchange.request.method().clone(), uri.to_string())
            .headers(exchange.request.headers().clone())
            // One deadline for the whole: a time for each read would never stop a drip.
            .timeout(exchange.timeout)
            .body(Body::wrap(Outgoing { bytes: Bytes::copy_from_slice(exchange.request.body()), begun: Arc::clone(&begun) }));
        let sent = request.send().await;
        let mut answer = sent.map_err(|error| failure(&error, begun.load(Ordering::Relaxed)))?;
        let status = answer.status();
        let mut whole = Response::new(Vec::new());
        (*whole.status_mut(), *whole.version_mut()) = (status, answer.version());
        std::mem::swap(whole.headers_mut(), answer.headers_mut());
        match read(&mut answer, whole.body_mut(), exchange.max_body).await {
            Ok(()) => Ok(whole),
            Err(broken) => Err(TransportFailure { partial: Some(Partial { status: status.as_u16(), body: whole.into_body() }), ..broken }),
        }
    }
}

impl Execute for Client {
    async fn execute(&self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        Self::execute(self, exchange).await
    }
}

/// What must hold, whatever was configured.
pub(crate) fn pinned(builder: ClientBuilder) -> ClientBuilder {
    builder
        // A redirect is an answer. Following it would hand the body to whomever it names.
        .redirect(Policy::none())
        .referer(false)
        // Whether a request may be repeated is the ceremony's business.
        .retry(retry::never())
        // What was sent is what comes back: a small body may be a large one once it is unpacked.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        // HTTP/2 would share a connection, and repeat what a server turned away.
        .http1_only()
        .connect_timeout(CONNECT)
        // A poll comes every five seconds or more, and servers close idle connections after five: a request on a connection that
        // closes a moment later would be lost. Nothing is kept.
        .pool_max_idle_per_host(0)
}

/// The body on its way out. It is asked for as soon as there is a connection to write it to: until then the service cannot have
/// carried out anything. An empty body, which may not be asked for, counts as sent.
struct Outgoing {
    bytes: Bytes,
    begun: Arc<AtomicBool>,
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.begun.store(true, Ordering::Relaxed);
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.bytes.len()).unwrap_or(u64::MAX))
    }
}

fn is_loopback(uri: &Uri) -> bool {
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else { return false };
    Origin::parse(&format!("{scheme}://{authority}")).is_ok_and(|origin| origin.is_loopback())
}

/// At most `max` bytes of the body into `bytes`, and why that is not all of it.
async fn read(answer: &mut reqwest::Response, bytes: &mut Vec<u8>, max: usize) -> Result<(), TransportFailure> {
    while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&error, true))? {
        let room = max.saturating_sub(bytes.len());
        bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            return Err(TransportFailure::new(TransportKind::BodyTooLarge, Delivery::Unknown));
        }
    }
    Ok(())
}

/// An error in the ceremonies' terms; `begun` when the request's body may have been sent.
fn failure(error: &reqwest::Error, begun: bool) -> TransportFailure {
    let delivery = if begun && !error.is_connect() { Delivery::Unknown } else { Delivery::NotSent };
    TransportFailure { kind: kind(error, begun), delivery, partial: None, text: text(error) }
}

/// The same when a proxy is on the way: what cannot be reached then is the proxy. What it says of the service's name or port it
/// says in its answer.
fn on_the_way(failure: TransportFailure, proxy: Option<&Proxy>) -> TransportFailure {
    let Some(proxy) = proxy else { return failure };
    let is_out_of_reach = match failure.kind {
        TransportKind::Connect => true,
        TransportKind::Dns => !proxy.is_given_addresses(),
        _ => false,
    };
    if is_out_of_reach { TransportFailure { kind: TransportKind::Proxy, ..failure } } else { failure }
}

/// A request for a plain http URL is handed to the proxy as it is, so that the proxy's 407 comes as the answer to it.
fn of_the_service(answer: Response<Vec<u8>>, exchange: &Exchange, proxy: Option<&Proxy>) -> Result<Response<Vec<u8>>, TransportFailure> {
    let is_the_proxys = proxy.is_some() && exchange.request.uri().scheme_str() == Some("http") && answer.status() == 407;
    if !is_the_proxys {
        return Ok(answer);
    }
    Err(TransportFailure { kind: TransportKind::Proxy, delivery: Delivery::NotSent, partial: None, text: WANTS_LOGIN.to_owned() })
}

/// A timeout comes first: reqwest also calls it an error of whatever was going on.
fn kind(error: &reqwest::Error, begun: bool) -> TransportKind {
    let causes = || causes(error);
    let says = |words: &str| causes().any(|cause| cause.to_string().starts_with(words));
    let io =
        |wanted: &[io::ErrorKind]| causes().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| wanted.contains(&io.kind()));
    match () {
        () if error.is_timeout() => TransportKind::Timeout,
        () if causes().any(|cause| cause.is::<rustls::Error>()) => TransportKind::Tls,
        () if io(&[io::ErrorKind::ConnectionRefused]) => TransportKind::Connect,
        // hyper-util's own errors have no type that could be named, only these words.
        () if says("dns error") => TransportKind::Dns,
        () if says("tunnel error") || says("SOCKS error") => TransportKind::Proxy,
        () if error.is_connect() || !begun => TransportKind::Connect,
        () if error.is_builder() || causes().any(is_parse) || io(&[io::ErrorKind::InvalidInput, io::ErrorKind::InvalidData]) => {
            TransportKind::BadHttp
        }
        () => TransportKind::Closed,
    }
}

/// What is behind the error, outermost first. The error's own words would name the URL.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        // An `io::Error` passes over what it wraps when it is asked for its source.
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    })
}

fn is_parse(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}

/// The library's words, printable and not many; the URL, which may hold a secret, is never among them.
fn text(error: &reqwest::Error) -> String {
    let words = causes(error).last().map(ToString::to_string).unwrap_or_default();
    // hyper-util has no type for it that could be named.
    if words.ends_with("proxy authorization required") {
        return WANTS_LOGIN.to_owned();
    }
    words.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).take(MAX_TEXT).collect()
}
