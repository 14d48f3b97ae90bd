//! A look at judgements that the ceremonies make inside.

use alloc::string::String;
use alloc::vec::Vec;

use http::Response;

use crate::badge::{Did, did_of};
use crate::error::{ServerError, TransportFailure, Trouble};
use crate::http::response::ResponseClass;
use crate::types::secret::Badge;
use crate::types::timestamp::Timestamp;

/// What an exchange's result is, before anyone asks what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A 2xx with a JSON object.
    Object,
    /// A 2xx that cannot be read: it may hold a credential.
    Unreadable,
    /// A definite no.
    Refused,
    /// 429.
    TooMany,
    /// 503.
    Unavailable,
    /// Sent, and what became of it is not known.
    Lost,
    /// Not a byte was sent.
    NotSent,
    /// A rule was broken.
    Broken,
}

/// A judgement, with what was read of a refusal and all that may be shown of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The judgement.
    pub class: Class,
    /// What was read of a service's answer that was no success.
    pub error: Option<ServerError>,
    /// Every `Display` and `Debug` of it.
    pub shown: String,
}

/// Judges the result of an exchange that is a success by the member `delivery`.
#[must_use]
pub fn classify(result: &Result<Response<Vec<u8>>, TransportFailure>, now: Timestamp, delivery: &str) -> Classified {
    let (class, error, shown) = match ResponseClass::read(result, now, delivery) {
        // Its Debug would be the service's words themselves; it is never shown.
        ResponseClass::Object(_) => (Class::Object, None, String::new()),
        ResponseClass::Unreadable(trouble) => (Class::Unreadable, None, alloc::format!("{trouble} {trouble:?}")),
        ResponseClass::Refused(error) => (Class::Refused, Some(error), String::new()),
        ResponseClass::TooMany(error) => (Class::TooMany, Some(error), String::new()),
        ResponseClass::Unavailable(error) => (Class::Unavailable, Some(error), String::new()),
        ResponseClass::Lost(Trouble::Server(error)) => (Class::Lost, Some(error), String::new()),
        ResponseClass::Lost(trouble) => (Class::Lost, None, alloc::format!("{trouble} {trouble:?}")),
        ResponseClass::NotSent(failure) => (Class::NotSent, None, alloc::format!("{failure} {failure:?}")),
        ResponseClass::Broken(violation) => (Class::Broken, None, alloc::format!("{violation} {violation:?}")),
    };
    let shown = error.as_ref().map_or(shown, |error| {
        let texts = [&error.code, &error.description, &error.body];
        texts.into_iter().flatten().fold(alloc::format!("{error} {error:?}"), |shown, text| alloc::format!("{shown} {text}"))
    });
    Classified { class, error, shown }
}

/// The DID that a badge's `sub` claims.
#[must_use]
pub fn did_in(badge: &Badge) -> Option<Did> {
    did_of(badge)
}
