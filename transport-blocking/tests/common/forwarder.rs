//! A forward proxy on loopback. It supports CONNECT, and plain http requests with an absolute URL.
#![allow(clippy::unwrap_used, dead_code)]

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// The user `joe` with the password `s p@`, once as a URL contains it and once as a header does.
pub(crate) const LOGIN: &str = "joe:s%20p%40";
const BASIC: &str = "am9lOnMgcEA=";

/// A running proxy. Its threads end with the process.
pub(crate) struct Forwarder {
    pub(crate) port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Forwarder {
    pub(crate) fn new() -> Self {
        Self::with(false, None)
    }

    /// A proxy that requires `LOGIN`.
    pub(crate) fn with_login() -> Self {
        Self::with(true, None)
    }

    /// A proxy that connects every request to `port` on this machine, whatever host it names.
    pub(crate) fn to(port: u16) -> Self {
        Self::with(false, Some(port))
    }

    fn with(wants_login: bool, to: Option<u16>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, kept) = (stream.unwrap(), Arc::clone(&kept));
                thread::spawn(move || serve(stream, wants_login, to, &kept));
            }
        });
        Self { port, heads }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn url_with_login(&self) -> String {
        format!("http://{LOGIN}@127.0.0.1:{}", self.port)
    }

    /// The heads of the requests that reached the proxy, without the tunnelled bytes.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, wants_login: bool, to: Option<u16>, heads: &Mutex<Vec<String>>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let head = read_head(&mut stream)?;
    heads.lock().unwrap().push(head.clone());
    let is_login = |line: &str| line.to_ascii_lowercase().starts_with("proxy-authorization: basic ") && line.ends_with(BASIC);
    if wants_login && !head.lines().any(is_login) {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(refusal)?;
        // Unread bytes would reset the connection and lose the answer.
        stream.shutdown(Shutdown::Write)?;
        return io::copy(&mut stream, &mut io::sink()).map(|_| ());
    }
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let place = if method == "CONNECT" { target } else { target.strip_prefix("http://").unwrap_or(target) };
    let (place, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let mut service = match to {
        Some(port) => TcpStream::connect(("127.0.0.1", port))?,
        None => TcpStream::connect(place)?,
    };
    if method == "CONNECT" {
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    } else {
        service.write_all(head.replacen(target, path, 1).as_bytes())?;
    }
    let (mut from, mut into) = (stream.try_clone()?, service.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut into);
        into.shutdown(Shutdown::Write)
    });
    io::copy(&mut service, &mut stream)?;
    stream.shutdown(Shutdown::Both)
}

/// Reads the head of a request up to the empty line, and not a byte further.
fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
