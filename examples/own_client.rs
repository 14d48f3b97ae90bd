//! An HTTP client of your own with the blocking loop: plain HTTP/1.1 over `std::net::TcpStream`, for loopback.
//!
//! ```sh
//! cargo run -p enlist-examples --example own_client
//! ```
//!
//! The example registers and claims an agent at a sandbox of its own. The conformance cases in `tests/conformance.rs` show that the client
//! fulfils the five duties of a client:
//!
//! * It follows no redirect and repeats nothing.
//! * It treats every status as an answer.
//! * The deadline applies to the whole exchange, and the client reads no more than the cap.
//! * It passes on all headers, both ways, and decompresses nothing.
//! * It reports `NotSent` only before the first byte was written.

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use enlist_blocking::{NoStore, SimpleHost, drive_to_end};
use enlist_core::claim::{Claim, Enrolment, EnrolmentPrompt, EnterCode};
use enlist_core::secret::Email;
use enlist_core::{Delivery, Exchange, Origin, Partial, TransportFailure, TransportKind};
use enlist_sandbox::{Config, Sandbox};
use http::Response;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

/// The greatest number of bytes of a status line and its headers.
const MAX_HEAD: usize = 32 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let config = Config { speed: 5, auto_approve: Some(Duration::from_millis(500)), ..Config::default() };
    let sandbox = Sandbox::start(config)?;
    let origin = Origin::parse(sandbox.opentrain_url())?;

    let mut host = SimpleHost::new(|never: &Infallible| match *never {}, |_: &EnrolmentPrompt| ControlFlow::Break(()));
    let registration = drive_to_end(&mut Enrolment::new(origin, None, None), &execute, &mut host, &mut NoStore)?;
    println!("registered");

    let show = |code: &EnterCode| println!("open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
    let mut host = SimpleHost::new(show, |never: &Infallible| match *never {});
    let mut claim = Claim::new(&registration, Email::parse("owner@example.com")?);
    let token = drive_to_end(&mut claim, &execute, &mut host, &mut NoStore)?;
    println!("claimed, with {:?}", token.scopes());
    Ok(())
}

/// Sends the exchange once and reads the whole answer.
pub fn execute(exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
    let mut wire = Wire::connect(exchange).map_err(|kind| TransportFailure::new(kind, Delivery::NotSent))?;
    // From here on the service may have seen the request.
    let unknown = |kind| TransportFailure::new(kind, Delivery::Unknown);
    wire.send(exchange).map_err(unknown)?;
    let (mut response, length) = wire.read_head().map_err(unknown)?;
    match wire.read_body(response.body_mut(), length, exchange.max_body) {
        Ok(()) => Ok(response),
        Err(kind) => {
            let partial = Partial { status: response.status().as_u16(), body: response.into_body() };
            Err(TransportFailure { partial: Some(partial), ..unknown(kind) })
        }
    }
}

/// A connection for one exchange.
struct Wire {
    stream: TcpStream,
    deadline: Instant,
    /// The bytes that have arrived and were not used yet.
    buffer: Vec<u8>,
}

/// How a body ends.
#[derive(Clone, Copy)]
enum Length {
    Known(usize),
    Chunks,
    UntilClose,
}

impl Wire {
    fn connect(exchange: &Exchange) -> Result<Self, TransportKind> {
        let deadline = Instant::now() + exchange.timeout;
        let uri = exchange.request.uri();
        let host = uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or(TransportKind::BadHttp)?;
        let addresses = (host, uri.port_u16().unwrap_or(80)).to_socket_addrs().map_err(|_| TransportKind::Dns)?;
        for address in addresses {
            if let Ok(stream) = TcpStream::connect_timeout(&address, remaining(deadline)?) {
                return Ok(Self { stream, deadline, buffer: Vec::new() });
            }
        }
        Err(TransportKind::Connect)
    }

    /// Writes the request in one piece, with the headers `host` and `content-length` added.
    fn send(&mut self, exchange: &Exchange) -> Result<(), TransportKind> {
        let request = &exchange.request;
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        let host = request.uri().authority().map_or("", |authority| authority.as_str());
        let mut bytes = format!("{} {target} HTTP/1.1\r\nhost: {host}\r\n", request.method()).into_bytes();
        for (name, value) in request.headers() {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend(format!("content-length: {}\r\n\r\n", request.body().as_bytes().len()).as_bytes());
        bytes.extend(request.body().as_bytes());
        self.stream.set_write_timeout(Some(remaining(self.deadline)?)).map_err(|_| TransportKind::Closed)?;
        self.stream.write_all(&bytes).map_err(|error| kind(&error))
    }

    /// Reads the first answer that is not a 1xx.
    fn read_head(&mut self) -> Result<(Response<Vec<u8>>, Length), TransportKind> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; 100];
            let mut head = httparse::Response::new(&mut headers);
            match head.parse(&self.buffer) {
                Ok(httparse::Status::Complete(size)) => {
                    let response = response(&head).ok_or(TransportKind::BadHttp)?;
                    self.buffer.drain(..size);
                    if !response.status().is_informational() {
                        let length = length(&response).ok_or(TransportKind::BadHttp)?;
                        return Ok((response, length));
                    }
                }
                Ok(httparse::Status::Partial) if self.buffer.len() > MAX_HEAD => return Err(TransportKind::BadHttp),
                Ok(httparse::Status::Partial) if self.read()? == 0 => return Err(TransportKind::Closed),
                Ok(httparse::Status::Partial) => {}
                Err(_) => return Err(TransportKind::BadHttp),
            }
        }
    }

    fn read_body(&mut self, body: &mut Vec<u8>, length: Length, max: usize) -> Result<(), TransportKind> {
        match length {
            Length::Known(length) => self.take(body, length, max),
            Length::UntilClose => loop {
                let came = self.buffer.len();
                self.take(body, came, max)?;
                if self.read()? == 0 {
                    return Ok(());
                }
            },
            Length::Chunks => loop {
                match self.chunk_size()? {
                    0 => return Ok(()),
                    size => self.take(body, size, max)?,
                }
                // The end of the line after a chunk.
                self.take(&mut Vec::new(), 2, 2)?;
            },
        }
    }

    fn chunk_size(&mut self) -> Result<usize, TransportKind> {
        loop {
            match httparse::parse_chunk_size(&self.buffer) {
                Ok(httparse::Status::Complete((start, size))) => {
                    self.buffer.drain(..start);
                    return usize::try_from(size).map_err(|_| TransportKind::BadHttp);
                }
                Ok(httparse::Status::Partial) if self.read()? == 0 => return Err(TransportKind::Closed),
                Ok(httparse::Status::Partial) => {}
                Err(_) => return Err(TransportKind::BadHttp),
            }
        }
    }

    /// Reads this number of bytes into `body`, which may grow to `max` bytes.
    fn take(&mut self, body: &mut Vec<u8>, mut wanted: usize, max: usize) -> Result<(), TransportKind> {
        while wanted > 0 {
            if self.buffer.is_empty() && self.read()? == 0 {
                return Err(TransportKind::Closed);
            }
            let room = max - body.len();
            let came = wanted.min(self.buffer.len());
            body.extend(self.buffer.drain(..came.min(room)));
            if came > room {
                return Err(TransportKind::BodyTooLarge);
            }
            wanted -= came;
        }
        Ok(())
    }

    /// Reads once; the result is empty at the end. The deadline applies to the whole exchange, so each read gets the remaining time.
    fn read(&mut self) -> Result<usize, TransportKind> {
        self.stream.set_read_timeout(Some(remaining(self.deadline)?)).map_err(|_| TransportKind::Closed)?;
        let mut chunk = [0; 4096];
        let size = self.stream.read(&mut chunk).map_err(|error| kind(&error))?;
        self.buffer.extend(chunk.iter().take(size));
        Ok(size)
    }
}

fn remaining(deadline: Instant) -> Result<Duration, TransportKind> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(TransportKind::Timeout) } else { Ok(left) }
}

fn kind(error: &io::Error) -> TransportKind {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => TransportKind::Timeout,
        _ => TransportKind::Closed,
    }
}

fn response(head: &httparse::Response<'_, '_>) -> Option<Response<Vec<u8>>> {
    let mut builder = Response::builder().status(head.code?);
    for header in head.headers.iter() {
        builder = builder.header(header.name, header.value);
    }
    builder.body(Vec::new()).ok()
}

/// How the body of an answer to a POST ends (RFC 9112 section 6.3). `None` if the headers contradict each other.
fn length(response: &Response<Vec<u8>>) -> Option<Length> {
    if matches!(response.status().as_u16(), 204 | 304) {
        return Some(Length::Known(0));
    }
    if response.headers().contains_key(TRANSFER_ENCODING) {
        return Some(Length::Chunks);
    }
    let mut lengths = response.headers().get_all(CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else { return Some(Length::UntilClose) };
    let is_one = lengths.all(|other| other == first);
    first.to_str().ok()?.parse().ok().filter(|_| is_one).map(Length::Known)
}
