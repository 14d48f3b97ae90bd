//! A TLS server on loopback, which keeps what it decrypts.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, dead_code)]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, Stream, StreamOwned};

const KEY: &[u8] = include_bytes!("../../../net/tests/tls/key.der");
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// A running server. Its threads end with the process.
pub(crate) struct Server {
    pub(crate) port: u16,
    received: Arc<Mutex<String>>,
}

impl Server {
    /// Starts a server with this certificate. It answers each request with `{}`.
    pub(crate) fn new(certificate: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(String::new()));
        let (config, kept) = (config(certificate), Arc::clone(&received));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, config, kept) = (stream.unwrap(), Arc::clone(&config), Arc::clone(&kept));
                thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
                    let mut connection = ServerConnection::new(config).unwrap();
                    let mut tls = Stream::new(&mut connection, &mut stream);
                    let request = read_request(&mut tls);
                    kept.lock().unwrap().push_str(&request);
                    let _ = tls.write_all(ANSWER).and_then(|()| tls.flush());
                });
            }
        });
        Self { port, received }
    }

    /// Everything that the server decrypted.
    pub(crate) fn received(&self) -> String {
        self.received.lock().unwrap().clone()
    }
}

/// Makes a TLS connection of one that a client opened, with this certificate.
pub(crate) fn accept(certificate: &'static [u8]) -> impl FnOnce(TcpStream) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    move |stream| {
        let connection = ServerConnection::new(config(certificate)).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}

fn config(certificate: &'static [u8]) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(KEY));
    Arc::new(builder.with_no_client_auth().with_single_cert(vec![CertificateDer::from(certificate)], key).unwrap())
}

/// Reads the head and the body of a request, as long as its content-length says, or less if the client closes the connection.
fn read_request(stream: &mut impl Read) -> String {
    let (mut request, mut buffer) = (String::new(), [0; 4096]);
    loop {
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return request;
            }
        }
        match stream.read(&mut buffer) {
            Ok(length) if length > 0 => request += &String::from_utf8_lossy(&buffer[..length]),
            _ => return request,
        }
    }
}
