//! The file into which the raw answer of a delivering exchange is written before it is parsed.
//!
//! A flow has one such file. Room for the largest answer is reserved in it and synced before the flow's first request, so that a full
//! disk is noticed while nothing can be lost; each later exchange writes over the same bytes. A record names its flow, its exchange and
//! the nonce that the flow's file held when the request was sent, and is taken for no other exchange. A checksum tells a whole record
//! from a torn one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use enlist_core::{Delivery, ExchangeId, ExchangeResult, Partial, TransportFailure, TransportKind};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use rustix::fs::{FallocateFlags, fallocate};
use zeroize::Zeroizing;

use crate::{StoreError, files, quarantine};

const MAGIC: &[u8; 8] = b"enlistJ2";
const ENDING: &str = ".journal";
const QUARANTINE_ENDING: &str = ".answer";
/// The bytes that the name of a flow takes in a record. A shorter name is padded with zeros.
const NAME: usize = 32;
/// Magic, flow, exchange, nonce.
const KEY: usize = MAGIC.len() + NAME + 8 + Nonce::LEN;
/// Status, whether the answer was cut off, length of the content type, length of the body, checksum of all that comes before it and of
/// all that follows it.
const LENGTHS: usize = 2 + 1 + 2 + 4 + 4;
const HEADER: usize = KEY + LENGTHS;
/// The most bytes of a content type that are written down.
const LONGEST_TYPE: usize = 256;
/// The length of the content type of an answer that has none.
const NO_TYPE: u16 = u16::MAX;

/// A random number that ties a record to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nonce([u8; Self::LEN]);

impl Nonce {
    const LEN: usize = 16;

    pub(crate) fn random() -> Result<Self, StoreError> {
        let mut bytes = [0; Self::LEN];
        getrandom::fill(&mut bytes).map_err(|error| StoreError::no_random(&error))?;
        Ok(Self(bytes))
    }

    /// Reads what [`to_hex`](Self::to_hex) wrote.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        let is_hex = text.len() == 2 * Self::LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u128::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
        Some(Self(number.to_be_bytes()))
    }

    pub(crate) fn to_hex(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }
}

/// The journal of one flow.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    flow: String,
}

impl Journal {
    pub(crate) fn of(folder: &Path, flow: &str) -> Self {
        Self { path: folder.join(format!("{flow}{ENDING}")), flow: flow.to_owned() }
    }

    /// Makes the file, with room for the largest answer, and returns it. Changes nothing when the file is there and large enough.
    pub(crate) fn reserve(&self, max_body: usize) -> Result<File, StoreError> {
        let room = (HEADER + LONGEST_TYPE + max_body) as u64;
        let folder = files::parent(&self.path);
        files::make_folder(folder)?;
        let unwritable = |error: io::Error| StoreError::unwritable(&self.path, &error);
        let existing = files::open(&self.path, OpenOptions::new().write(true))?;
        let is_new = existing.is_none();
        let file = match existing {
            Some(file) if length(&file).map_err(unwritable)? >= room => return Ok(file),
            Some(file) => file,
            None => OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path).map_err(unwritable)?,
        };
        let made = make_room(&file, room).and_then(|()| file.sync_all()).and_then(|()| files::sync_folder(folder));
        made.map_err(|error| {
            if is_new {
                let _ = fs::remove_file(&self.path);
            }
            unwritable(error)
        })?;
        Ok(file)
    }

    /// Writes a record durably into `room`, which [`reserve`](Self::reserve) returned. It was opened before the request was sent, so neither
    /// a missing descriptor nor a folder that was moved stands in the way now.
    pub(crate) fn write(&self, room: &File, record: &[u8]) -> Result<(), StoreError> {
        let written = room.write_all_at(record, 0).and_then(|()| room.sync_data());
        let has_name = written.and_then(|()| room.metadata()).and_then(|found| match found.nlink() {
            0 => Err(ErrorKind::NotFound.into()),
            _ => Ok(()),
        });
        has_name.map_err(|error| StoreError::unwritable(&self.path, &error))
    }

    /// The answer in `record`, if it is the one to this exchange.
    pub(crate) fn answer_in(&self, record: &[u8], id: ExchangeId, nonce: &Nonce) -> Option<ExchangeResult> {
        record.strip_prefix(self.key(id, nonce).as_slice()).map(|rest| Answer::read(record, rest).into_result())
    }

    /// The answer that was written down for exactly this exchange. A torn record counts as an answer that was cut off, so that its
    /// bytes are not thrown away.
    pub(crate) fn read(&self, id: ExchangeId, nonce: &Nonce) -> Result<Option<ExchangeResult>, StoreError> {
        Ok(files::read(&self.path)?.and_then(|bytes| self.answer_in(&bytes, id, nonce)))
    }

    /// The exchange whose answer the file holds, whatever its nonce.
    pub(crate) fn holds(&self) -> Result<Option<u64>, StoreError> {
        let Some(bytes) = files::read(&self.path)? else { return Ok(None) };
        let id = bytes.strip_prefix(MAGIC.as_slice()).and_then(|rest| rest.strip_prefix(name(&self.flow).as_slice()));
        Ok(id.and_then(|rest| rest.first_chunk()).map(|id| u64::from_be_bytes(*id)))
    }

    /// Wipes the record, which is not needed any more. No later exchange would take it, so it may come back after a power failure.
    pub(crate) fn wipe(&self) -> Result<(), StoreError> {
        let Some(bytes) = files::read(&self.path)? else { return Ok(()) };
        let Some(last) = bytes.iter().rposition(|byte| *byte != 0) else { return Ok(()) };
        let file = files::open(&self.path, OpenOptions::new().write(true))?.ok_or_else(|| StoreError::missing(&self.path))?;
        file.write_all_at(&vec![0; last + 1], 0).map_err(|error| StoreError::unwritable(&self.path, &error))
    }

    /// Moves the record of the exchange `id` to the quarantine, for a person to look at, and returns its new path.
    pub(crate) fn quarantine(&self, id: u64, folder: &Path) -> Result<PathBuf, StoreError> {
        files::make_folder(folder)?;
        let path = quarantine::free(folder, &format!("{}-{id}", self.flow), QUARANTINE_ENDING);
        let moved = fs::rename(&self.path, &path).and_then(|()| files::sync_folder(folder));
        moved.map_err(|error| StoreError::unwritable(&path, &error))?;
        Ok(path)
    }

    pub(crate) fn remove(&self) -> Result<(), StoreError> {
        files::remove(&self.path)
    }

    /// The beginning of the record of an exchange.
    pub(crate) fn key(&self, id: ExchangeId, nonce: &Nonce) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([MAGIC.as_slice(), &name(&self.flow), &id.as_u64().to_be_bytes(), &nonce.0].concat())
    }

    /// A record of a 2xx, whole or cut off. `None` for any other answer, which holds no credential.
    pub(crate) fn record(&self, id: ExchangeId, nonce: &Nonce, answer: &ExchangeResult) -> Option<Zeroizing<Vec<u8>>> {
        let answer = Answer::of(answer)?;
        let content_type = answer.content_type.unwrap_or_default();
        let mut record = Zeroizing::new(Vec::with_capacity(HEADER + content_type.len() + answer.body.len()));
        record.extend_from_slice(&self.key(id, nonce));
        record.extend_from_slice(&answer.lengths());
        let checksum = checksum(&[&record, content_type, answer.body]);
        record.extend_from_slice(&checksum.to_be_bytes());
        record.extend_from_slice(content_type);
        record.extend_from_slice(answer.body);
        Some(record)
    }
}

/// Where the unreadable answer to an exchange of a flow is.
pub(crate) fn quarantine_path(folder: &Path, flow: &str, id: u64) -> PathBuf {
    folder.join(format!("{flow}-{id}{QUARANTINE_ENDING}"))
}

fn length(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
}

/// Makes `file` at least `room` bytes long, and has the file system set that room aside.
fn make_room(file: &File, room: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, room) {
        Ok(()) if length(file)? >= room => Ok(()),
        Err(error) if is_full(error) => Err(error.into()),
        // This file system cannot do it, so the room is written.
        _ => fill(file, room),
    }
}

fn is_full(error: rustix::io::Errno) -> bool {
    use rustix::io::Errno;
    matches!(error, Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::IO | Errno::ROFS)
}

fn fill(mut file: &File, room: u64) -> io::Result<()> {
    let missing = room.saturating_sub(length(file)?);
    io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
    file.write_all(&vec![0; usize::try_from(missing).unwrap_or(usize::MAX)])
}

fn name(flow: &str) -> [u8; NAME] {
    let mut name = [0; NAME];
    for (to, from) in name.iter_mut().zip(flow.bytes()) {
        *to = from;
    }
    name
}

fn length_of_type(written: u16) -> usize {
    if written == NO_TYPE { 0 } else { usize::from(written) }
}

fn checksum(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize()
}

/// A 2xx, as a record holds it.
struct Answer<'a> {
    status: u16,
    is_cut: bool,
    content_type: Option<&'a [u8]>,
    body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// `None` for an answer that is not written down.
    fn of(answer: &'a ExchangeResult) -> Option<Self> {
        let (status, is_cut, content_type, body) = match answer {
            Ok(response) => {
                (response.status().as_u16(), false, response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes), response.body())
            }
            Err(TransportFailure { partial: Some(Partial { status, body }), .. }) => (*status, true, None, body),
            Err(_) => return None,
        };
        let content_type = content_type.map(|text| text.get(..LONGEST_TYPE).unwrap_or(text));
        (200..300).contains(&status).then_some(Self { status, is_cut, content_type, body })
    }

    fn lengths(&self) -> Vec<u8> {
        let [high, low] = self.status.to_be_bytes();
        let content_type = self.content_type.map_or(NO_TYPE, |text| u16::try_from(text.len()).unwrap_or_default()).to_be_bytes();
        let body = u32::try_from(self.body.len()).unwrap_or(u32::MAX).to_be_bytes();
        [&[high, low, u8::from(self.is_cut)], content_type.as_slice(), &body].concat()
    }

    /// From the whole `file` and its part behind the key.
    fn read(file: &'a [u8], rest: &'a [u8]) -> Self {
        Self::read_whole(file, rest).unwrap_or_else(|| Self::torn(rest))
    }

    fn read_whole(file: &[u8], rest: &'a [u8]) -> Option<Self> {
        let (status, rest) = rest.split_first_chunk()?;
        let ([is_cut], rest) = rest.split_first_chunk::<1>()?;
        let (type_length, rest) = rest.split_first_chunk()?;
        let (body_length, rest) = rest.split_first_chunk()?;
        let (written, rest) = rest.split_first_chunk()?;
        let type_length = u16::from_be_bytes(*type_length);
        let (content_type, rest) = rest.split_at_checked(length_of_type(type_length))?;
        let body = rest.get(..u32::from_be_bytes(*body_length) as usize)?;
        let before = file.get(..HEADER - 4)?;
        let is_whole = checksum(&[before, content_type, body]) == u32::from_be_bytes(*written);
        let (status, content_type) = (u16::from_be_bytes(*status), (type_length != NO_TYPE).then_some(content_type));
        is_whole.then_some(Self { status, is_cut: *is_cut != 0, content_type, body })
    }

    /// A record that was not written to its end: the bytes of the body that are there. What was reserved is zeros.
    fn torn(rest: &'a [u8]) -> Self {
        let type_length = rest.get(3..5).and_then(<[u8]>::first_chunk).map_or(0, |length| length_of_type(u16::from_be_bytes(*length)));
        let body = rest.get(LENGTHS..).unwrap_or_default();
        let body = body.get(type_length.min(LONGEST_TYPE)..).unwrap_or_default();
        let end = body.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        Self { status: 200, is_cut: true, content_type: None, body: body.get(..end).unwrap_or_default() }
    }

    fn into_result(self) -> ExchangeResult {
        if self.is_cut {
            let partial = Some(Partial { status: self.status, body: self.body.to_vec() });
            return Err(TransportFailure { partial, ..TransportFailure::new(TransportKind::Closed, Delivery::Unknown) });
        }
        let mut response = Response::new(self.body.to_vec());
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        if let Some(content_type) = self.content_type.and_then(|text| HeaderValue::from_bytes(text).ok()) {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On a file system that cannot set room aside, the room is written.
    #[test]
    fn room_is_made_either_way() {
        let made: [fn(&File, u64) -> io::Result<()>; 2] = [make_room, fill];
        for make in made {
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(b"record", 0).unwrap();
            for room in [70_000, 70_000, 80_000] {
                make(&file, room).unwrap();
                assert_eq!(length(&file).unwrap(), room);
            }
            let mut start = [1; 8];
            file.read_exact_at(&mut start, 0).unwrap();
            assert_eq!(&start, b"record\0\0");
        }
    }

    #[test]
    fn a_nonce_is_read_back() {
        for nonce in [Nonce([0; Nonce::LEN]), Nonce([0xff; Nonce::LEN]), Nonce::random().unwrap()] {
            assert_eq!(Nonce::from_hex(&nonce.to_hex()), Some(nonce));
        }
        for bad in ["", "0", "+0000000000000000000000000000000", "0000000000000000000000000000000g", &"0".repeat(33)] {
            assert_eq!(Nonce::from_hex(bad), None, "{bad}");
        }
        assert_ne!(Nonce::random().unwrap(), Nonce::random().unwrap());
    }
}
