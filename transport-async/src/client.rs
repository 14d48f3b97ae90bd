//! Sends one exchange over reqwest, reads the answer up to its limit, and reports what happened without judging it.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use enlist_core::{Delivery, Exchange, ExchangeResult, Partial, TransportFailure, TransportKind};
use enlist_net::{
    BuildError, CONNECT_TIMEOUT, PROXY_WANTS_LOGIN, Proxies, Proxy, TrustAnchors, blame_proxy, certificate_text, is_loopback, printable,
    proxy_wants_login, record_exchange,
};
use http::Response;
use http_body::{Frame, SizeHint};
use reqwest::redirect::Policy;
use reqwest::{Body, ClientBuilder, retry};

use crate::deadline::{Cut, Deadline};
use crate::drive::Execute;

/// Sends exchanges over reqwest, with rustls on ring and the Mozilla roots, which are compiled in. It needs a Tokio runtime around it.
///
/// Each exchange is sent once, over a connection of its own. No redirect is followed, every status is an answer, and nothing is
/// decompressed. The client does not insist on https: the ceremonies pin their origins and allow plain http for a loopback host only.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) proxied: reqwest::Client,
    /// The client for this machine itself, which is reached without a proxy.
    pub(crate) direct: reqwest::Client,
    /// The proxy rules. `None` if the caller configured reqwest: its own proxy applies then, except for this machine itself.
    pub(crate) proxies: Option<Proxies>,
}

impl Client {
    /// Makes a client with the caller's own roots (`tls_backend_preconfigured`), proxy or resolver. `configure` is called twice, because
    /// requests for this machine itself use a client without a proxy. The settings that every exchange needs override those of the caller.
    ///
    /// # Errors
    /// [`BuildError::Tls`] or [`BuildError::Client`] if rustls or reqwest refuses its settings.
    pub fn configured(configure: impl Fn(ClientBuilder) -> ClientBuilder) -> Result<Self, BuildError> {
        let tls = TrustAnchors::default().into_tls_config()?;
        let pinned = || pinned(configure(ClientBuilder::new().tls_backend_preconfigured(tls.clone())));
        Ok(Self { proxied: built(pinned())?, direct: built(pinned().no_proxy())?, proxies: None })
    }

    /// Sends the exchange once and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`TransportFailure`] if the answer is not complete, with the part that arrived.
    pub async fn execute(&self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        let started = Instant::now();
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.proxy_for(exchange.request.uri()));
        let answer = self.send(exchange).await.and_then(|answer| reject_407_of_proxy(answer, exchange, proxy));
        let answer = answer.map_err(|failure| match proxy {
            Some(proxy) => blame_proxy(failure, proxy.client_resolves_names()),
            None => failure,
        });
        record_exchange(exchange, proxy.is_some(), started.elapsed(), &answer);
        answer
    }

    async fn send(&self, exchange: &Exchange) -> ExchangeResult {
        let mut deadline = Deadline::after(exchange.timeout);
        let bytes = Bytes::copy_from_slice(exchange.request.body().as_bytes());
        let has_body = !bytes.is_empty();
        let begun = Arc::new(AtomicBool::new(!has_body));
        let uri = exchange.request.uri();
        let client = if is_loopback(uri) { &self.direct } else { &self.proxied };
        let request = client
            .request(exchange.request.method().clone(), uri.to_string())
            .headers(exchange.request.headers().clone())
            .body(Body::wrap(Outgoing { bytes, begun: Arc::clone(&begun) }));
        let is_begun = || begun.load(Ordering::Relaxed);
        // Without a body nothing shows whether the request was sent. It has no grace, so that nothing is sent after the deadline.
        let sent = deadline.bound(request.send(), || has_body && is_begun()).await;
        let sent = sent.map_err(|cut| cut_off(cut, is_begun()))?;
        let mut answer = sent.map_err(|error| failure(&error, is_begun()))?;
        let status = answer.status();
        let mut whole = Response::new(Vec::new());
        (*whole.status_mut(), *whole.version_mut()) = (status, answer.version());
        std::mem::swap(whole.headers_mut(), answer.headers_mut());
        match read(&mut answer, whole.body_mut(), exchange.max_body, &mut deadline).await {
            Ok(()) => Ok(whole),
            Err(broken) => Err(TransportFailure { partial: Some(Partial { status: status.as_u16(), body: whole.into_body() }), ..broken }),
        }
    }
}

impl Execute for Client {
    async fn execute(&self, exchange: &Exchange) -> ExchangeResult {
        Self::execute(self, exchange).await
    }
}

pub(crate) fn built(builder: ClientBuilder) -> Result<reqwest::Client, BuildError> {
    builder.build().map_err(|error| BuildError::Client(error.without_url().to_string()))
}

/// Applies the settings that every exchange needs, whatever the caller configured.
pub(crate) fn pinned(builder: ClientBuilder) -> ClientBuilder {
    builder
        // A redirect is an answer. A client that followed it would hand the body to another host.
        .redirect(Policy::none())
        .referer(false)
        // The ceremony decides whether a request may be repeated.
        .retry(retry::never())
        // A small compressed body may become a very large one.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        // HTTP/2 would share a connection, and it would repeat a request that the server refused to process.
        .http1_only()
        // A head that breaks the rules must not cost the answer, which may hold a credential.
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_ignore_invalid_headers_in_responses(true)
        // As many as ureq takes, so that both clients have one limit.
        .http1_max_headers(128)
        .connect_timeout(CONNECT_TIMEOUT)
        // A poll comes every five seconds or more, and servers close idle connections after five. A request on a connection that is about
        // to close would be lost, so no connection is kept.
        .pool_max_idle_per_host(0)
}

/// The body of a request. hyper reads it as soon as it has a connection to write it to. Before that, the service cannot have carried out
/// anything. hyper may not read an empty body, so a request with an empty body counts as sent.
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

/// Reads at most `max` bytes of the body into `bytes`. If the body is not complete, the failure says why.
async fn read(answer: &mut reqwest::Response, bytes: &mut Vec<u8>, max: usize, deadline: &mut Deadline) -> Result<(), TransportFailure> {
    loop {
        let chunk = deadline.bound(answer.chunk(), || true).await.map_err(|cut| cut_off(cut, true))?;
        let Some(chunk) = chunk.map_err(|error| failure(&error, true))? else { return Ok(()) };
        let room = max.saturating_sub(bytes.len());
        bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            return Err(TransportFailure::new(TransportKind::BodyTooLarge, Delivery::Unknown));
        }
    }
}

/// The failure of an exchange that came to no end. `begun` says that the body of the request may have been sent.
fn cut_off(cut: Cut, begun: bool) -> TransportFailure {
    let (kind, text) = match cut {
        Cut::TooLate => (TransportKind::Timeout, "the deadline is over"),
        Cut::Panicked if begun => (TransportKind::Closed, "the HTTP library panicked"),
        Cut::Panicked => (TransportKind::Connect, "the HTTP library panicked"),
    };
    let delivery = if begun { Delivery::Unknown } else { Delivery::NotSent };
    TransportFailure { text: text.to_owned(), ..TransportFailure::new(kind, delivery) }
}

/// Translates the error into the terms of the ceremonies. `begun` says that the body of the request may have been sent.
fn failure(error: &reqwest::Error, begun: bool) -> TransportFailure {
    let delivery = if begun && !error.is_connect() { Delivery::Unknown } else { Delivery::NotSent };
    TransportFailure { kind: kind(error, begun), delivery, partial: None, text: text(error) }
}

/// Turns a 407 of the proxy into a failure. reqwest hands the proxy a request for a plain http URL as it is, without a tunnel, and the
/// 407 of the proxy comes back as the answer to it.
fn reject_407_of_proxy(
    answer: Response<Vec<u8>>,
    exchange: &Exchange,
    proxy: Option<&Proxy>,
) -> Result<Response<Vec<u8>>, TransportFailure> {
    let has_no_tunnel = proxy.is_some() && exchange.request.uri().scheme_str() == Some("http");
    if has_no_tunnel && answer.status() == 407 { Err(proxy_wants_login()) } else { Ok(answer) }
}

/// The kind of an error. A timeout is checked first, because reqwest also reports it as an error of the operation that timed out.
fn kind(error: &reqwest::Error, begun: bool) -> TransportKind {
    let causes = || causes(error);
    let says = |words: &str| causes().any(|cause| cause.to_string().starts_with(words));
    let io =
        |wanted: &[io::ErrorKind]| causes().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| wanted.contains(&io.kind()));
    match () {
        () if error.is_timeout() => TransportKind::Timeout,
        () if causes().any(|cause| cause.is::<rustls::Error>()) => TransportKind::Tls,
        () if io(&[io::ErrorKind::ConnectionRefused]) => TransportKind::Connect,
        // The errors of hyper-util have no public type, so only their text identifies them.
        () if says("dns error") => TransportKind::Dns,
        () if says("tunnel error") || says("SOCKS error") => TransportKind::Proxy,
        () if error.is_connect() || !begun => TransportKind::Connect,
        () if error.is_builder() || causes().any(is_parse) || io(&[io::ErrorKind::InvalidInput, io::ErrorKind::InvalidData]) => {
            TransportKind::BadHttp
        }
        () => TransportKind::Closed,
    }
}

/// The causes of the error, outermost first. The text of the error itself is left out, because it would name the URL.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        // The source of an `io::Error` is the source of the error that it wraps, not that error itself.
        Some(wrapped) => Some(wrapped),
        None => cause.source(),
    })
}

fn is_parse(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)
}

/// The text of the innermost cause, printable and cut. It never contains the URL, which may hold a secret.
fn text(error: &reqwest::Error) -> String {
    if let Some(text) = causes(error).filter_map(|cause| cause.downcast_ref()).find_map(certificate_text) {
        return text.to_owned();
    }
    let words = causes(error).last().map(ToString::to_string).unwrap_or_default();
    // hyper-util has no public type for this error.
    if words.ends_with("proxy authorization required") {
        return PROXY_WANTS_LOGIN.to_owned();
    }
    printable(&words)
}
