//! Servers that write any bytes, and exchanges full of canaries to send to them.
#![allow(dead_code)]

pub(crate) mod diary;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use enlist_blocking::Client;
use enlist_core::claim::Enrolment;
use enlist_core::{Ceremony, Exchange, Origin, Partial, Timestamp, TransportFailure};
use http::Response;

/// Secrets that must never be seen outside the connection: one in the query, one in a header, one in the body.
pub(crate) const CANARIES: [&str; 3] = ["canary-query", "canary-header", "canary-body"];
pub(crate) const BODY: &str = "claim_token=canary-body";

/// A peer on loopback. Its threads end with the process.
pub(crate) struct Peer {
    pub(crate) port: u16,
    connections: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Peer {
    /// Hands each unread connection to `serve` on a thread of its own, and closes it afterwards.
    pub(crate) fn raw(serve: impl Fn(&mut Spied) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(Mutex::new(Vec::new()));
        let (seen, serve) = (Arc::clone(&connections), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let number = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(Vec::new());
                    seen.len() - 1
                };
                let mut spied = Spied { stream: stream.unwrap(), number, seen: Arc::clone(&seen) };
                let serve = Arc::clone(&serve);
                // An error here is one that the client caused, and the client reports it.
                thread::spawn(move || serve(&mut spied).ok());
            }
        });
        Self { port, connections }
    }

    /// Reads one request from each connection, and then lets `serve` write.
    pub(crate) fn new(serve: impl Fn(&mut Spied) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::raw(move |stream| {
            stream.read_request()?;
            serve(stream)
        })
    }

    /// Answers the one request of each connection with `answer`.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::new(move |stream| stream.write_all(&answer))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/path?token=canary-query", self.port)
    }

    pub(crate) fn exchange(&self) -> Exchange {
        exchange(&self.url())
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    /// All bytes that arrived on any connection.
    pub(crate) fn received(&self) -> String {
        String::from_utf8_lossy(&self.connections.lock().unwrap().concat()).into_owned()
    }
}

/// A connection that records its incoming bytes.
pub(crate) struct Spied {
    pub(crate) stream: TcpStream,
    number: usize,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Spied {
    /// Reads the head and the body of a request, as long as its content-length says.
    pub(crate) fn read_request(&mut self) -> io::Result<String> {
        let mut reader = BufReader::with_capacity(1, &mut *self);
        let (mut request, mut length) = (String::new(), 0);
        loop {
            let start = request.len();
            if reader.read_line(&mut request)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = request[start..].trim();
            if line.is_empty() {
                break;
            }
            length = line.strip_prefix("content-length: ").map_or(length, |number| number.parse().unwrap());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok(request + &String::from_utf8_lossy(&body))
    }

    /// Keeps the connection open until the client closes it.
    pub(crate) fn hold(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink()).map(|_| ())
    }
}

impl Read for Spied {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        self.seen.lock().unwrap()[self.number].extend(&buffer[..length]);
        Ok(length)
    }
}

impl Write for Spied {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// A client that ignores the proxy of the environment.
pub(crate) fn client() -> Client {
    Client::from_agent(ureq::Agent::config_builder().proxy(None).build().new_agent())
}

/// A POST request with canaries, a deadline of 5 s, and the usual body cap.
pub(crate) fn exchange(url: &str) -> Exchange {
    // Only a ceremony can make an exchange id.
    let mut ceremony = Enrolment::new(Origin::parse("http://127.0.0.1").unwrap(), None, None);
    let mut exchange = ceremony.begin(Timestamp::from_unix_ms(0)).unwrap();
    exchange.request = http::Request::post(url)
        .header("accept", "application/json")
        .header("authorization", "Bearer canary-header")
        .body(BODY.as_bytes().to_vec().into())
        .unwrap();
    exchange.timeout = Duration::from_secs(5);
    exchange
}

/// Executes the exchange. Checks that the result comes at most three seconds after the deadline and shows no canary.
pub(crate) fn execute(client: &Client, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
    let start = Instant::now();
    let answer = client.execute(exchange);
    let elapsed = start.elapsed();
    assert!(elapsed < exchange.timeout + Duration::from_secs(3), "{elapsed:?} with a deadline of {:?}", exchange.timeout);
    let mut shown = format!("{client:?}{exchange:?}{answer:?}");
    if let Err(failure) = &answer {
        shown += &failure.to_string();
        assert!(failure.text.len() < 200 && failure.text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{:?}", failure.text);
    }
    assert!(CANARIES.iter().all(|canary| !shown.contains(canary)), "{shown}");
    answer
}

/// The failure of an exchange that must fail.
pub(crate) fn failed(exchange: &Exchange) -> TransportFailure {
    execute(&client(), exchange).unwrap_err()
}

pub(crate) fn partial(status: u16, body: impl Into<Vec<u8>>) -> Option<Partial> {
    Some(Partial { status, body: body.into() })
}

/// This crate's client in the cases of `enlist-conformance` that need no loop.
pub(crate) struct ClientOnly(pub(crate) Client);

impl enlist_conformance::Driver for ClientOnly {
    fn execute(&mut self, exchange: &Exchange) -> enlist_core::ExchangeResult {
        self.0.execute(exchange)
    }
}
