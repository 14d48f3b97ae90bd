//! Tunnels through an HTTP proxy. ureq's own connector takes only a 200, and only one with at most 20 headers.

use std::io::Write;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, Either, NextTimeout, TcpConnector, Transport, TransportAdapter};
use ureq::{Error, Proxy, ProxyProtocol};

use crate::details::{remaining, restarted};
use crate::head::next_head;
use crate::tls::TlsConnector;

/// The largest head of a proxy's answer, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// Connects to the proxy of the request and asks it for a tunnel to the service, if the proxy is an HTTP proxy.
#[derive(Debug)]
pub(crate) struct TunnelConnector {
    /// For a proxy that is reached over https.
    pub(crate) tls: TlsConnector,
}

impl<In: Transport> Connector<In> for TunnelConnector {
    type Out = Either<In, Tunnel>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        if let Some(connection) = chained {
            return Ok(Some(Either::A(connection)));
        }
        let proxy = details.config.proxy().filter(|proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https));
        let Some(proxy) = proxy else { return Ok(None) };
        let connection = self.reach(proxy, details)?;
        let connection = open(connection, proxy, details).map_err(|error| match error {
            Error::Io(error) => Error::ConnectProxyFailed(error.kind().to_string()),
            other => other,
        })?;
        Ok(Some(Either::B(Tunnel(connection))))
    }
}

impl TunnelConnector {
    fn reach(&self, proxy: &Proxy, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, Error> {
        let addresses = details.resolver.resolve(proxy.uri(), details.config, remaining(details)?)?;
        let details = restarted(details, proxy.uri(), addresses, remaining(details)?);
        let connection = TcpConnector::default().connect(&details, None::<()>)?;
        self.tls.connect(&details, connection)?.map(Transport::boxed).ok_or(Error::ConnectionFailed)
    }
}

/// Asks for the tunnel, and reads the proxy's answer up to its empty line. Any 2xx opens the tunnel.
fn open(connection: Box<dyn Transport>, proxy: &Proxy, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, Error> {
    let mut adapter = TransportAdapter::new(connection, Arc::clone(&details.current_time));
    adapter.set_timeout(remaining(details)?);
    adapter.write_all(request(proxy, details)?.as_bytes())?;
    let mut connection = adapter.into_inner();
    loop {
        let input = connection.buffers().input();
        let length = input.len();
        match next_head(input) {
            Some(Ok((length, status))) => {
                connection.buffers().input_consume(length);
                match status {
                    100..200 => {}
                    200..300 => return Ok(connection),
                    _ => return Err(Error::ConnectProxyFailed(format!("the proxy answered {status}"))),
                }
            }
            Some(Err(())) => return Err(failed("the proxy's answer is not HTTP")),
            None if length > MAX_HEAD => return Err(failed("the head of the proxy's answer is too large")),
            None if connection.await_input(remaining(details)?)? => {}
            None => return Err(failed("the proxy closed the connection")),
        }
    }
}

fn failed(why: &str) -> Error {
    Error::ConnectProxyFailed(why.to_owned())
}

fn request(proxy: &Proxy, details: &ConnectionDetails<'_>) -> Result<String, Error> {
    let host = details.uri.host().ok_or(Error::HostNotFound)?;
    let default_port = if details.needs_tls() { 443 } else { 80 };
    let target = format!("{host}:{}", details.uri.port_u16().unwrap_or(default_port));
    let login = match (proxy.username(), proxy.password()) {
        (None, None) => String::new(),
        (name, password) => {
            let login = format!("{}:{}", name.unwrap_or_default(), password.unwrap_or_default());
            format!("Proxy-Authorization: Basic {}\r\n", BASE64_STANDARD.encode(login))
        }
    };
    Ok(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Connection: Keep-Alive\r\n{login}\r\n"))
}

/// A connection to a service through a proxy. The proxy may be reached over TLS, but the service is not yet.
#[derive(Debug)]
pub(crate) struct Tunnel(Box<dyn Transport>);

impl Transport for Tunnel {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }
}
