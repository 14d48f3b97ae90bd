//! JSON as services send it. Values borrow from the body, duplicate members are refused, and a wrong type differs from an absent member.

use alloc::borrow::{Cow, ToOwned};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::lenient;
use crate::error::Violation;
use crate::types::secret::{Kind, Secret};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Object<'a>),
    /// A value that is there and cannot be read. Only [`Object::read`] yields it.
    Broken,
}

/// A JSON object. To [`Object::parse`], two members with the same name make the whole text unreadable (RFC 8259 section 4 leaves this open).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

impl<'a> Object<'a> {
    pub(super) const fn of(members: Vec<(Cow<'a, str>, Json<'a>)>) -> Self {
        Self(members)
    }

    /// Reads a service's answer: behind one byte order mark, and with [`Json::Broken`] in the place of each value that cannot be read.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        Self::parse(bytes).or_else(|| lenient::read(bytes))
    }

    /// Reads an object strictly.
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        match serde_json::from_slice(bytes) {
            Ok(Json::Object(object)) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Json<'a>> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Whether the member exists and has a value that could be an answer.
    pub(crate) fn has(&self, name: &str) -> bool {
        match self.get(name) {
            None | Some(Json::Null | Json::Number(_)) => false,
            Some(Json::Text(text)) => !text.is_empty(),
            Some(Json::Bool(_) | Json::List(_) | Json::Object(_) | Json::Broken) => true,
        }
    }

    /// A member that is a string and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Json::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Self> {
        match self.get(name)? {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Json::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some(&Json::Bool(true))
    }

    /// A required string.
    ///
    /// # Errors
    /// [`Violation::MissingField`] if the member is absent, null or empty; [`Violation::BadField`] if it is not a string.
    pub(crate) fn required_text(&self, field: &'static str) -> Result<&str, Violation> {
        match self.get(field) {
            None | Some(Json::Null) => Err(Violation::MissingField { field: field.into() }),
            Some(Json::Text(text)) if text.is_empty() => Err(Violation::MissingField { field: field.into() }),
            Some(Json::Text(text)) => Ok(text),
            Some(_) => Err(Violation::BadField { field: field.into() }),
        }
    }

    /// A required secret, which must keep its rule.
    ///
    /// # Errors
    /// The errors of [`required_text`](Self::required_text), and [`Violation::BadField`] if the text breaks the rule.
    pub(crate) fn required_secret<K: Kind>(&self, field: &'static str) -> Result<Secret<K>, Violation> {
        Secret::parse(self.required_text(field)?).map_err(|_| Violation::BadField { field: field.into() })
    }

    /// The words of the list `list`, or of the string `spaced`, in which spaces separate them.
    pub(crate) fn words(&self, list: &str, spaced: &str) -> Vec<String> {
        if let Some(Json::List(items)) = self.get(list) {
            return items.iter().filter_map(Json::as_text).map(ToOwned::to_owned).collect();
        }
        let text = self.text(list).or_else(|| self.text(spaced)).unwrap_or_default();
        text.split_ascii_whitespace().map(ToOwned::to_owned).collect()
    }
}

impl Json<'_> {
    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> Json<'a> {
    pub(crate) fn as_object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyJson)
    }
}

struct AnyJson;

impl<'de> Visitor<'de> for AnyJson {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Json::Number(value))
    }

    #[allow(clippy::cast_precision_loss)] // the numbers are seconds and counts, far below 2^53, and clamped where they are used
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(value as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(value as f64))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Json<'de>)> = Vec::new();
        while let Some((name, value)) = access.next_entry()? {
            let Json::Text(name) = name else { return Err(A::Error::custom("the name of a member is not a string")) };
            if members.iter().any(|(own, _)| *own == name) {
                return Err(A::Error::custom("a member occurs twice"));
            }
            members.push((name, value));
        }
        Ok(match members.as_slice() {
            // serde_json hands over a number in this form if some crate in the program enables `arbitrary_precision`.
            [(name, Json::Text(digits))] if name == "$serde_json::private::Number" => digits.parse().map_or(Json::Null, Json::Number),
            _ => Json::Object(Object(members)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If some crate in the program enables `arbitrary_precision`, numbers have this form.
    #[test]
    fn a_number_is_read_in_either_form() {
        let number = |json: &[u8]| Object::parse(json).and_then(|object| object.number("n"));
        assert_eq!(number(br#"{"n":1.5}"#), Some(1.5));
        assert_eq!(number(br#"{"n":{"$serde_json::private::Number":"1.5"}}"#), Some(1.5));
        assert_eq!(number(br#"{"n":{"$serde_json::private::Number":"x"}}"#), None);
        assert_eq!(number(br#"{"n":{"other":"1.5"}}"#), None);
    }
}
