//! The addresses that a ceremony may send to or show, all on origins that were fixed when the ceremony was made.

use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;
use http::Uri;

use crate::error::Violation;
use crate::types::origin::{Origin, split};
use crate::types::secret::ClaimLink;
use crate::types::untrusted::Untrusted;

/// An absolute URL on a pinned origin. A request can be addressed to nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint(Uri);

impl Origin {
    /// The URL of `path` (which begins with a slash) on this origin.
    pub(crate) fn endpoint(&self, path: &str) -> Endpoint {
        // An origin and an absolute path always make a URI. The default is an empty URI, which addresses nothing.
        Endpoint(format!("{self}{path}").parse().unwrap_or_default())
    }

    /// Reads an absolute URL from an answer, which must be on this origin.
    ///
    /// # Errors
    /// [`Violation::ForeignOrigin`] for another origin, [`Violation::BadField`] for a text that is not a plain URL.
    pub(crate) fn pinned_endpoint(&self, field: &'static str, url: &str) -> Result<Endpoint, Violation> {
        let rest = self.rest_of(field, url)?;
        if rest.contains('#') {
            return Err(Violation::BadField { field: field.into() });
        }
        format!("{self}{rest}").parse().map(Endpoint).map_err(|_| Violation::BadField { field: field.into() })
    }

    /// A link for the human, built from the parsed URL.
    ///
    /// # Errors
    /// The errors of [`pinned_endpoint`](Self::pinned_endpoint).
    pub(crate) fn pinned_link(&self, field: &'static str, url: &str) -> Result<ClaimLink, Violation> {
        let rest = self.rest_of(field, url)?;
        ClaimLink::parse(&format!("{self}{rest}")).map_err(|_| Violation::BadField { field: field.into() })
    }

    fn rest_of<'a>(&self, field: &'static str, url: &'a str) -> Result<&'a str, Violation> {
        let (origin, rest) = split(url).ok_or_else(|| Violation::BadField { field: field.into() })?;
        if origin != *self {
            return Err(Violation::ForeignOrigin { field: field.into(), origin: Untrusted::new(&format!("{origin}")) });
        }
        Ok(if rest.is_empty() { "/" } else { rest })
    }
}

/// The origins that a ceremony may address, fixed when the ceremony is made. The first one is the service's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PinnedOrigins(Arc<Pinned>);

#[derive(Debug, PartialEq, Eq)]
struct Pinned {
    service: Origin,
    others: Vec<Origin>,
}

impl PinnedOrigins {
    /// Pins the service's own origin and no other.
    pub(crate) fn only(service: Origin) -> Self {
        Self(Arc::new(Pinned { service, others: Vec::new() }))
    }

    /// Pins all of `origins`; `None` if there are none.
    pub(crate) fn of(origins: impl IntoIterator<Item = Origin>) -> Option<Self> {
        let mut origins = origins.into_iter();
        Some(Self(Arc::new(Pinned { service: origins.next()?, others: origins.collect() })))
    }

    /// The service's own origin.
    pub(crate) fn service(&self) -> &Origin {
        &self.0.service
    }

    /// Every pinned origin, the service's own first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Origin> {
        core::iter::once(&self.0.service).chain(&self.0.others)
    }

    /// The absolute URL in the member `field` of an answer, which must be on a pinned origin.
    ///
    /// # Errors
    /// [`Violation::ForeignOrigin`] for any other origin, [`Violation::BadField`] for a text that is not a plain URL.
    pub(crate) fn endpoint(&self, field: &'static str, url: &str) -> Result<Endpoint, Violation> {
        self.first_match(|origin| origin.pinned_endpoint(field, url))
    }

    /// The link for the human in the member `field` of an answer, which must be on a pinned origin.
    ///
    /// # Errors
    /// The errors of [`endpoint`](Self::endpoint).
    pub(crate) fn link(&self, field: &'static str, url: &str) -> Result<ClaimLink, Violation> {
        self.first_match(|origin| origin.pinned_link(field, url))
    }

    fn first_match<T>(&self, look: impl Fn(&Origin) -> Result<T, Violation>) -> Result<T, Violation> {
        let own = look(&self.0.service);
        match own {
            Err(Violation::ForeignOrigin { .. }) => self.0.others.iter().find_map(|origin| look(origin).ok()).map_or(own, Ok),
            own => own,
        }
    }
}

impl Endpoint {
    pub(crate) fn uri(&self) -> &Uri {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIN: &str = "https://app.opentrain.ai";

    #[test]
    fn equal_origins_are_equal_however_written() {
        let pin = Origin::parse(PIN).unwrap();
        for same in ["https://APP.opentrain.ai/api", "https://app.opentrain.ai:443/api", "https://app.opentrain.ai"] {
            assert!(pin.pinned_endpoint("claim_endpoint", same).is_ok(), "{same}");
        }
        assert_eq!(
            pin.pinned_link("verification_uri", "HTTPS://APP.opentrain.ai:443/claim?token=ot_cat_x#y").unwrap().expose(),
            "https://app.opentrain.ai/claim?token=ot_cat_x#y"
        );
    }

    #[test]
    fn confusable_urls_are_foreign_or_no_url() {
        let pin = Origin::parse(PIN).unwrap();
        for foreign in [
            "https://evil.com/",
            "https://app.opentrain.ai.evil.com/",
            "https://app.opentrain.ai:444/",
            "http://app.opentrain.ai/",
            "https://opentrain.ai/",
            "https://app.opentrain.ai./",
            "https://app.opentrain.ai@evil.com/",
            "https://evil.com/@app.opentrain.ai",
            "https://evil.com#app.opentrain.ai",
            "https://evil.com?app.opentrain.ai",
            "//app.opentrain.ai/",
            "/api",
            "",
            "https:/app.opentrain.ai/",
            "https:app.opentrain.ai",
            "https://app.opentrain.ai\\@evil.com/",
            "https://app.opentrain.ai%2eevil.com/",
            "https://app.opentrain.ai%00.evil.com/",
            "https://\u{202e}app.opentrain.ai/",
            "https://app.opentrain.ai/\u{1b}[31m",
            "https://app.opentrain.ai/ x",
            "https://app。opentrain.ai/",
            "https://xn--pp-7ka.opentrain.ai/",
            "javascript:alert(1)//https://app.opentrain.ai/",
            "https://[::1]/",
            "https://127.0.0.1/",
            "https://app.opentrain.ai:443x/",
            "https://app.opentrain.ai:+443/",
            "https://:443/",
            "https://user:pw@app.opentrain.ai/",
            "https://app.opentrain.ai/<b>",
            "https://app.opentrain.ai/\"x\"",
            "https://app.opentrain.ai/{x}|^`",
            "https://app.opentrain.ai/\\x",
            "https://@app.opentrain.ai/",
        ] {
            assert!(pin.pinned_endpoint("token_endpoint", foreign).is_err(), "{foreign}");
            assert!(pin.pinned_link("verification_uri", foreign).is_err(), "{foreign}");
        }
        assert!(pin.pinned_endpoint("token_endpoint", "https://app.opentrain.ai/x#y").is_err());
    }
}
