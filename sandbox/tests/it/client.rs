//! A hand-written HTTP/1.1 client, which shows exactly what came over the socket.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use enlist_sandbox::{Config, Sandbox};
use serde_json::Value;

pub(crate) const GRANT: &str = "urn:opentrain:agent-auth:grant-type:claim";
pub(crate) const EMAIL: &str = "owner@example.com";

pub(crate) fn start(config: Config) -> Sandbox {
    Sandbox::start(config).unwrap()
}

/// An answer as it arrived.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// The headers, with names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body came in full.
    pub(crate) complete: bool,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The JSON of a 200.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// The member `error` of a JSON answer with that status.
    pub(crate) fn error(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

/// One connection.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn open(sandbox: &Sandbox) -> Self {
        let stream = TcpStream::connect(sandbox.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) {
        let mut head = format!("{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "host") {
            head.push_str("host: localhost\r\n");
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        // A server that answers early may close the connection before everything is written.
        let _ = self.0.write_all(&[head.as_bytes(), body].concat());
    }

    /// Reads an answer. `None` means that the connection ended before a status line.
    pub(crate) fn receive(&mut self) -> Option<Response> {
        let head = self.head()?;
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut response = Response { status, headers, body: Vec::new(), complete: false };
        if response.header("transfer-encoding") == Some("chunked") {
            self.chunks(&mut response);
        } else if let Some(length) = response.header("content-length") {
            let length: usize = length.parse().unwrap();
            response.complete = self.bytes(length, &mut response.body);
        }
        Some(response)
    }

    /// Reads the remaining bytes until the end.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }

    /// Reads this number of bytes, or fewer if the connection ends.
    pub(crate) fn bytes(&mut self, count: usize, into: &mut Vec<u8>) -> bool {
        let before = into.len();
        (&mut self.0).take(count as u64).read_to_end(into).unwrap();
        into.len() - before == count
    }

    pub(crate) fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.byte()?);
        }
        Some(String::from_utf8(line).unwrap().trim_end().to_owned())
    }

    fn head(&mut self) -> Option<String> {
        let mut head = self.line()?;
        loop {
            match self.line()?.as_str() {
                "" => return Some(head),
                line => head = format!("{head}\n{line}"),
            }
        }
    }

    fn chunks(&mut self, response: &mut Response) {
        while let Some(size) = self.line() {
            let size = usize::from_str_radix(&size, 16).unwrap();
            let whole = self.bytes(size, &mut response.body);
            self.line();
            if size == 0 || !whole {
                response.complete = whole;
                return;
            }
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        match self.0.read_exact(&mut byte) {
            Ok(()) => Some(byte[0]),
            Err(error) if ended(&error) => None,
            Err(error) => panic!("{error}"),
        }
    }
}

fn ended(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset)
}

/// Sends a request on a connection of its own. `None` means that the connection was closed without an answer.
pub(crate) fn try_send(sandbox: &Sandbox, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Response> {
    let mut connection = Connection::open(sandbox);
    connection.send(method, path, headers, body);
    connection.receive()
}

pub(crate) fn get(sandbox: &Sandbox, path: &str) -> Response {
    try_send(sandbox, "GET", path, &[], b"").unwrap()
}

pub(crate) fn post_json(sandbox: &Sandbox, path: &str, body: &Value) -> Response {
    try_post_json(sandbox, path, body).unwrap()
}

pub(crate) fn try_post_json(sandbox: &Sandbox, path: &str, body: &Value) -> Option<Response> {
    try_send(sandbox, "POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
}

pub(crate) fn post_form(sandbox: &Sandbox, path: &str, fields: &[(&str, &str)]) -> Response {
    try_post_form(sandbox, path, fields).unwrap()
}

pub(crate) fn try_post_form(sandbox: &Sandbox, path: &str, fields: &[(&str, &str)]) -> Option<Response> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    try_send(sandbox, "POST", path, &headers, body.as_bytes())
}
