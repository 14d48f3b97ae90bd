//! Reads the head of an answer as leniently as hyper does, so that a head that breaks the rules does not cost the body. ureq's parser takes
//! none of these: a folded header, a blank before the colon, and a line that is no header.

use ureq::Error;

/// The largest heads of an answer, in bytes: with the heads of the answers of status 1xx before it. The limit of hyper is about as large.
pub(crate) const MAX_HEADS: usize = 400 * 1024;

/// Collects the incoming bytes until the head is complete.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    /// The bytes that are not passed on yet.
    waiting: Vec<u8>,
    /// How many of them were searched for the end of the head. They end with a line.
    searched: usize,
    /// How many bytes came before the head: the heads of status 1xx, and empty lines.
    passed_over: usize,
    is_over: bool,
}

impl Heads {
    /// Takes further bytes, and gives those that can be passed on: none until the head is complete, then the mended head and all bytes
    /// that follow it. An answer of status 1xx is passed over.
    ///
    /// # Errors
    /// [`Error::LargeResponseHeader`] for more than [`MAX_HEADS`].
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        self.waiting.extend_from_slice(bytes);
        while !self.is_over {
            self.pass_over_blank_lines();
            if !may_be_http(&self.waiting) {
                break;
            }
            let Some(end) = self.end() else {
                let length = self.passed_over + self.waiting.len();
                return if length > MAX_HEADS { Err(Error::LargeResponseHeader(length, MAX_HEADS)) } else { Ok(Vec::new()) };
            };
            let rest = self.waiting.split_off(end);
            let head = std::mem::replace(&mut self.waiting, rest);
            self.searched = 0;
            if is_informational(&head) {
                self.passed_over += head.len();
            } else {
                return Ok([mended(&head), self.finish()].concat());
            }
        }
        Ok(self.finish())
    }

    /// Empty lines may come before a status line.
    fn pass_over_blank_lines(&mut self) {
        let blank = self.waiting.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.waiting.drain(..blank);
        self.passed_over += blank;
    }

    /// The length of the head with the empty line at its end, if it is complete.
    fn end(&mut self) -> Option<usize> {
        while let Some((line, after)) = self.waiting.get(self.searched..).and_then(first_line) {
            self.searched = self.waiting.len() - after.len();
            if line.is_empty() {
                return Some(self.searched);
            }
        }
        None
    }

    /// The bytes that still wait, as they are. What is no HTTP is for ureq to judge.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        self.is_over = true;
        std::mem::take(&mut self.waiting)
    }

    /// Whether the head was passed on, so that further bytes need no look.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_over
    }
}

/// The length of the head with which the bytes begin, and its status; `None` if it is not complete yet.
///
/// # Errors
/// The bytes are not HTTP.
pub(crate) fn next_head(bytes: &[u8]) -> Option<Result<(usize, u16), ()>> {
    if !may_be_http(bytes) {
        return Some(Err(()));
    }
    let status = std::str::from_utf8(bytes.get(9..12)?).ok()?.parse().ok()?;
    let mut rest = bytes;
    loop {
        let (line, after) = first_line(rest)?;
        if line.is_empty() {
            return Some(Ok((bytes.len() - after.len(), status)));
        }
        rest = after;
    }
}

/// Whether the bytes may be the beginning of a head.
fn may_be_http(bytes: &[u8]) -> bool {
    bytes.iter().take(12).enumerate().all(|(place, byte)| match place {
        0..7 => b"HTTP/1.".get(place) == Some(byte),
        7 => matches!(byte, b'0' | b'1'),
        8 => *byte == b' ',
        _ => byte.is_ascii_digit(),
    })
}

/// An answer of status 1xx, but not 101, after which the connection speaks another protocol.
fn is_informational(head: &[u8]) -> bool {
    let status = head.get(9..12);
    status.is_some_and(|status| status.first() == Some(&b'1') && status != b"101")
}

/// The first line without its end, and the rest.
fn first_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n')?);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..).unwrap_or_default()))
}

/// The head with joined lines, without blanks before colons, and without lines that are no headers. A line with a NUL stays as it is,
/// because no client may take it.
fn mended(head: &[u8]) -> Vec<u8> {
    let Some((status, mut rest)) = first_line(head) else { return head.to_vec() };
    let mut headers: Vec<Vec<u8>> = Vec::new();
    // Whether the last header was kept, and can be continued.
    let mut is_kept = false;
    while let Some((line, after)) = first_line(rest) {
        rest = after;
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let (true, Some(header)) = (is_kept, headers.last_mut()) {
                header.truncate(header.trim_ascii_end().len());
                header.extend([b" ", line.trim_ascii()].concat());
            }
        } else if !line.is_empty() {
            let header = header(line);
            is_kept = header.is_some();
            headers.extend(header);
        }
    }
    let lines = [status].into_iter().chain(headers.iter().map(Vec::as_slice));
    lines.flat_map(|line| [line, b"\r\n"].concat()).chain(*b"\r\n").collect()
}

/// The header without a blank before its colon; `None` for a line that is none.
fn header(line: &[u8]) -> Option<Vec<u8>> {
    if line.contains(&0) {
        return Some(line.to_vec());
    }
    let (name, value) = line.split_at(line.iter().position(|byte| *byte == b':')?);
    let name = name.trim_ascii_end();
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let is_text = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
    (!name.is_empty() && name.iter().all(is_token) && value.iter().all(is_text)).then(|| [name, value].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is passed on of an answer that comes in pieces of this length.
    fn passed_on(answer: &str, length: usize) -> String {
        let mut heads = Heads::default();
        let mut passed = Vec::new();
        for piece in answer.as_bytes().chunks(length) {
            passed.extend(heads.push(piece).unwrap());
        }
        passed.extend(heads.finish());
        String::from_utf8(passed).unwrap()
    }

    #[test]
    fn a_head_is_mended_and_the_body_is_left_alone() {
        let body = "a : b\r\n c\r\n\r\n";
        for (lines, expected) in [
            ("", ""),
            ("A: b\r\n", "A: b\r\n"),
            ("A: b\n", "A: b\r\n"),
            ("A: b\r\n c\r\n\td\r\nE: f\r\n", "A: b c d\r\nE: f\r\n"),
            ("A : b\r\nC\t : d\r\n", "A: b\r\nC: d\r\n"),
            ("nothing\r\nA: b\r\n", "A: b\r\n"),
            ("nothing\r\n folded\r\nA: b\r\n", "A: b\r\n"),
            (" folded\r\nA: b\r\n", "A: b\r\n"),
            ("x(y): 1\r\n: 2\r\na b: 3\r\nA: \u{7f}\r\nB: \u{e4}\r\n", "B: \u{e4}\r\n"),
            ("a\0: b\r\n", "a\0: b\r\n"),
        ] {
            for length in [1, 7, 1000] {
                let answer = format!("HTTP/1.1 200 OK\r\n{lines}\r\n{body}");
                assert_eq!(passed_on(&answer, length), format!("HTTP/1.1 200 OK\r\n{expected}\r\n{body}"), "{lines:?}");
            }
        }
    }

    #[test]
    fn answers_before_the_answer_are_passed_over() {
        let answer = "HTTP/1.1 100 Continue\r\nx: y\r\n\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{}";
        for length in [1, 1000] {
            assert_eq!(passed_on(answer, length), "HTTP/1.1 200 OK\r\n\r\n{}");
        }
        let switched = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
        assert_eq!(passed_on(switched, 1), switched);
    }

    #[test]
    fn what_is_no_http_is_passed_on_at_once() {
        for answer in ["SSH-2.0", "H2", "HTTP/2 200\r\n", "HTTP/1.1 2x0 OK\r\n", "HTTP/1.1 20\r\n"] {
            assert_eq!(Heads::default().push(answer.as_bytes()).unwrap(), answer.as_bytes(), "{answer}");
        }
        for begin in ["", "H", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nA: b\r\n"] {
            assert!(Heads::default().push(begin.as_bytes()).unwrap().is_empty(), "{begin}");
            assert_eq!(passed_on(begin, 1), begin);
        }
    }

    #[test]
    fn heads_have_a_limit() {
        for endless in ["HTTP/1.1 200 OK\r\nx: ", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
            let mut heads = Heads::default();
            let pieces = MAX_HEADS / endless.len() + 2;
            let end = (0..pieces).find_map(|_| heads.push(endless.as_bytes()).err());
            assert!(matches!(end, Some(Error::LargeResponseHeader(..))), "{endless}");
        }
    }
}
