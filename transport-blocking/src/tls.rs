//! TLS with the Mozilla roots and some more. ureq by itself takes either its own roots or whole certificates, of which Mozilla's
//! would have to be bundled a second time; so its chain of connectors gets another last link.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ALL_VERSIONS, ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use ureq::config::Config;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, SocksConnector, TcpConnector,
    Transport, TransportAdapter,
};
use ureq::{Agent, Error};

use crate::builder::BuildError;

/// An agent that trusts the Mozilla roots and `more`.
pub(crate) fn agent(config: Config, mut more: RootCertStore) -> Result<Agent, BuildError> {
    more.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(ALL_VERSIONS).map_err(|error| BuildError::Tls(error.to_string()))?;
    let trusting = Trusting(Arc::new(builder.with_root_certificates(more).with_no_client_auth()));
    let chain = SocksConnector::default().chain(ConnectProxyConnector::default()).chain(TcpConnector::default()).chain(trusting);
    Ok(Agent::with_parts(config, chain, DefaultResolver::default()))
}

/// Wraps what goes to an https URL in TLS, as ureq's own connector does.
#[derive(Debug)]
struct Trusting(Arc<ClientConfig>);

impl<In: Transport> Connector<In> for Trusting {
    type Out = Either<In, Wrapped>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let host = details.uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let name = ServerName::try_from(host.to_owned()).map_err(|_| Error::Tls("the host's name cannot stand in a certificate"))?;
        let mut connection = ClientConnection::new(Arc::clone(&self.0), name)?;
        let mut stream = TransportAdapter::new(transport.boxed(), Arc::clone(&details.current_time));
        stream.set_timeout(remaining(details));
        connection.complete_io(&mut stream)?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Either::B(Wrapped { buffers, stream: StreamOwned::new(connection, stream) })))
    }
}

/// The time that the connecting so far has left.
fn remaining(details: &ConnectionDetails<'_>) -> NextTimeout {
    let spent = match ((details.current_time)(), details.now) {
        (Instant::Exact(now), Instant::Exact(begun)) => now.saturating_duration_since(begun),
        _ => std::time::Duration::ZERO,
    };
    let after = match details.timeout.after {
        Duration::Exact(after) => Duration::Exact(after.saturating_sub(spent)),
        other => other,
    };
    NextTimeout { after, ..details.timeout }
}

struct Wrapped {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrapped").field("chained", &self.stream.sock.inner()).finish()
    }
}

impl Transport for Wrapped {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        Ok(self.stream.write_all(output)?)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.get_mut().set_timeout(timeout);
        let amount = self.stream.read(self.buffers.input_append_buf())?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}
