//! The file into which the raw answer of a delivering exchange is written before it is parsed.
//!
//! The file is made, filled and synced before the request is sent, so that a full disk is noticed while nothing can be lost. The
//! answer then overwrites bytes that exist already. A checksum tells a whole record from a torn one.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use enlist_core::{Delivery, Exchange, ExchangeId, Input, Partial, TransportFailure, TransportKind};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use zeroize::Zeroizing;

use crate::{StoreError, files};

const MAGIC: &[u8; 8] = b"enlistJ1";
const ENDING: &str = ".journal";
/// The bytes before the body: magic, crc32 of all that follows it, status, cut, content type's length, body's length
const HEAD: usize = 8 + 4 + 2 + 1 + 2 + 4;
/// The most bytes of a content type that are written down.
const LONGEST_TYPE: usize = 256;

/// The journal of one exchange.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    pub(crate) fn of(folder: &Path, flow: &str, id: ExchangeId) -> Self {
        Self { path: folder.join(format!("{flow}-{id}{ENDING}")) }
    }

    /// All journals of `flow`.
    pub(crate) fn of_flow(folder: &Path, flow: &str) -> Result<Vec<Self>, StoreError> {
        let of_flow = |name: &String| name.rsplit_once('-').is_some_and(|(own, _)| own == flow);
        let names = files::names(folder, ENDING)?.into_iter().filter(of_flow);
        Ok(names.map(|name| Self { path: folder.join(name + ENDING) }).collect())
    }

    /// The journal's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file, with room for the largest answer that `exchange` may bring.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn reserve(&self, exchange: &Exchange) -> Result<(), StoreError> {
        self.make_room(exchange.max_body)
    }

    /// Shows that there is room for a journal, before the first request of a flow. The file is synced, because some file systems find
    /// out only then. The folder is not, because the file is removed at once.
    pub(crate) fn prove_room(folder: &Path) -> Result<(), StoreError> {
        files::make_folder(folder)?;
        files::prove_written(&folder.join("proof"), &room(Exchange::MAX_BODY))
    }

    fn make_room(&self, max_body: usize) -> Result<(), StoreError> {
        let folder = files::parent(&self.path);
        files::make_folder(folder)?;
        files::write_new(&self.path, &room(max_body)).and_then(|()| files::sync_folder(folder)).map_err(|error| {
            let _ = fs::remove_file(&self.path);
            StoreError::unwritable(&self.path, &error)
        })
    }

    /// Writes down a 2xx, whole or cut off, durably. Any other answer holds no credential and leaves the journal empty.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub fn write(&self, answer: &Result<Response<Vec<u8>>, TransportFailure>) -> Result<(), StoreError> {
        let Some(record) = record_of(answer) else { return Ok(()) };
        let unwritable = |error: std::io::Error| StoreError::unwritable(&self.path, &error);
        let mut file = files::open(&self.path, OpenOptions::new().write(true))?.ok_or_else(|| StoreError::missing(&self.path))?;
        file.write_all(&record).and_then(|()| file.sync_data()).map_err(unwritable)
    }

    /// The answer that was written down. `None` when there is no journal, or nothing was written into it. A torn record counts as an
    /// answer that was cut off, so that its bytes are not thrown away.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or is not ours.
    pub fn read<A>(&self, id: ExchangeId) -> Result<Option<Input<A>>, StoreError> {
        let Some(bytes) = files::read(&self.path)? else { return Ok(None) };
        Ok(parse(&bytes).map(|answer| Input::answered(id, answer)))
    }

    /// Whether an answer was written down.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read or is not ours.
    pub fn is_written(&self) -> Result<bool, StoreError> {
        Ok(files::read(&self.path)?.is_some_and(|bytes| bytes.starts_with(MAGIC)))
    }

    /// Moves the file to the quarantine, for a person to look at, and returns its new path.
    pub(crate) fn quarantine(&self, folder: &Path) -> Result<PathBuf, StoreError> {
        files::make_folder(folder)?;
        let path = self.quarantine_path(folder);
        fs::rename(&self.path, &path).and_then(|()| files::sync_folder(folder)).map_err(|error| StoreError::unwritable(&path, &error))?;
        Ok(path)
    }

    pub(crate) fn quarantine_path(&self, folder: &Path) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default();
        folder.join(Path::new(name).with_extension("answer"))
    }

    pub(crate) fn remove(&self) -> Result<(), StoreError> {
        files::remove(&self.path)
    }
}

/// The zeros that the largest record overwrites.
fn room(max_body: usize) -> Vec<u8> {
    vec![0; HEAD + LONGEST_TYPE + max_body]
}

fn record_of(answer: &Result<Response<Vec<u8>>, TransportFailure>) -> Option<Zeroizing<Vec<u8>>> {
    let (status, cut, content_type, body) = match answer {
        Ok(response) => (
            response.status().as_u16(),
            false,
            response.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes),
            response.body(),
        ),
        Err(TransportFailure { partial: Some(Partial { status, body }), .. }) => (*status, true, &b""[..], body),
        Err(_) => return None,
    };
    if !(200..300).contains(&status) {
        return None;
    }
    let content_type = content_type.get(..content_type.len().min(LONGEST_TYPE)).unwrap_or_default();
    let mut rest = Zeroizing::new(Vec::with_capacity(HEAD + content_type.len() + body.len()));
    rest.extend_from_slice(&status.to_be_bytes());
    rest.push(u8::from(cut));
    rest.extend_from_slice(&u16::try_from(content_type.len()).unwrap_or_default().to_be_bytes());
    rest.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
    rest.extend_from_slice(content_type);
    rest.extend_from_slice(body);
    let mut record = Zeroizing::new(Vec::with_capacity(12 + rest.len()));
    record.extend_from_slice(MAGIC);
    record.extend_from_slice(&crc32fast::hash(&rest).to_be_bytes());
    record.extend_from_slice(&rest);
    Some(record)
}

fn parse(bytes: &[u8]) -> Option<Result<Response<Vec<u8>>, TransportFailure>> {
    let (magic, rest) = bytes.split_first_chunk::<8>()?;
    // The magic is written first: without it, nothing was written.
    if magic != MAGIC {
        return None;
    }
    let cut = |status, body: &[u8]| {
        let partial = Some(Partial { status, body: body.to_vec() });
        Err(TransportFailure { partial, ..TransportFailure::new(TransportKind::Closed, Delivery::Unknown) })
    };
    let Some(record) = Record::read(rest) else { return Some(cut(200, rest)) };
    if record.cut {
        return Some(cut(record.status, record.body));
    }
    let mut response = Response::new(record.body.to_vec());
    *response.status_mut() = StatusCode::from_u16(record.status).unwrap_or(StatusCode::OK);
    if let Ok(content_type) = HeaderValue::from_bytes(record.content_type) {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    Some(Ok(response))
}

struct Record<'a> {
    status: u16,
    cut: bool,
    content_type: &'a [u8],
    body: &'a [u8],
}

impl<'a> Record<'a> {
    /// A record whose lengths and checksum are right.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (checksum, checked) = bytes.split_first_chunk::<4>()?;
        let (status, rest) = checked.split_first_chunk::<2>()?;
        let ([cut], rest) = rest.split_first_chunk::<1>()?;
        let (type_length, rest) = rest.split_first_chunk::<2>()?;
        let (body_length, rest) = rest.split_first_chunk::<4>()?;
        let (type_length, body_length) = (usize::from(u16::from_be_bytes(*type_length)), u32::from_be_bytes(*body_length) as usize);
        let (content_type, rest) = rest.split_at_checked(type_length)?;
        let (body, _) = rest.split_at_checked(body_length)?;
        let whole = checked.get(..9 + type_length + body_length)?;
        let is_whole = crc32fast::hash(whole).to_be_bytes() == *checksum;
        is_whole.then(|| Self { status: u16::from_be_bytes(*status), cut: *cut != 0, content_type, body })
    }
}
