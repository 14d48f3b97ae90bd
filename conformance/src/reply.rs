//! What becomes of one request: on the wire, and in the words of a client that does its duty.

use std::fmt::Write as _;

use enlist_core::{Delivery, Partial, TransportFailure, TransportKind};
use http::Response;

/// The result of an exchange, as a client reports it.
pub(crate) type Answered = Result<Response<Vec<u8>>, TransportFailure>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Answer(Answer),
    /// The request is read, and the connection closed.
    NoAnswer,
    /// The head of the request is read, and the connection closed on the rest.
    Reset,
    /// The request is read, and nothing comes.
    Silence,
    /// The request never gets as far as the service.
    Detour(Detour),
    /// These bytes, and the end of the connection; what they come to.
    Bytes(&'static str, TransportKind),
    /// The first, then the second again and again: in the head, which no client must take, or in the body.
    Endless {
        first: &'static str,
        again: &'static str,
        in_body: bool,
    },
    /// A head, one byte at a time.
    DrippedHead,
}

/// Where a request goes instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detour {
    UnknownName,
    Refused,
    /// A peer that wants another TLS.
    TlsAlert,
    /// A peer that hangs up on the TLS handshake.
    TlsCut,
    /// A peer that never answers the TLS handshake.
    TlsSilence,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) framing: Framing,
}

/// How the body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// With its length; the connection stays open for more.
    Length,
    /// The same after a `103 Early Hints`.
    AfterHints,
    /// With its length; then the connection is closed, although nothing said so.
    ThenClosed,
    Chunked,
    /// Without a length: the end of the connection is its end.
    UntilClose,
    /// With its length; but after so many bytes the connection is closed.
    Cut(usize),
    /// The same with chunks.
    CutInChunks(usize),
    /// With its length; but after so many bytes nothing more comes.
    Stalled(usize),
    /// With its length, one byte at a time, too slowly.
    Dripped,
    /// With the length of so many bytes less; the rest follows all the same.
    TooShort(usize),
}

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Answer::json(status, body).into()
    }

    /// Whether it takes the client's deadline to end it.
    pub(crate) fn is_slow(&self) -> bool {
        match self {
            Self::Silence | Self::DrippedHead | Self::Detour(Detour::TlsSilence) => true,
            Self::Answer(answer) => matches!(answer.framing, Framing::Stalled(_) | Framing::Dripped),
            _ => false,
        }
    }

    /// Whether it needs a client that speaks https.
    pub(crate) fn needs_https(&self) -> bool {
        matches!(self, Self::Detour(Detour::TlsAlert | Detour::TlsCut | Detour::TlsSilence))
    }

    /// What a client that does its duty makes of it.
    pub(crate) fn expected(&self, max_body: usize) -> Answered {
        let failed = |kind, delivery| Err(TransportFailure::new(kind, delivery));
        match self {
            Self::Answer(answer) => answer.expected(max_body),
            Self::NoAnswer | Self::Reset => failed(TransportKind::Closed, Delivery::Unknown),
            Self::Silence | Self::DrippedHead => failed(TransportKind::Timeout, Delivery::Unknown),
            Self::Detour(detour) => failed(detour.kind(), Delivery::NotSent),
            Self::Bytes(_, kind) => failed(*kind, Delivery::Unknown),
            Self::Endless { in_body: false, .. } => failed(TransportKind::BadHttp, Delivery::Unknown),
            Self::Endless { again, .. } => Answer::new(200, again.repeat(max_body)).expected(max_body),
        }
    }
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

    /// With the origins in place of their names.
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

    /// What comes of the body.
    pub(crate) fn sent(&self) -> &[u8] {
        let sent = match self.framing {
            Framing::Cut(sent) | Framing::CutInChunks(sent) | Framing::Stalled(sent) => sent,
            Framing::TooShort(less) => self.body.len().saturating_sub(less),
            // How far it comes is chance.
            Framing::Dripped => 0,
            Framing::Length | Framing::AfterHints | Framing::ThenClosed | Framing::Chunked | Framing::UntilClose => self.body.len(),
        };
        self.body.get(..sent).unwrap_or(&self.body)
    }

    /// Status line and headers.
    pub(crate) fn head(&self) -> String {
        let hints = if self.framing == Framing::AfterHints { "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" } else { "" };
        let mut head = format!("{hints}HTTP/1.1 {} Status\r\n", self.status);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = match self.framing {
            Framing::Chunked | Framing::CutInChunks(_) => write!(head, "transfer-encoding: chunked\r\n\r\n"),
            Framing::UntilClose => write!(head, "connection: close\r\n\r\n"),
            Framing::TooShort(_) => write!(head, "content-length: {}\r\n\r\n", self.sent().len()),
            _ => write!(head, "content-length: {}\r\n\r\n", self.body.len()),
        };
        head
    }

    fn expected(&self, max_body: usize) -> Answered {
        let sent = self.sent();
        let failed = |kind, bytes: &[u8]| {
            let partial = Some(Partial { status: self.status, body: bytes.to_vec() });
            Err(TransportFailure { partial, ..TransportFailure::new(kind, Delivery::Unknown) })
        };
        match self.framing {
            Framing::Stalled(_) | Framing::Dripped => failed(TransportKind::Timeout, sent),
            Framing::Cut(_) | Framing::CutInChunks(_) => failed(TransportKind::Closed, sent),
            _ if sent.len() > max_body => failed(TransportKind::BodyTooLarge, sent.get(..max_body).unwrap_or_default()),
            _ => Ok(self.response(sent)),
        }
    }

    fn response(&self, body: &[u8]) -> Response<Vec<u8>> {
        let builder = Response::builder().status(self.status);
        let builder = self.headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, value));
        // The statuses and headers are written out in this module's cases.
        builder.body(body.to_vec()).unwrap_or_default()
    }
}
