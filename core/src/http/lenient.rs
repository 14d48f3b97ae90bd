//! Reads an answer whose structure is whole although a strict parser refuses some value in it.
//!
//! A value that cannot be read becomes [`Json::Broken`]: a text with a lone surrogate, a bad escape, a control character or a byte that is
//! not UTF-8, a number out of range, a value that is nested too deeply, and a member that occurs twice. Whoever needs that value does not
//! get it. Everything else of the answer can be read. The structure is never guessed: brackets, commas and colons must be where JSON has
//! them, and nothing may follow the object.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::json::{Json, Object};

/// The number of brackets around a value that is read. The content of a deeper one is skipped.
const DEEPEST: usize = 64;

/// Reads a JSON object and nothing else.
pub(super) fn read(bytes: &[u8]) -> Option<Object<'_>> {
    let mut reader = Reader { rest: bytes };
    let Json::Object(object) = reader.value(0)? else { return None };
    reader.skip_space();
    reader.rest.is_empty().then_some(object)
}

/// The part of the answer that has not been read yet.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        self.skip_space();
        match self.rest.first()? {
            b'"' => Some(self.text()?.map_or(Json::Broken, Json::Text)),
            b'{' | b'[' if depth >= DEEPEST => self.skip_brackets().map(|()| Json::Broken),
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            _ => self.word(),
        }
    }

    fn object(&mut self, depth: usize) -> Option<Json<'a>> {
        self.take(b'{')?;
        let mut members: Vec<(Cow<'a, str>, Json<'a>)> = Vec::new();
        if self.take(b'}').is_some() {
            return Some(Json::Object(Object::of(members)));
        }
        loop {
            self.skip_space();
            let name = self.text()?;
            self.take(b':')?;
            let value = self.value(depth.saturating_add(1))?;
            // Nobody needs a member whose name cannot be read.
            if let Some(name) = name {
                match members.iter_mut().find(|(own, _)| *own == name) {
                    Some((_, first)) => *first = Json::Broken,
                    None => members.push((name, value)),
                }
            }
            if self.take(b'}').is_some() {
                return Some(Json::Object(Object::of(members)));
            }
            self.take(b',')?;
        }
    }

    fn list(&mut self, depth: usize) -> Option<Json<'a>> {
        self.take(b'[')?;
        let mut items = Vec::new();
        if self.take(b']').is_some() {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value(depth.saturating_add(1))?);
            if self.take(b']').is_some() {
                return Some(Json::List(items));
            }
            self.take(b',')?;
        }
    }

    /// A text with its quotes. The inner `None` is a text that is closed and cannot be read.
    fn text(&mut self) -> Option<Option<Cow<'a, str>>> {
        let (text, rest) = split_text(self.rest)?;
        self.rest = rest;
        Some(match serde_json::from_slice(text) {
            Ok(Json::Text(text)) => Some(text),
            _ => None,
        })
    }

    /// A number, `true`, `false` or `null`. Another word, such as `NaN`, cannot be read.
    fn word(&mut self) -> Option<Json<'a>> {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = self.rest.iter().take_while(|byte| is_part(byte)).count();
        let (word, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        (!word.is_empty()).then(|| serde_json::from_slice(word).unwrap_or(Json::Broken))
    }

    /// Skips a value with all that is in it. Its brackets must match.
    fn skip_brackets(&mut self) -> Option<()> {
        let mut open = Vec::new();
        loop {
            match self.rest.first()? {
                b'"' => {
                    self.rest = split_text(self.rest)?.1;
                    continue;
                }
                b'{' => open.push(b'}'),
                b'[' => open.push(b']'),
                byte @ (b'}' | b']') if open.pop() != Some(*byte) => return None,
                _ => {}
            }
            self.rest = self.rest.get(1..)?;
            if open.is_empty() {
                return Some(());
            }
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        self.rest = self.rest.strip_prefix(&[byte])?;
        Some(())
    }

    fn skip_space(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
}

/// Splits a closed text, with its quotes, from what follows it.
pub(super) fn split_text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut inner = bytes.strip_prefix(b"\"")?.iter().enumerate();
    while let Some((at, byte)) = inner.next() {
        match byte {
            b'\\' => drop(inner.next()),
            b'"' => return bytes.split_at_checked(at.saturating_add(2)),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_strict_parser_reads_is_read_alike() {
        for text in [
            "{}",
            " { } ",
            r#"{"a":1,"b":[],"c":[1,"x",null,true],"d":{"e":{"f":-1.5e3}},"g":"\u00e9\n\"\\"}"#,
            "{\"a\":\"é\",\t\"b\" : [ 1 , 2 ]\r\n}",
            r#"{"$serde_json::private::Number":"1"}"#,
        ] {
            let strict = match serde_json::from_slice(text.as_bytes()) {
                Ok(Json::Object(object)) => Some(object),
                _ => None,
            };
            if strict.is_some() {
                assert_eq!(read(text.as_bytes()), strict, "{text}");
            }
        }
    }

    #[test]
    fn a_member_that_occurs_twice_is_broken_and_its_neighbours_are_not() {
        let object = read(br#"{"a":1,"b":"x","a":1,"c":{"d":1,"d":2,"e":3}}"#).unwrap();
        assert_eq!((object.get("a"), object.text("b")), (Some(&Json::Broken), Some("x")));
        let inner = object.object("c").unwrap();
        assert_eq!((inner.get("d"), inner.number("e")), (Some(&Json::Broken), Some(3.0)));
    }

    #[test]
    fn the_structure_is_never_guessed() {
        for text in ["", "[]", "1", "{", "{}x", "{}{}", r#"{"a"}"#, r#"{"a":}"#, r#"{"a":1,}"#, r#"{"a":[1,]}"#, r#"{"a":[}]}"#, r#"{a:1}"#]
        {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        let deep = |close: &str| alloc::format!(r#"{{"a":{}{}}}"#, "[".repeat(100), close.repeat(100));
        assert!(read(deep("]").as_bytes()).is_some());
        assert!(read(deep("}").as_bytes()).is_none());
    }
}
