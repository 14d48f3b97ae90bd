//! The server of a case: its script, the requests that it has seen, and the sockets on which it answers.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::reply::{Answer, Detour, Framing, Reply};

/// The deadline of an exchange whose answer never ends by itself.
pub(crate) const DEADLINE: Duration = Duration::from_millis(500);
/// How long a connection is kept open at most. It ends the wait of a client that does not keep its deadline.
const LONGEST_HOLD: Duration = Duration::from_secs(5);
/// How many bytes of an endless reply are written at most.
const FLOOD: usize = 60_000_000;

/// The replies to the requests of a case.
#[derive(Debug, Default)]
pub(crate) struct Script {
    replies: VecDeque<Planned>,
    /// The reply to a request for this path when nothing else is planned, and when so many of them were answered before.
    healthy: Option<fn(&str, usize) -> Reply>,
    served: BTreeMap<String, usize>,
    pub(crate) requests: Vec<Seen>,
    /// The address to which the last request was diverted.
    detour: Option<Detour>,
    /// The origin of the service, and another one.
    origins: (String, String),
}

/// A reply for certain requests.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// The path; `None` for every path.
    pub(crate) path: Option<&'static str>,
    pub(crate) times: usize,
    pub(crate) reply: Reply,
}

/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) path: String,
    /// Sorted, in lower case.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
    /// It never reached the service.
    pub(crate) is_lost: bool,
}

impl Script {
    pub(crate) fn new(replies: impl IntoIterator<Item = Planned>, healthy: Option<fn(&str, usize) -> Reply>) -> Self {
        Self { replies: replies.into_iter().collect(), healthy, ..Self::default() }
    }

    /// The reply that a request for `path` will meet.
    pub(crate) fn next(&self, path: &str) -> Reply {
        let planned = self.replies.iter().find(|planned| planned.matches(path)).map(|planned| planned.reply.clone());
        let served = self.served.get(path).copied().unwrap_or_default();
        let reply = planned.or_else(|| self.healthy.map(|healthy| healthy(path, served)));
        match reply.unwrap_or_else(|| Reply::json(500, "{}")) {
            Reply::Answer(answer) => answer.at(&self.origins.0, &self.origins.1).into(),
            other => other,
        }
    }

    /// Notes the request and uses up its reply.
    pub(crate) fn take(&mut self, seen: Seen) -> Reply {
        let reply = self.next(&seen.path);
        match self.replies.iter_mut().find(|planned| planned.matches(&seen.path)) {
            Some(planned) => planned.times = planned.times.saturating_sub(1),
            None => *self.served.entry(seen.path.clone()).or_default() += 1,
        }
        self.detour = if let Reply::Detour(detour) = reply { Some(detour) } else { None };
        self.requests.push(seen);
        reply
    }

    /// The result of a request that was diverted.
    pub(crate) fn take_detour(&mut self) -> Option<Reply> {
        self.detour.take().map(Reply::Detour)
    }
}

impl Planned {
    fn matches(&self, path: &str) -> bool {
        self.times > 0 && self.path.is_none_or(|own| own == path)
    }
}

/// A script and the listeners that play it.
#[derive(Debug)]
pub(crate) struct ScriptedServer {
    script: Arc<Mutex<Script>>,
    service: Option<Listener>,
    tls: Option<Listener>,
    elsewhere: Option<Listener>,
    /// A port on which nobody listens.
    nobodys_port: u16,
    /// How many bytes of the last endless reply were written.
    flooded: Arc<AtomicUsize>,
}

impl ScriptedServer {
    /// A server without a listener, for the client that knows the script.
    pub(crate) fn without_sockets(script: Script) -> Self {
        let script = Script { origins: (format!("http://{}", authority(None)), "http://127.0.0.1:55556".to_owned()), ..script };
        Self { script: Arc::new(Mutex::new(script)), service: None, tls: None, elsewhere: None, nobodys_port: 1, flooded: Arc::default() }
    }

    pub(crate) fn start(script: Script) -> io::Result<Self> {
        let mut server = Self::without_sockets(script);
        let (script, flooded) = (Arc::clone(&server.script), Arc::clone(&server.flooded));
        server.service = Some(Listener::start(move |stream| serve(stream, &script, &flooded))?);
        let script = Arc::clone(&server.script);
        server.tls = Some(Listener::start(move |stream| fail_handshake(stream, &script))?);
        server.elsewhere = Some(Listener::start(|mut stream| stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"))?);
        server.script().origins = (server.origin(), server.elsewhere());
        server.nobodys_port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(server)
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", authority(self.service.as_ref()))
    }

    /// The host and the port of the service.
    pub(crate) fn authority(&self) -> String {
        authority(self.service.as_ref())
    }

    pub(crate) fn tls_origin(&self) -> String {
        format!("https://{}", authority(self.tls.as_ref()))
    }

    pub(crate) fn nobodys_origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.nobodys_port)
    }

    /// The origin to which redirects point.
    pub(crate) fn elsewhere(&self) -> String {
        format!("http://{}", authority(self.elsewhere.as_ref()))
    }

    /// How many connections were made to that origin.
    pub(crate) fn connections_elsewhere(&self) -> usize {
        self.elsewhere.as_ref().map_or(0, |listener| listener.connections.load(Ordering::SeqCst))
    }

    pub(crate) fn flooded(&self) -> usize {
        self.flooded.load(Ordering::SeqCst)
    }
}

fn authority(listener: Option<&Listener>) -> String {
    // The system chooses ports of five digits too, so texts have the same length with and without a listener.
    format!("127.0.0.1:{}", listener.map_or(55_555, |listener| listener.port))
}

/// Accepts connections until it is dropped. Each connection has a thread, which ends soon after its client closes.
#[derive(Debug)]
struct Listener {
    port: u16,
    connections: Arc<AtomicUsize>,
    stopped: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Listener {
    fn start(serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let (connections, stopped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counter, stop, serve) = (Arc::clone(&connections), Arc::clone(&stopped), Arc::new(serve));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                counter.fetch_add(1, Ordering::SeqCst);
                let serve = Arc::clone(&serve);
                // An error here means that the client broke off, which the client reports.
                thread::spawn(move || stream.set_read_timeout(Some(LONGEST_HOLD)).and_then(|()| serve(stream)).ok());
            }
        });
        Ok(Self { port, connections, stopped, thread: Some(thread) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Ends the wait for a connection.
        if TcpStream::connect(("127.0.0.1", self.port)).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// Serves the requests of one connection until a reply ends it.
fn serve(mut stream: TcpStream, script: &Mutex<Script>, flooded: &AtomicUsize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    loop {
        let seen = read_head(&mut stream)?;
        let length = seen.headers.iter().find_map(|header| header.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        let resets = lock(script).next(&seen.path) == Reply::Reset;
        let mut body = vec![0; if resets { 0 } else { length }];
        stream.read_exact(&mut body)?;
        let seen = Seen { body: String::from_utf8_lossy(&body).into_owned(), ..seen };
        // In the head of the match, the script would stay locked for as long as the reply takes.
        let reply = lock(script).take(seen);
        match reply {
            Reply::Answer(answer) => {
                if !answer.write(&mut stream)? {
                    return Ok(());
                }
            }
            Reply::NoAnswer | Reply::Reset | Reply::Detour(_) => return Ok(()),
            Reply::Silence => return hold(&mut stream),
            Reply::Head { head, .. } => return stream.write_all(&[head.as_bytes(), b"{}"].concat()),
            Reply::Bytes(bytes, _) => return stream.write_all(bytes.as_bytes()),
            Reply::Endless { first, again, .. } => return flood(&mut stream, first, again, flooded),
            Reply::DrippedHead => return drip(&mut stream, b"HTTP/1.1 200 OK\r\nx-slow: ", DEADLINE / 10),
        }
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Answer {
    /// Writes the answer, and says whether the connection can take another request.
    fn write(&self, stream: &mut TcpStream) -> io::Result<bool> {
        let head = self.head();
        match self.framing {
            Framing::Length | Framing::AfterHints | Framing::ThenClosed | Framing::TooShort(_) => {
                stream.write_all(&[head.as_bytes(), &self.body].concat())?
            }
            Framing::Cut(_) | Framing::UntilClose | Framing::TooLong(_) => stream.write_all(&[head.as_bytes(), self.sent()].concat())?,
            Framing::Chunked => stream.write_all(&[head.as_bytes(), &chunks(self.sent()), b"0\r\n\r\n"].concat())?,
            Framing::CutInChunks(_) => stream.write_all(&[head.as_bytes(), &chunks(self.sent())].concat())?,
            Framing::Stalled(_) => {
                stream.write_all(&[head.as_bytes(), self.sent()].concat())?;
                hold(stream)?;
            }
            Framing::Dripped => drip(stream, head.as_bytes(), DEADLINE / 10)?,
            Framing::Trickled => drip(stream, head.as_bytes(), Duration::from_millis(1))?,
        }
        Ok(matches!(self.framing, Framing::Length | Framing::Chunked))
    }
}

fn chunks(body: &[u8]) -> Vec<u8> {
    body.chunks(100).flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat()).collect()
}

/// Reads one byte at a time, so that none of the body is taken.
fn read_head(stream: &mut impl Read) -> io::Result<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let (line, headers) = head.trim_end().split_once("\r\n").unwrap_or((&head, ""));
    let mut headers: Vec<_> = headers.lines().map(normalised).collect();
    headers.sort_unstable();
    let path = line.split([' ', '?']).nth(1).unwrap_or_default();
    Ok(Seen { line: line.to_owned(), path: path.to_owned(), headers, ..Seen::default() })
}

fn normalised(header: &str) -> String {
    header.split_once(':').map_or_else(|| header.to_owned(), |(name, value)| format!("{}: {}", name.to_lowercase(), value.trim()))
}

/// Sends nothing more, until the client closes or the time is up.
fn hold(stream: &mut TcpStream) -> io::Result<()> {
    io::copy(stream, &mut io::sink()).map(|_| ())
}

/// Sends one byte after another, with a pause after each, until the client leaves or the time is up.
fn drip(stream: &mut TcpStream, first: &[u8], pause: Duration) -> io::Result<()> {
    stream.write_all(first)?;
    let begun = Instant::now();
    while begun.elapsed() < LONGEST_HOLD {
        stream.write_all(b"x")?;
        thread::sleep(pause);
    }
    Ok(())
}

fn flood(stream: &mut TcpStream, first: &str, again: &str, flooded: &AtomicUsize) -> io::Result<()> {
    stream.set_write_timeout(Some(LONGEST_HOLD))?;
    flooded.store(0, Ordering::SeqCst);
    stream.write_all(first.as_bytes())?;
    let block = again.repeat(1000);
    while flooded.load(Ordering::SeqCst) < FLOOD {
        stream.write_all(block.as_bytes())?;
        flooded.fetch_add(block.len(), Ordering::SeqCst);
    }
    Ok(())
}

/// Fails a TLS handshake in the way that the script says.
fn fail_handshake(mut stream: TcpStream, script: &Mutex<Script>) -> io::Result<()> {
    let detour = lock(script).detour;
    if detour == Some(Detour::TlsSilence) {
        return hold(&mut stream);
    }
    let mut hello = [0; 8192];
    let _ = stream.read(&mut hello)?;
    if detour == Some(Detour::TlsAlert) {
        // handshake_failure (RFC 8446 section 6).
        stream.write_all(&[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])?;
    }
    stream.shutdown(Shutdown::Both)
}
