//! The ureq agent of one exchange. Its connectors know the deadline, which is why each exchange has an agent of its own: ureq stops reading
//! when a deadline of its own is over, even if the answer is in the socket.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use enlist_net::{BuildError, TrustAnchors};
use rustls::ClientConfig;
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, SocksConnector, TcpConnector};
use ureq::{Agent, Error, Timeout};

use crate::details::restarted;
use crate::grace::Grace;
use crate::lenient::LenientHead;
use crate::resolver::BoundedResolver;
use crate::tls::TlsConnector;
use crate::tunnel::TunnelConnector;

/// Makes agents that trust the same authorities.
#[derive(Clone)]
pub(crate) struct AgentFactory {
    tls: Arc<ClientConfig>,
}

impl AgentFactory {
    pub(crate) fn new(trust: TrustAnchors) -> Result<Self, BuildError> {
        Ok(Self { tls: Arc::new(trust.into_tls_config()?) })
    }

    /// An agent for an exchange with this deadline. It needs no deadline in its configuration.
    pub(crate) fn agent(&self, deadline: Instant) -> Agent {
        // A connection lives as long as its agent, that is for one exchange. A kept connection may be closed by the server at the moment
        // at which the next request is sent, and that request would be lost.
        let config = Agent::config_builder().max_idle_connections(0).proxy(None).build();
        let tls = TlsConnector(Arc::clone(&self.tls));
        let tunnel = TunnelConnector { tls: tls.clone() };
        let chain = ().chain(SocksConnector::default()).chain(tunnel).chain(TcpConnector::default()).chain(tls);
        Agent::with_parts(config, DeadlineConnector { inner: chain, deadline }, BoundedResolver { deadline })
    }
}

impl fmt::Debug for AgentFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentFactory").finish_non_exhaustive()
    }
}

/// Connects before the deadline only. The finished connection has its grace, and the heads of its answers are mended.
#[derive(Debug)]
struct DeadlineConnector<C> {
    inner: C,
    deadline: Instant,
}

impl<C: Connector<()>> Connector<()> for DeadlineConnector<C> {
    type Out = LenientHead<Grace<C::Out>>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<()>) -> Result<Option<Self::Out>, Error> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::Timeout(Timeout::Global));
        }
        let timeout = match details.timeout {
            connect if *connect.after <= left => connect,
            connect => NextTimeout { after: left.into(), reason: Timeout::Global, ..connect },
        };
        let details = restarted(details, details.uri, details.addrs.clone(), timeout);
        let connection = self.inner.connect(&details, chained)?;
        Ok(connection.map(|connection| LenientHead::new(Grace::new(connection, self.deadline))))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    #[test]
    fn nothing_is_connected_after_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let factory = AgentFactory::new(TrustAnchors::default()).unwrap();
        for (deadline, connects) in [(Instant::now(), false), (Instant::now() + Duration::from_millis(100), true)] {
            let error = factory.agent(deadline).get(&url).call().unwrap_err();
            assert!(matches!(error, Error::Timeout(Timeout::Global)), "{error:?}");
            assert_eq!(listener.accept().is_ok(), connects);
        }
    }
}
