//! What of a request's path may be written down.

use crate::exchange::Exchange;
use crate::opentrain::wire::PATHS as OPENTRAIN;
use crate::sentryagent::wire::PATHS as SENTRYAGENT;

/// Paths that end in an id: how they begin, and how they are written down.
const WITH_ID: [(&str, &str); 2] = [("/api/public/v1/tokens/", "/api/public/v1/tokens/{tokenId}"), ("/v1/manifest/", "/v1/manifest/{did}")];
/// A path that a service named in its metadata.
const OTHER: &str = "(a path that the service named)";

impl Exchange {
    /// The path as it may be logged: one of those that the documents name, and ids left out. A static text, so that nothing of
    /// the request itself can get into it.
    #[must_use]
    pub fn route(&self) -> &'static str {
        let path = self.request.uri().path();
        let known = OPENTRAIN.iter().chain(SENTRYAGENT).find(|known| **known == path).copied();
        let with_id = || WITH_ID.iter().find(|(beginning, _)| path.starts_with(beginning)).map(|(_, shown)| *shown);
        known.or_else(with_id).unwrap_or(OTHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::ExchangeId;

    fn route(uri: &str) -> &'static str {
        let request = http::Request::get(uri).body(Vec::new()).unwrap();
        Exchange { id: ExchangeId::PLAIN, request, timeout: Exchange::TIMEOUT, max_body: 0, delivers: false }.route()
    }

    #[test]
    fn what_is_known_is_written_down_and_nothing_else() {
        for (path, shown) in [
            ("/api/agent/oauth/token?x=canary", "/api/agent/oauth/token"),
            ("/v1/health", "/v1/health"),
            ("/v1/manifest/did:sentryagent:canary", "/v1/manifest/{did}"),
            ("/api/public/v1/tokens/canary", "/api/public/v1/tokens/{tokenId}"),
            ("/api/public/v1/tokens", "/api/public/v1/tokens"),
            ("/revoke/canary", OTHER),
            ("/", OTHER),
        ] {
            assert_eq!(route(&alloc::format!("https://service.example{path}")), shown);
        }
    }
}
