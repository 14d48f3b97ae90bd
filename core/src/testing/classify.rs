//! Gives tests access to decisions that the ceremonies make internally.

use alloc::string::String;
use alloc::vec::Vec;

use http::Response;

use crate::badge::{Did, did_of};
use crate::error::{ServerError, TransportFailure, Trouble};
use crate::http::response::ResponseClass;
use crate::types::secret::Badge;
use crate::types::timestamp::Timestamp;

/// The class of an exchange's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A 2xx with a JSON object.
    Object,
    /// A 2xx that cannot be read. It may contain a credential.
    Unreadable,
    /// A definite refusal.
    Refused,
    /// 429.
    TooMany,
    /// 503.
    Unavailable,
    /// The request was sent, and its result is not known.
    Lost,
    /// No byte was sent.
    NotSent,
    /// The service broke a rule.
    Broken,
}

/// The class of a result, with the error and everything that may be shown of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The class.
    pub class: Class,
    /// The service's error, if the answer was not a success.
    pub error: Option<ServerError>,
    /// Every `Display` and `Debug` of the result.
    pub shown: String,
}

/// Classifies the result of an exchange whose successful answer contains the member `delivery`.
#[must_use]
pub fn classify(result: &Result<Response<Vec<u8>>, TransportFailure>, now: Timestamp, delivery: &str) -> Classified {
    let (class, error, shown) = match ResponseClass::read(result, now, delivery) {
        // The `Debug` of an object would be the service's own text. It is never shown.
        ResponseClass::Object(_) => (Class::Object, None, String::new()),
        ResponseClass::Unreadable(trouble, _) => (Class::Unreadable, None, alloc::format!("{trouble} {trouble:?}")),
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
