//! The record of an answer as a file: a line that says what follows, the content type, and the body.

use std::path::Path;
use std::{fs, io};

use enlist_core::{Delivery, ExchangeId, ExchangeResult, Partial, TransportFailure, TransportKind};
use flate2::Crc;
use http::Response;
use http::header::CONTENT_TYPE;

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: u64,
    pub(crate) status: u16,
    pub(crate) is_cut: bool,
    pub(crate) content_type: Vec<u8>,
    pub(crate) body: Vec<u8>,
    /// Of content type and body, as the file has it.
    checksum: Option<u32>,
}

impl Record {
    /// Of an answer that may hold a credential.
    pub(crate) fn of(id: ExchangeId, answer: &ExchangeResult, refusals_too: bool) -> Option<Self> {
        let (status, is_cut, content_type, body) = match answer {
            Ok(response) => {
                let content_type = response.headers().get(CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
                (response.status().as_u16(), false, content_type.unwrap_or_default(), response.body().clone())
            }
            Err(failure) => {
                let partial = failure.partial.clone()?;
                (partial.status, true, Vec::new(), partial.body)
            }
        };
        let is_success = (200..300).contains(&status);
        let status = if is_success { status } else { 200 };
        (is_success || refusals_too).then(|| Self { id: id.as_u64(), status, is_cut, content_type, body, checksum: None })
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self { id, status, content_type, body, .. } = self;
        let (cut, checksum) = (u8::from(self.is_cut), checksum(content_type, body));
        let head = format!("{id} {status} {cut} {} {} {checksum}\n", content_type.len(), body.len());
        [head.as_bytes(), content_type, body].concat()
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.checksum == Some(checksum(&self.content_type, &self.body))
    }

    pub(crate) fn answer(self) -> ExchangeResult {
        if self.is_cut {
            let partial = Some(Partial { status: self.status, body: self.body });
            return Err(TransportFailure { partial, ..TransportFailure::new(TransportKind::Closed, Delivery::Unknown) });
        }
        let mut builder = Response::builder().status(self.status);
        if !self.content_type.is_empty() {
            builder = builder.header(CONTENT_TYPE, self.content_type);
        }
        Ok(builder.body(self.body).unwrap())
    }
}

fn checksum(content_type: &[u8], body: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(content_type);
    crc.update(body);
    crc.sum()
}

/// The record in a file; `None` when there is no file, or only room in it.
pub(crate) fn read(path: &Path) -> io::Result<Option<Record>> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other?,
    };
    Ok(parse(&bytes))
}

fn parse(bytes: &[u8]) -> Option<Record> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let numbers: Vec<usize> = head.split(' ').map(|number| number.parse().unwrap()).collect();
    let [id, status, cut, type_length, body_length, checksum] = numbers[..] else { return None };
    let rest = &bytes[end + 1..];
    let (content_type, rest) = rest.split_at(type_length.min(rest.len()));
    Some(Record {
        id: id as u64,
        status: status as u16,
        is_cut: cut == 1,
        content_type: content_type.to_vec(),
        body: rest[..body_length.min(rest.len())].to_vec(),
        checksum: u32::try_from(checksum).ok(),
    })
}
