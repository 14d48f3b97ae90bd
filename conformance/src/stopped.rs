//! A client whose process is stopped until its deadline is over, while the whole answer arrives.
//!
//! A process may be stopped by a terminal, a debugger, a container's runtime or a laptop that goes to sleep. When it continues, its clock
//! says that the deadline is over, and the answer is in its socket. The answer may hold a credential that is delivered once, so the client
//! must read it before it gives up.

use std::env;
use std::fmt::Debug;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use enlist_core::Exchange;

use crate::Driver;
use crate::exchanges::{RequestShape, exchange};
use crate::mocks::described;

/// Tells a child which origin to send its exchange to.
const ORIGIN: &str = "ENLIST_CONFORMANCE_ORIGIN";
/// The deadline of the child's exchange. It begins to run before the child connects.
const DEADLINE: Duration = Duration::from_secs(2);
/// How long the child is stopped. It is stopped before its deadline, and continues when the deadline is over.
const STOPPED: Duration = Duration::from_secs(3);
/// How long a child may take for everything.
const LONGEST_CHILD: Duration = Duration::from_secs(30);
/// The line that a child writes before the result of its exchange.
const RESULT: &str = "enlist-conformance, the result: ";
const BODY: &str = r#"{"access_token":"ot_pat_2_POSTCLAIM"}"#;

/// A connection of the server, with TLS or without.
pub trait Connection: Read + Write {}

impl<T: Read + Write> Connection for T {}

/// Makes a TLS connection from one that a client opened. The certificate must be for `localhost`, and the client must trust it.
pub type Tls = Box<dyn FnOnce(TcpStream) -> io::Result<Box<dyn Connection>>>;

/// Runs the case. The test that calls this function is run again as a child process by `child`, for which
/// [`rerun_test`](crate::stores::rerun_test) makes the command. In the child, the function sends the exchange.
///
/// Without `tls`, the exchange goes over plain http.
///
/// # Errors
/// Why the client failed the case, or why the case could not be run.
pub fn run(driver: &mut impl Driver, child: Command, tls: Option<Tls>) -> Result<(), String> {
    match env::var(ORIGIN) {
        Ok(origin) => answer_in_child(driver, &origin),
        Err(_) => stop_and_answer(child, tls),
    }
}

fn answer_in_child(driver: &mut impl Driver, origin: &str) -> Result<(), String> {
    let exchange = exchange(origin, RequestShape::Full, Exchange::MAX_BODY).ok_or("the exchange cannot be made")?;
    let answer = driver.execute(&Exchange { timeout: DEADLINE, ..exchange });
    writeln!(io::stdout(), "{RESULT}{}", described(&answer)).map_err(text)
}

fn stop_and_answer(mut command: Command, tls: Option<Tls>) -> Result<(), String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
    let port = listener.local_addr().map_err(text)?.port();
    let origin = if tls.is_some() { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") };
    let child = command.env(ORIGIN, origin).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(text)?;
    let mut child = KilledAtTheEnd(child);
    let (stream, _) = listener.accept().map_err(text)?;
    stream.set_read_timeout(Some(LONGEST_CHILD)).map_err(text)?;
    let mut connection: Box<dyn Connection> = match tls {
        Some(tls) => tls(stream).map_err(text)?,
        None => Box::new(stream),
    };
    read_request(&mut connection).map_err(text)?;
    child.signal("STOP")?;
    write!(connection, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{BODY}", BODY.len())
        .map_err(text)?;
    connection.flush().map_err(text)?;
    thread::sleep(STOPPED);
    let continued = Instant::now();
    child.signal("CONT")?;
    let result = child.result()?;
    let expected = format!("200, {} bytes", BODY.len());
    if result != expected {
        return Err(format!("expected  {expected}\nfound     {result}"));
    }
    if continued.elapsed() > LONGEST_CHILD {
        return Err(format!("the child ended {:?} after it went on", continued.elapsed()));
    }
    Ok(())
}

/// Reads the head and the body of the request.
fn read_request(connection: &mut dyn Read) -> io::Result<()> {
    let mut reader = BufReader::new(connection);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        length = line.strip_prefix("content-length: ").and_then(|number| number.parse().ok()).unwrap_or(length);
    }
    reader.read_exact(&mut vec![0; length])
}

/// A child that never outlives the case.
struct KilledAtTheEnd(Child);

impl KilledAtTheEnd {
    fn signal(&self, name: &str) -> Result<(), String> {
        // The shell's own command, which every system with signals has.
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.0.id())]).status().map_err(text)?;
        if sent.success() { Ok(()) } else { Err(format!("the signal {name} could not be sent")) }
    }

    /// The child's report about its exchange.
    fn result(&mut self) -> Result<String, String> {
        let output = self.0.stdout.take().ok_or("the child has no output")?;
        for line in BufReader::new(output).lines() {
            if let Some((_, result)) = line.map_err(text)?.split_once(RESULT) {
                return Ok(result.to_owned());
            }
        }
        Err("the child ended without a result".to_owned())
    }
}

impl Drop for KilledAtTheEnd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn text(error: impl Debug) -> String {
    format!("{error:?}")
}
