//! The part of a request's path that may be logged.

use crate::badge::wire::PATHS as BADGE;
use crate::claim::dialect::loggable_paths;
use crate::exchange::Exchange;
use crate::opentrain::PATHS as OPENTRAIN;

/// Paths that end in an id: the beginning of such a path, and the text that is logged for it.
const WITH_ID: [(&str, &str); 2] = [("/api/public/v1/tokens/", "/api/public/v1/tokens/{tokenId}"), ("/v1/manifest/", "/v1/manifest/{did}")];
/// The text that is logged for a path that a service named in its metadata.
const OTHER: &str = "(a path that the service named)";

impl Exchange {
    /// The path of the request in a form that may be logged: a documented path, with a placeholder for each id. The text is static, so
    /// that nothing of the request itself can get into it.
    #[must_use]
    pub fn loggable_path(&self) -> &'static str {
        let path = self.request.uri().path();
        let known = OPENTRAIN.iter().chain(BADGE).copied().chain(loggable_paths()).find(|known| *known == path);
        let with_id = || WITH_ID.iter().find(|(beginning, _)| path.starts_with(beginning)).map(|(_, shown)| *shown);
        known.or_else(with_id).unwrap_or(OTHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::ExchangeId;

    fn loggable_path(uri: &str) -> &'static str {
        let request = http::Request::get(uri).body(crate::Body::default()).unwrap();
        Exchange { id: ExchangeId::PLAIN, request, timeout: Exchange::TIMEOUT, max_body: 0, delivers: false }.loggable_path()
    }

    #[test]
    fn only_documented_paths_are_logged() {
        for (path, shown) in [
            ("/api/agent/oauth/token?x=canary", "/api/agent/oauth/token"),
            ("/v1/health", "/v1/health"),
            ("/v1/manifest/did:sentryagent:canary", "/v1/manifest/{did}"),
            ("/api/public/v1/tokens/canary", "/api/public/v1/tokens/{tokenId}"),
            ("/api/public/v1/tokens", "/api/public/v1/tokens"),
            ("/revoke/canary", OTHER),
            ("/", OTHER),
        ] {
            assert_eq!(loggable_path(&alloc::format!("https://service.example{path}")), shown);
        }
    }
}
