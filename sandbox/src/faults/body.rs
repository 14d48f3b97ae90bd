//! Bodies that a correct server would not send.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

static FILLER: [u8; 65_536] = [b'x'; 65_536];

/// The body of a reply. Its error closes the connection.
pub(crate) enum ReplyBody {
    /// The remaining bytes, in one piece.
    Whole(Bytes),
    /// Fewer bytes than were announced.
    Cut { bytes: Bytes, announced: u64, paused: bool },
    /// Filler bytes, generated while they are sent.
    Filler { left: u64 },
    /// Filler, compressed while it is sent. Without an encoder, the end was written.
    Gzip { encoder: Option<GzEncoder<Vec<u8>>>, left: u64 },
    /// One byte at a time, without end.
    Drip { every: Duration, next: Pin<Box<Sleep>> },
}

/// Ends a body in the middle, as scripted.
#[derive(Debug, thiserror::Error)]
#[error("the body is cut here, as scripted")]
pub(crate) struct CutHere;

impl From<Infallible> for CutHere {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl ReplyBody {
    /// A body that is announced in full, but ends after the first `bytes`.
    pub(crate) fn cut(body: Vec<u8>, bytes: usize) -> Self {
        let announced = body.len() as u64;
        let mut sent = Bytes::from(body);
        sent.truncate(bytes);
        Self::Cut { bytes: sent, announced, paused: false }
    }

    pub(crate) fn gzip_bomb(decoded_bytes: u64) -> Self {
        Self::Gzip { encoder: Some(GzEncoder::new(Vec::new(), Compression::default())), left: decoded_bytes }
    }

    /// Must be called inside a Tokio runtime.
    pub(crate) fn drip(every: Duration) -> Self {
        Self::Drip { every, next: Box::pin(sleep(every)) }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = CutHere;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, CutHere>>> {
        let bytes = match &mut *self {
            Self::Whole(bytes) => std::mem::take(bytes),
            Self::Cut { bytes, paused, .. } => ready!(next_of_cut(bytes, paused, cx))?,
            Self::Filler { left } => next_of_filler(left),
            Self::Gzip { encoder, left } => next_of_gzip(encoder, left),
            Self::Drip { every, next } => {
                ready!(next.as_mut().poll(cx));
                *next = Box::pin(sleep(*every));
                Bytes::from_static(b"x")
            }
        };
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Cut { announced, .. } => SizeHint::with_exact(*announced),
            Self::Filler { .. } | Self::Gzip { .. } | Self::Drip { .. } => SizeHint::default(),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }
}

/// Gives the bytes, then pauses for one poll so that the connection writes them out, then gives the error.
fn next_of_cut(bytes: &mut Bytes, paused: &mut bool, cx: &Context<'_>) -> Poll<Result<Bytes, CutHere>> {
    if !bytes.is_empty() {
        return Poll::Ready(Ok(std::mem::take(bytes)));
    }
    if *paused {
        return Poll::Ready(Err(CutHere));
    }
    *paused = true;
    cx.waker().wake_by_ref();
    Poll::Pending
}

fn next_of_filler(left: &mut u64) -> Bytes {
    let length = (*left).min(FILLER.len() as u64);
    *left -= length;
    Bytes::from_static(&FILLER).slice(..usize::try_from(length).unwrap_or_default())
}

/// Compresses filler until the encoder has output. An empty result is the end.
fn next_of_gzip(encoder: &mut Option<GzEncoder<Vec<u8>>>, left: &mut u64) -> Bytes {
    while let Some(open) = encoder {
        let filler = next_of_filler(left);
        if filler.is_empty() {
            let rest = encoder.take().and_then(|open| open.finish().ok());
            return rest.unwrap_or_default().into();
        }
        // Writing to a vector does not fail.
        if open.write_all(&filler).is_err() {
            return Bytes::new();
        }
        if !open.get_ref().is_empty() {
            return std::mem::take(open.get_mut()).into();
        }
    }
    Bytes::new()
}
