//! Sends one exchange over ureq, reads the answer up to its limit, and reports what happened without judging it.

use std::cell::Cell;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use enlist_core::{Delivery, Exchange, ExchangeResult, Partial, TransportFailure, TransportKind};
use enlist_net::{CONNECT_TIMEOUT, PROXY_WANTS_LOGIN, Proxies, blame_proxy, certificate_text, is_loopback, printable, record_exchange};
use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Request, Response, Uri};
use ureq::{Agent, Error, Proxy, SendBody, Timeout};

use crate::agent::AgentFactory;
use crate::drive::Execute;
use crate::head::MAX_HEADS;

/// The largest head that an agent of the caller takes, in bytes. It must fit into the agent's buffer, which usually has 128 KiB.
const MAX_HEAD_OF_CALLERS: usize = 100 * 1024;

/// Sends exchanges over ureq, with rustls on ring and the Mozilla roots, which are compiled in.
///
/// Each exchange is sent once, over a connection of its own, whatever agent the client is made from. No redirect is followed, every status
/// is an answer, and nothing is decompressed. The client does not insist on https: the ceremonies pin their origins and allow plain http
/// for a loopback host only.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) agents: Agents,
    /// The proxy rules. `None` if the agent is the caller's: its own proxy applies then, except for this machine itself.
    pub(crate) proxies: Option<Proxies>,
}

/// Where the agent of an exchange comes from.
#[derive(Clone, Debug)]
pub(crate) enum Agents {
    /// Each exchange has an agent of its own, which knows its deadline.
    PerExchange(AgentFactory),
    /// All exchanges have the caller's agent.
    Callers(Agent),
}

impl Client {
    /// Makes a client over the caller's own agent, with that agent's roots, proxy and resolver. The settings that every exchange needs
    /// override those of the agent. Compile ureq without its features `gzip` and `brotli`: with them it decompresses every body.
    ///
    /// Such a client gives up at the deadline even if the answer has arrived and was not read yet, and fails with a head that breaks the
    /// rules. Only a client that was built ([`Client::builder`]) has this crate's own connectors, which read both.
    #[must_use]
    pub fn from_agent(agent: Agent) -> Self {
        Self { agents: Agents::Callers(agent), proxies: None }
    }

    /// Sends the exchange once and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// [`TransportFailure`] if the answer is not complete, with the part that arrived.
    pub fn execute(&self, exchange: &Exchange) -> ExchangeResult {
        let started = Instant::now();
        let proxy = self.proxy_for(exchange.request.uri());
        let by_proxy = matches!(proxy, Ok(Some(_)));
        let answer = proxy.and_then(|proxy| self.send(exchange, proxy));
        record_exchange(exchange, by_proxy, started.elapsed(), &answer);
        answer
    }

    fn send(&self, exchange: &Exchange, proxy: Option<Proxy>) -> ExchangeResult {
        let begun = Cell::new(exchange.request.body().as_bytes().is_empty());
        // The library must not panic. If it does, the caller still learns whether anything was sent.
        let sent = catch_unwind(AssertUnwindSafe(|| self.send_once(exchange, proxy, &begun)));
        sent.unwrap_or_else(|_| Err(panicked(begun.get())))
    }

    fn send_once(&self, exchange: &Exchange, proxy: Option<Proxy>, begun: &Cell<bool>) -> ExchangeResult {
        let mut body = Outgoing { bytes: exchange.request.body().as_bytes(), begun };
        let by_proxy = proxy.clone();
        let agent = match &self.agents {
            Agents::PerExchange(factory) => factory.agent(deadline(exchange.timeout)),
            Agents::Callers(agent) => agent.clone(),
        };
        let answer = agent.run(self.pinned(&agent, exchange, &mut body, proxy));
        let answer = answer.map_err(|error| {
            let failure = failure(&error, begun.get());
            if let Some(proxy) = by_proxy { blame_proxy(failure, proxy.resolve_target()) } else { failure }
        });
        let (mut parts, body) = answer?.into_parts();
        // ureq leaves the URL in the extensions.
        parts.extensions.clear();
        match read(body, exchange.max_body) {
            (bytes, None) => Ok(Response::from_parts(parts, bytes)),
            (bytes, Some(broken)) => {
                Err(TransportFailure { partial: Some(Partial { status: parts.status.as_u16(), body: bytes }), ..broken })
            }
        }
    }

    /// The proxy for a request to `uri`.
    fn proxy_for(&self, uri: &Uri) -> Result<Option<Proxy>, TransportFailure> {
        if let Agents::Callers(agent) = &self.agents {
            let proxy = agent.config().proxy();
            return Ok(proxy.filter(|proxy| !is_loopback(uri) && !proxy.is_no_proxy(uri)).cloned());
        }
        let Some(proxies) = &self.proxies else { return Ok(None) };
        let proxy = proxies.proxy_for(uri).map(|proxy| Proxy::new(&proxy.expose()));
        proxy.transpose().map_err(|_| TransportFailure::new(TransportKind::Proxy, Delivery::NotSent))
    }

    /// Builds the request in the form that ureq takes, with every setting that an exchange needs.
    fn pinned<'a>(&self, agent: &Agent, exchange: &Exchange, body: &'a mut Outgoing<'_>, proxy: Option<Proxy>) -> Request<SendBody<'a>> {
        let sent = &exchange.request;
        let mut request = Request::new(SendBody::from_reader(body));
        *request.method_mut() = sent.method().clone();
        *request.uri_mut() = sent.uri().clone();
        *request.headers_mut() = sent.headers().clone();
        // Without a length, ureq would send the body of a reader in chunks.
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(sent.body().as_bytes().len()));
        // One deadline covers the whole exchange. A timeout for each read would never stop a slow drip of bytes.
        let (timeout, max_head) = match &self.agents {
            // The connectors keep the deadline: ureq itself would not read the answer that is in the socket when it is over.
            Agents::PerExchange(_) => (None, MAX_HEADS),
            Agents::Callers(_) => (Some(exchange.timeout), MAX_HEAD_OF_CALLERS),
        };
        agent
            .configure_request(request)
            // The body of a refusal says what to do next. ureq would drop it if the refusal were an error.
            .http_status_as_error(false)
            // A redirect is an answer. A client that followed it would hand the body to another host.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The ceremony built the request: ureq adds no header of its own and asks for no compression.
            .accept_encoding("")
            .accept("")
            .user_agent("")
            // A response whose headers never end is not an answer.
            .max_response_header_size(max_head)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(timeout)
            // A connection that the agent of the caller kept is not reused either.
            .max_idle_age(Duration::ZERO)
            .proxy(proxy)
            .build()
    }
}

impl Execute for Client {
    fn execute(&self, exchange: &Exchange) -> ExchangeResult {
        Self::execute(self, exchange)
    }
}

/// The moment at which an exchange that begins now must be over.
fn deadline(timeout: Duration) -> Instant {
    // A timeout beyond the range of the clock is no deadline; a year is far enough.
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or_else(|| now + Duration::from_secs(365 * 86_400))
}

/// The body of a request. ureq reads it as soon as it has a connection and has written the head of the request to it. Before that, the
/// service cannot have carried out anything. ureq does not read an empty body, so a request with an empty body counts as sent.
struct Outgoing<'a> {
    bytes: &'a [u8],
    begun: &'a Cell<bool>,
}

impl Read for Outgoing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.begun.set(true);
        self.bytes.read(buffer)
    }
}

/// Reads at most `max` bytes of the body. If the body is not complete, the failure says why.
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

/// The failure of an exchange in which the library panicked.
fn panicked(begun: bool) -> TransportFailure {
    let (kind, delivery) = if begun { (TransportKind::Closed, Delivery::Unknown) } else { (TransportKind::Connect, Delivery::NotSent) };
    TransportFailure { text: "the HTTP library panicked".to_owned(), ..TransportFailure::new(kind, delivery) }
}

/// Translates the error into the terms of the ceremonies. `begun` says that the body of the request may have been sent.
fn failure(error: &Error, begun: bool) -> TransportFailure {
    let kind = kind(error, begun);
    // TLS is missing here, because it can break after the request as well as before it.
    let before_sending = matches!(kind, TransportKind::Dns | TransportKind::Connect | TransportKind::Proxy)
        || matches!(error, Error::Timeout(Timeout::Resolve | Timeout::Connect))
        || refused_certificate(error).is_some();
    let delivery = if begun && !before_sending { Delivery::Unknown } else { Delivery::NotSent };
    TransportFailure { kind, delivery, partial: None, text: text(error) }
}

fn kind(error: &Error, begun: bool) -> TransportKind {
    match error {
        Error::Timeout(_) => TransportKind::Timeout,
        _ if refused_certificate(error).is_some() => TransportKind::Tls,
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
        // rustls reports a certificate that it does not accept, and bytes that are not TLS, with this kind.
        io::ErrorKind::InvalidData => TransportKind::Tls,
        _ => TransportKind::Connect,
    }
}

/// Why the certificate of the server was not accepted, if that is the error. It happens before anything is sent.
fn refused_certificate(error: &Error) -> Option<&'static str> {
    let tls = match error {
        Error::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()),
        Error::Rustls(error) => Some(error),
        _ => None,
    };
    tls.and_then(certificate_text)
}

/// Whether a name could not be resolved. The standard library has no kind for this, so only the text identifies it.
fn is_failed_lookup(error: &io::Error) -> bool {
    error.raw_os_error().is_none() && error.to_string().starts_with("failed to lookup address")
}

/// The error text of ureq, printable and cut, unless it may quote the URL, a header or the answer.
fn text(error: &Error) -> String {
    if let Some(text) = refused_certificate(error) {
        return text.to_owned();
    }
    let words = match error {
        Error::Io(_) | Error::Timeout(_) | Error::Tls(_) | Error::Rustls(_) | Error::LargeResponseHeader(..) => error.to_string(),
        Error::ConnectProxyFailed(why) if why.contains("407") => PROXY_WANTS_LOGIN.to_owned(),
        Error::ConnectProxyFailed(_) => error.to_string(),
        _ => String::new(),
    };
    printable(&words)
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
    fn text_that_may_quote_the_request_is_left_out_and_the_rest_is_made_printable() {
        assert_eq!(text(&Error::BadUri("http://x/?token=secret".into())), "");
        assert_eq!(text(&Error::Other("secret".into())), "");
        let wild = io::Error::other("\u{1b}[2J\u{202e}ab\n".to_owned() + &"x".repeat(1000));
        let text = text(&Error::Io(wild));
        assert!(text.starts_with("io:  [2J ab xx") && text.len() == enlist_net::MAX_TEXT, "{text}");
    }
}
