//! The reply to one request: on the wire, and as a correct client reports it.

use std::fmt::Write as _;
use std::time::Duration;

use enlist_core::{Delivery, ExchangeResult, Partial, TransportFailure, TransportKind};
use http::Response;

/// The fate of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answer(Answer),
    /// The request is read, and the connection closed.
    NoAnswer,
    /// The head of the request is read, and the connection closed on the rest.
    Reset,
    /// The request is read, and nothing is sent.
    Silence,
    /// The request is diverted and never reaches the service.
    Detour(Detour),
    /// These bytes are sent and the connection is closed. A client reports a failure of this kind.
    Bytes(&'static str, TransportKind),
    /// The first text is sent once and the second again and again, as a head or as a body.
    Endless {
        first: &'static str,
        again: &'static str,
        in_body: bool,
    },
    /// A head is sent one byte at a time.
    DrippedHead,
    /// An answer with this head and the body `{}`, after which the connection is closed. A client reports an answer with these headers,
    /// or a failure of this kind.
    Head {
        head: String,
        reported: Result<Vec<(&'static str, String)>, TransportKind>,
    },
}

/// The address to which a request is diverted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detour {
    UnknownName,
    Refused,
    /// A peer that refuses the TLS handshake.
    TlsAlert,
    /// A peer that hangs up on the TLS handshake.
    TlsCut,
    /// A peer that never answers the TLS handshake.
    TlsSilence,
}

/// An answer of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) framing: Framing,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// With its length. The connection stays open for another request.
    Length,
    /// With its length, after a `103 Early Hints`.
    AfterHints,
    /// With its length. Then the connection is closed without notice.
    ThenClosed,
    Chunked,
    /// Without a length. It ends with the connection.
    UntilClose,
    /// With its length, but the connection is closed after so many bytes.
    Cut(usize),
    /// In chunks, but the connection is closed after so many bytes.
    CutInChunks(usize),
    /// With its length, but nothing is sent after so many bytes.
    Stalled(usize),
    /// With its length, one byte at a time, and too slowly.
    Dripped,
    /// With its length, one byte each millisecond, for longer than the client may take.
    Trickled,
    /// With a length that is too large by so many bytes. Then the connection is closed.
    TooLong(usize),
    /// With a length that is too short by so many bytes, which are sent all the same.
    TooShort(usize),
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Answer::json(status, body).into()
    }

    /// An answer whose head has these lines beside its status and its length, and the headers that a client reports.
    pub(crate) fn head(lines: &[&str], reported: &[(&'static str, &str)]) -> Self {
        let reported = reported.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self::Head { head: head_of(lines), reported: Ok(reported) }
    }

    /// An answer whose head has these lines beside its status and its length, and with which a client fails.
    pub(crate) fn bad_head(lines: &[&str]) -> Self {
        Self::Head { head: head_of(lines), reported: Err(TransportKind::BadHttp) }
    }

    /// Whether it lasts until the client's deadline.
    pub(crate) fn is_slow(&self) -> bool {
        match self {
            Self::Silence | Self::DrippedHead | Self::Detour(Detour::TlsSilence) => true,
            Self::Answer(answer) => matches!(answer.framing, Framing::Stalled(_) | Framing::Dripped | Framing::Trickled),
            _ => false,
        }
    }

    /// How long after its deadline a client may end, at most.
    pub(crate) fn longest_delay(&self) -> Duration {
        match self {
            // The grace after a deadline must not begin anew with each byte.
            Self::Answer(Answer { framing: Framing::Trickled, .. }) => Duration::from_millis(500),
            _ => Duration::from_secs(3),
        }
    }

    /// Whether it needs a client that speaks https.
    pub(crate) fn needs_https(&self) -> bool {
        matches!(self, Self::Detour(Detour::TlsAlert | Detour::TlsCut | Detour::TlsSilence))
    }

    /// The result that a correct client reports.
    pub(crate) fn expected(&self, max_body: usize) -> ExchangeResult {
        let failed = |kind, delivery| Err(TransportFailure::new(kind, delivery));
        match self {
            Self::Answer(answer) => answer.expected(max_body),
            Self::Head { reported: Ok(headers), .. } => Answer { headers: headers.clone(), ..Answer::new(200, "{}") }.expected(max_body),
            Self::Head { reported: Err(kind), .. } => failed(*kind, Delivery::Unknown),
            Self::NoAnswer | Self::Reset => failed(TransportKind::Closed, Delivery::Unknown),
            Self::Silence | Self::DrippedHead => failed(TransportKind::Timeout, Delivery::Unknown),
            Self::Detour(detour) => failed(detour.kind(), Delivery::NotSent),
            Self::Bytes(_, kind) => failed(*kind, Delivery::Unknown),
            Self::Endless { in_body: false, .. } => failed(TransportKind::BadHttp, Delivery::Unknown),
            Self::Endless { again, .. } => Answer::new(200, again.repeat(max_body)).expected(max_body),
        }
    }
}

fn head_of(lines: &[&str]) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{}\r\n\r\n", lines.join("\r\n"))
}

impl Detour {
    const fn kind(self) -> TransportKind {
        match self {
            Self::UnknownName => TransportKind::Dns,
            Self::Refused | Self::TlsCut => TransportKind::Connect,
            Self::TlsAlert => TransportKind::Tls,
            Self::TlsSilence => TransportKind::Timeout,
        }
    }
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl Answer {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::new(status, body).with("content-type", "application/json")
    }

    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), framing: Framing::Length }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The answer with the origins in the place of the words `SERVICE` and `ELSEWHERE`.
    pub(crate) fn at(mut self, service: &str, elsewhere: &str) -> Self {
        let place = |text: &str| text.replace("SERVICE", service).replace("ELSEWHERE", elsewhere);
        for (_, value) in &mut self.headers {
            *value = place(value);
        }
        if let Ok(text) = std::str::from_utf8(&self.body) {
            self.body = place(text).into_bytes();
        }
        self
    }

    pub(crate) fn framed(self, framing: Framing) -> Self {
        Self { framing, ..self }
    }

    /// The part of the body that is sent.
    pub(crate) fn sent(&self) -> &[u8] {
        let sent = match self.framing {
            Framing::Cut(sent) | Framing::CutInChunks(sent) | Framing::Stalled(sent) => sent,
            Framing::TooShort(less) => self.body.len().saturating_sub(less),
            // How much of it arrives in time is chance.
            Framing::Dripped | Framing::Trickled => 0,
            Framing::Length | Framing::AfterHints | Framing::ThenClosed | Framing::Chunked | Framing::UntilClose | Framing::TooLong(_) => {
                self.body.len()
            }
        };
        self.body.get(..sent).unwrap_or(&self.body)
    }

    /// The status line and the headers.
    pub(crate) fn head(&self) -> String {
        let hints = if self.framing == Framing::AfterHints { "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" } else { "" };
        let mut head = format!("{hints}HTTP/1.1 {} Status\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = match self.framing {
            Framing::Chunked | Framing::CutInChunks(_) => write!(head, "transfer-encoding: chunked\r\n\r\n"),
            Framing::UntilClose => write!(head, "connection: close\r\n\r\n"),
            Framing::TooLong(more) => write!(head, "content-length: {}\r\n\r\n", self.body.len().saturating_add(more)),
            Framing::TooShort(_) => write!(head, "content-length: {}\r\n\r\n", self.sent().len()),
            _ => write!(head, "content-length: {}\r\n\r\n", self.body.len()),
        };
        head
    }

    fn expected(&self, max_body: usize) -> ExchangeResult {
        let sent = self.sent();
        let failed = |kind, bytes: &[u8]| {
            let partial = Some(Partial { status: self.status, body: bytes.to_vec() });
            Err(TransportFailure { partial, ..TransportFailure::new(kind, Delivery::Unknown) })
        };
        match self.framing {
            Framing::Stalled(_) | Framing::Dripped | Framing::Trickled => failed(TransportKind::Timeout, sent),
            Framing::Cut(_) | Framing::CutInChunks(_) | Framing::TooLong(_) => failed(TransportKind::Closed, sent),
            _ if sent.len() > max_body => failed(TransportKind::BodyTooLarge, sent.get(..max_body).unwrap_or_default()),
            _ => Ok(self.response(sent)),
        }
    }

    fn response(&self, body: &[u8]) -> Response<Vec<u8>> {
        let builder = Response::builder().status(self.status);
        let builder = self.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
        // Every status and header is a constant of this crate, and valid.
        builder.body(body.to_vec()).unwrap_or_default()
    }
}
