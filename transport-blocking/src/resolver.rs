//! Looks up the addresses of a host before the deadline.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Timeout};

/// How many addresses of a host are tried at most. It is the capacity of ureq's list.
const MAX_ADDRESSES: usize = 16;

/// Asks the system on a thread of its own, because the system's lookup has no deadline. ureq's own resolver panics if there can be no
/// further thread.
#[derive(Debug)]
pub(crate) struct BoundedResolver {
    pub(crate) deadline: Instant,
}

impl Resolver for BoundedResolver {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else { return Err(Error::HostNotFound) };
        let name = DefaultResolver::host_and_port(scheme, authority).ok_or(Error::HostNotFound)?;
        let left = self.deadline.saturating_duration_since(Instant::now());
        let found = match address(&name) {
            Some(address) => vec![address],
            None => look_up(name, left, |work| thread::Builder::new().spawn(work).map(|_| ()))?,
        };
        let mut addresses = self.empty();
        found.into_iter().take(MAX_ADDRESSES).for_each(|address| addresses.push(address));
        if addresses.is_empty() { Err(Error::HostNotFound) } else { Ok(addresses) }
    }
}

/// The address, if the name is one.
fn address(name: &str) -> Option<SocketAddr> {
    let (host, port) = name.rsplit_once(':')?;
    let host: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    Some(SocketAddr::new(host, port.parse().ok()?))
}

type Work = Box<dyn FnOnce() + Send>;

/// Looks up a name within `left`. If there can be no thread for it, the lookup is made in place: then the system's own time limit applies,
/// and the connector checks the deadline afterwards.
fn look_up(name: String, left: Duration, spawn: impl FnOnce(Work) -> io::Result<()>) -> Result<Vec<SocketAddr>, Error> {
    let (answer, answered) = sync_channel(1);
    let on_thread = name.clone();
    let work = move || drop(answer.send(on_thread.to_socket_addrs().map(Iterator::collect)));
    match spawn(Box::new(work)) {
        Ok(()) => match answered.recv_timeout(left) {
            Ok(found) => Ok(found?),
            Err(_) => Err(Error::Timeout(Timeout::Resolve)),
        },
        Err(_) => Ok(name.to_socket_addrs()?.collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_thread(_: Work) -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    }

    #[test]
    fn an_address_needs_no_lookup() {
        for (name, expected) in [("127.0.0.1:80", Some("127.0.0.1:80")), ("[::1]:443", Some("[::1]:443")), ("localhost:80", None)] {
            assert_eq!(address(name), expected.map(|address| address.parse().unwrap()), "{name}");
        }
    }

    #[test]
    fn a_name_is_looked_up_even_if_there_can_be_no_thread() {
        let found = look_up("localhost:80".to_owned(), Duration::from_secs(5), no_thread).unwrap();
        assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
        let error = look_up("service.invalid:80".to_owned(), Duration::from_secs(5), no_thread).unwrap_err();
        assert!(matches!(error, Error::Io(_)), "{error:?}");
    }

    #[test]
    fn a_lookup_ends_at_the_deadline() {
        // The work is kept and never done.
        let mut kept = None;
        let hang = |work| {
            kept = Some(work);
            Ok(())
        };
        let error = look_up("localhost:80".to_owned(), Duration::from_millis(10), hang).unwrap_err();
        assert!(matches!(error, Error::Timeout(Timeout::Resolve)), "{error:?}");
    }
}
