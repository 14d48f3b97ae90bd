//! A service's answers, in each manner.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use http::header::{DATE, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use super::endpoint::EndpointKind;
use super::harness::Harness;
use super::op::{Manner, Words};
use super::rules::secret_in;
use super::service::{Heard, Said, Service};
use super::world::{World, by_the_services_clock};
use crate::types::untrusted::Untrusted;

impl<C: Harness> World<C> {
    /// Returns the service's answer. The service acts on the request if its manner allows it.
    pub(crate) fn serve(&mut self, manner: &Manner, request: &Heard) -> Response<Vec<u8>> {
        let plain = |(status, body): Said| respond(status, "", body.into_bytes());
        let after = |seconds: &Option<u32>| seconds.map_or_else(String::new, |seconds| seconds.to_string());
        match manner {
            Manner::Honest => plain(self.service.serve(request, self.elapsed)),
            Manner::Gateway { status, has_word } => {
                let _lost = self.service.serve(request, self.elapsed);
                // A status that the documents have is the service's word, and at the other endpoints each of 400 to 499 is.
                let is_doubted = match EndpointKind::of(&request.path) {
                    EndpointKind::Poll | EndpointKind::Rotate => true,
                    EndpointKind::Text => !matches!(status, 410 | 429),
                    EndpointKind::HandIn => !matches!(status, 401 | 410 | 429),
                    _ => false,
                };
                let status = if is_doubted || *status >= 500 { *status } else { 502 };
                let body: &[u8] = if *has_word { br#"{"error":"access_denied"}"# } else { b"<html>Bad Gateway</html>" };
                respond(status, "", body.to_vec())
            }
            Manner::Garbled => {
                let (status, _) = self.service.serve(request, self.elapsed);
                respond(status, "", b"<html>Sign in to HotelWiFi</html>".to_vec())
            }
            Manner::Busy { retry_after } => respond(503, &after(retry_after), Vec::new()),
            Manner::TooMany { retry_after } => respond(429, &after(retry_after), br#"{"error":"rate_limit_exceeded"}"#.to_vec()),
            Manner::Later { too_many, seconds } => later(if *too_many { 429 } else { 503 }, self.elapsed, *seconds),
            Manner::SlowDown { interval } if EndpointKind::of(&request.path) == EndpointKind::Poll => {
                let interval = interval.map_or_else(String::new, |interval| format!(r#","interval":{interval}"#));
                respond(400, "", format!(r#"{{"error":"slow_down"{interval}}}"#).into_bytes())
            }
            Manner::SlowDown { .. } => plain(self.service.serve(request, self.elapsed)),
            Manner::Echo { status } => {
                self.facts.honest = false;
                let echo = "ot_clm_CLAIMCANARY and ot_pat_8f2a_PRECANARY, eyJhbGci.BADGECANARY of owner@canary.example, +15005550006";
                respond(*status, "", format!(r#"{{"error":"ot_cat_LINKCANARY","error_description":"{echo}"}}"#).into_bytes())
            }
            Manner::Says(Words { status, retry_after, body }) => {
                self.facts.honest = false;
                // The service may write a secret in a form that cannot be told from words. We cannot hide that.
                let shown = Untrusted::new(&String::from_utf8_lossy(body)).to_string();
                self.facts.tainted |= secret_in(&shown).is_some();
                respond(*status, retry_after, body.clone())
            }
        }
    }
}

pub(crate) fn respond(status: u16, retry_after: &str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    if let Some(value) = Some(retry_after).filter(|value| !value.is_empty()).and_then(|value| value.parse().ok()) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

/// The seconds after which a service wants the next request. The client must read this value from the answer, whatever its clock says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named(pub(crate) u32);

/// An answer with `Retry-After` as an HTTP-date (RFC 9110 sections 5.6.7 and 10.2.3).
fn later(status: u16, elapsed: u64, seconds: u32) -> Response<Vec<u8>> {
    let date = |ms: u64| {
        let time = jiff::Timestamp::from_millisecond(by_the_services_clock(elapsed.saturating_add(ms)).as_unix_ms()).unwrap_or_default();
        HeaderValue::try_from(time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
    };
    let mut response = respond(status, "", Vec::new());
    let headers = [(DATE, date(0)), (RETRY_AFTER, date(u64::from(seconds).saturating_mul(1000)))];
    response.headers_mut().extend(headers.into_iter().filter_map(|(name, value)| Some((name, value?))));
    response.extensions_mut().insert(Named(seconds));
    response
}
