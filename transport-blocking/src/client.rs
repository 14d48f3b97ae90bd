//! One exchange over ureq: sent once, read up to its cap, and reported without judgement.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use enlist_core::{BadProxy, Delivery, Exchange, Origin, Partial, Proxies, TransportFailure, TransportKind};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Request, Response, Uri};
use ureq::{Agent, Error, Proxy, SendBody, Timeout};

use crate::builder::{BuildError, ClientBuilder};
use crate::log;

/// How long a connection may take to stand: name, TCP, proxy and TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// How many bytes a status line and its headers may have.
const MAX_HEADERS: usize = 32 * 1024;
/// How many characters of a library's words are kept.
const MAX_TEXT: usize = 160;
/// A proxy's 407.
const WANTS_LOGIN: &str = "407: it wants a name and a password";

/// Sends exchanges over ureq, with rustls on ring and the Mozilla roots that are compiled in.
///
/// Whatever agent it is made from, each exchange is sent once, over a connection of its own; no redirect is followed, every
/// status is an answer, nothing is decompressed. It does not insist on https: the ceremonies pin their origins, and allow
/// plain http on loopback only.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) agent: Agent,
    pub(crate) route: Route,
}

/// Which way requests go.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    By(Proxies),
    /// As the agent has it; but never through a proxy to this machine itself.
    OfAgent,
    /// None can go: the environment names a proxy that is none.
    Nowhere(BadProxy),
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client that goes by the proxies that the environment names ([`Proxies`]), but never to this machine itself, and trusts
    /// the Mozilla roots.
    ///
    /// A SOCKS proxy does as well as an HTTP one. A variable that names no proxy makes each exchange fail: to go without
    /// the proxy that somebody asked for would be worse. Nothing is opened, and no trust roots are loaded, before a connection
    /// needs them.
    #[must_use]
    pub fn new() -> Self {
        match Self::builder().build() {
            Ok(client) => client,
            Err(BuildError::Proxy(bad)) => Self { agent: Agent::new_with_defaults(), route: Route::Nowhere(bad) },
            // Only further roots could be refused.
            Err(_) => Self::from_agent(Agent::new_with_defaults()),
        }
    }

    /// For proxies named by hand, and for a company's own certificates.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client over an agent of one's own, for its trust roots, proxy and resolver. What is pinned for each exchange stays so.
    /// Compile ureq without its `gzip` and `brotli`: with them it decompresses whatever it is told.
    #[must_use]
    pub fn from_agent(agent: Agent) -> Self {
        Self { agent, route: Route::OfAgent }
    }

    /// Sends the exchange, once, and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`TransportFailure`] when no whole answer came, with what had come of it.
    pub fn execute(&self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        let started = Instant::now();
        let proxy = self.proxy_for(exchange.request.uri());
        let by_proxy = matches!(proxy, Ok(Some(_)));
        let answer = proxy.and_then(|proxy| self.send(exchange, proxy));
        log::exchange(exchange, by_proxy, started.elapsed(), &answer);
        answer
    }

    fn send(&self, exchange: &Exchange, proxy: Option<Proxy>) -> Result<Response<Vec<u8>>, TransportFailure> {
        let by_proxy = proxy.clone();
        let mut body = Outgoing { bytes: exchange.request.body(), begun: exchange.request.body().is_empty() };
        let answer = self.agent.run(self.pinned(exchange, &mut body, proxy));
        let answer = answer.map_err(|error| on_the_way(failure(&error, body.begun), by_proxy.as_ref()));
        let (mut parts, body) = answer?.into_parts();
        // ureq leaves the URL there.
        parts.extensions.clear();
        match read(body, exchange.max_body) {
            (bytes, None) => Ok(Response::from_parts(parts, bytes)),
            (bytes, Some(broken)) => {
                Err(TransportFailure { partial: Some(Partial { status: parts.status.as_u16(), body: bytes }), ..broken })
            }
        }
    }

    /// The proxy on the way to `uri`.
    fn proxy_for(&self, uri: &Uri) -> Result<Option<Proxy>, TransportFailure> {
        let nowhere = |text: String| TransportFailure { kind: TransportKind::Proxy, delivery: Delivery::NotSent, partial: None, text };
        match &self.route {
            // No proxy has any business between this machine and itself.
            Route::OfAgent => Ok(self.agent.config().proxy().filter(|proxy| !is_loopback(uri) && !proxy.is_no_proxy(uri)).cloned()),
            Route::By(proxies) => {
                let proxy = proxies.proxy_for(uri).map(|proxy| Proxy::new(&proxy.expose()));
                proxy.transpose().map_err(|_| nowhere(String::new()))
            }
            Route::Nowhere(bad) => Err(nowhere(bad.to_string().chars().take(MAX_TEXT).collect())),
        }
    }

    /// The request as ureq takes it, with everything that must hold for it.
    fn pinned<'a>(&self, exchange: &Exchange, body: &'a mut Outgoing<'_>, proxy: Option<Proxy>) -> Request<SendBody<'a>> {
        let sent = &exchange.request;
        let mut request = Request::new(SendBody::from_reader(body));
        *request.method_mut() = sent.method().clone();
        *request.uri_mut() = sent.uri().clone();
        *request.headers_mut() = sent.headers().clone();
        // Else ureq would send the body chunked, as it does a reader's.
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(sent.body().len()));
        self.agent
            .configure_request(request)
            // A refusal's body says what to do next; as an error it would be thrown away.
            .http_status_as_error(false)
            // A redirect is an answer. Following it would hand the body to whomever it names.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // What was sent is what the ceremony built: ureq adds no header of its own, and asks for no compression.
            .accept_encoding("")
            .accept("")
            .user_agent("")
            // No end of headers is no answer.
            .max_response_header_size(MAX_HEADERS)
            .timeout_connect(Some(CONNECT))
            // One deadline for the whole: a time for each read would never stop a drip.
            .timeout_global(Some(exchange.timeout))
            // A connection that somebody else's agent kept is not taken either.
            .max_idle_age(Duration::ZERO)
            .proxy(proxy)
            .build()
    }
}

/// The body on its way out. ureq asks for it as soon as it has a connection and has written the request's head to it: until
/// then the service cannot have carried out anything. An empty body, which it does not ask for, counts as sent.
struct Outgoing<'a> {
    bytes: &'a [u8],
    begun: bool,
}

impl Read for Outgoing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.begun = true;
        self.bytes.read(buffer)
    }
}

fn is_loopback(uri: &Uri) -> bool {
    let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else { return false };
    Origin::parse(&format!("{scheme}://{authority}")).is_ok_and(|origin| origin.is_loopback())
}

/// At most `max` bytes of the body, and why that is not all of it.
fn read(body: ureq::Body, max: usize) -> (Vec<u8>, Option<TransportFailure>) {
    let mut bytes = Vec::new();
    let one_more = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    let end = body.into_reader().take(one_more).read_to_end(&mut bytes);
    let too_large = bytes.len() > max;
    bytes.truncate(max);
    match end {
        _ if too_large => (bytes, Some(TransportFailure::new(TransportKind::BodyTooLarge, Delivery::Unknown))),
        Ok(_) => (bytes, None),
        Err(error) => (bytes, Some(failure(&error.into(), true))),
    }
}

/// An error in the ceremonies' terms; `begun` when the request's body may have been sent.
fn failure(error: &Error, begun: bool) -> TransportFailure {
    let kind = kind(error, begun);
    // TLS is not among them: it can break after the request as well as before.
    let before_sending = matches!(kind, TransportKind::Dns | TransportKind::Connect | TransportKind::Proxy)
        || matches!(error, Error::Timeout(Timeout::Resolve | Timeout::Connect))
        || is_certificate(error);
    let delivery = if begun && !before_sending { Delivery::Unknown } else { Delivery::NotSent };
    TransportFailure { kind, delivery, partial: None, text: text(error) }
}

/// The same when a proxy is on the way: what cannot be reached then is the proxy. What it says of the service's name or port it
/// says in its answer.
fn on_the_way(failure: TransportFailure, proxy: Option<&Proxy>) -> TransportFailure {
    let Some(proxy) = proxy else { return failure };
    let is_out_of_reach = match failure.kind {
        TransportKind::Connect => true,
        TransportKind::Dns => !proxy.resolve_target(),
        _ => false,
    };
    if is_out_of_reach { TransportFailure { kind: TransportKind::Proxy, ..failure } } else { failure }
}

fn kind(error: &Error, begun: bool) -> TransportKind {
    match error {
        Error::Timeout(_) => TransportKind::Timeout,
        _ if is_certificate(error) => TransportKind::Tls,
        Error::Io(error) => io_kind(error, begun),
        Error::HostNotFound => TransportKind::Dns,
        Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => TransportKind::Proxy,
        Error::Tls(_) | Error::Rustls(_) | Error::TlsRequired => TransportKind::Tls,
        Error::Protocol(_) | Error::LargeResponseHeader(..) | Error::Http(_) | Error::BadUri(_) => TransportKind::BadHttp,
        _ if begun => TransportKind::Closed,
        _ => TransportKind::Connect,
    }
}

fn io_kind(error: &io::Error, begun: bool) -> TransportKind {
    match error.kind() {
        io::ErrorKind::TimedOut => TransportKind::Timeout,
        io::ErrorKind::ConnectionRefused => TransportKind::Connect,
        _ if is_failed_lookup(error) => TransportKind::Dns,
        _ if begun => TransportKind::Closed,
        // So rustls reports a certificate that it does not accept, and bytes that are no TLS.
        io::ErrorKind::InvalidData => TransportKind::Tls,
        _ => TransportKind::Connect,
    }
}

/// The server's certificate was looked at, before anything was sent, and not accepted.
fn is_certificate(error: &Error) -> bool {
    let tls = match error {
        Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        Error::Rustls(error) => Some(error),
        _ => None,
    };
    matches!(tls, Some(rustls::Error::InvalidCertificate(_)))
}

/// The standard library has no kind for a failed lookup, only these words.
fn is_failed_lookup(error: &io::Error) -> bool {
    error.raw_os_error().is_none() && error.to_string().starts_with("failed to lookup address")
}

/// The library's words, printable and not many, unless they may quote the URL, a header or the answer.
fn text(error: &Error) -> String {
    let words = match error {
        Error::Io(_) | Error::Timeout(_) | Error::Tls(_) | Error::Rustls(_) | Error::LargeResponseHeader(..) => error.to_string(),
        Error::ConnectProxyFailed(why) if why.contains("407") => WANTS_LOGIN.to_owned(),
        Error::ConnectProxyFailed(_) => error.to_string(),
        _ => String::new(),
    };
    words.chars().map(|c| if c.is_ascii_graphic() { c } else { ' ' }).take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_says_by_its_phase_whether_anything_was_sent() {
        for (phase, begun, delivery) in [
            (Timeout::Resolve, true, Delivery::NotSent),
            (Timeout::Connect, true, Delivery::NotSent),
            (Timeout::Global, false, Delivery::NotSent),
            (Timeout::Global, true, Delivery::Unknown),
            (Timeout::RecvBody, true, Delivery::Unknown),
        ] {
            let failure = failure(&Error::Timeout(phase), begun);
            assert_eq!((failure.kind, failure.delivery), (TransportKind::Timeout, delivery), "{phase:?}");
        }
        let by_the_system = Error::Io(io::ErrorKind::TimedOut.into());
        assert_eq!(failure(&by_the_system, true).kind, TransportKind::Timeout);
    }

    #[test]
    fn tls_that_breaks_after_the_request_may_have_delivered_it() {
        for (begun, delivery) in [(false, Delivery::NotSent), (true, Delivery::Unknown)] {
            let failure = failure(&Error::Tls("broken"), begun);
            assert_eq!((failure.kind, failure.delivery), (TransportKind::Tls, delivery));
        }
    }

    #[test]
    fn words_that_may_quote_the_request_are_left_out_and_the_rest_is_made_printable() {
        assert_eq!(text(&Error::BadUri("http://x/?token=secret".into())), "");
        assert_eq!(text(&Error::Other("secret".into())), "");
        let wild = io::Error::other("\u{1b}[2J\u{202e}ab\n".to_owned() + &"x".repeat(1000));
        let text = text(&Error::Io(wild));
        assert!(text.starts_with("io:  [2J ab xx") && text.len() == MAX_TEXT, "{text}");
    }

    #[test]
    fn this_machine_has_many_names() {
        for (uri, expected) in [
            ("http://localhost/", true),
            ("http://LOCALHOST:1/", true),
            ("https://127.8.9.10:1/x?y", true),
            ("http://[::1]:1/", true),
            ("https://localhost.example/", false),
            ("https://app.opentrain.ai/", false),
            ("/path", false),
        ] {
            assert_eq!(is_loopback(&uri.parse().unwrap()), expected, "{uri}");
        }
    }
}
