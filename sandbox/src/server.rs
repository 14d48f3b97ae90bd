//! The listener: HTTP/1.1 with keep-alive, one thread for all connections.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::faults::{ReplyBody, is_framing};
use crate::http::Request;
use crate::routes::Reply;
use crate::world::World;

/// The largest request body that is read.
const BODY_BOUND: usize = 64 * 1024;

/// The world behind its lock, which is held only for one synchronous step at a time.
pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts connections until the runtime is dropped.
pub(crate) async fn accept(listener: TcpListener, world: Shared) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, Arc::clone(&world)))),
            // For example, there are no file descriptors left: do not spin.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(stream: TcpStream, world: Shared) {
    // Without this option a scripted answer in pieces would wait for acknowledgements. A socket that refuses it is only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| answer(request, Arc::clone(&world)));
    // An error here means that the client left or that the connection was dropped on purpose. Either only ends the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
enum Dropped {
    #[error("dropped, as scripted")]
    Scripted,
    #[error("the request did not arrive in full")]
    Request(#[from] hyper::Error),
}

async fn answer(request: hyper::Request<Incoming>, world: Shared) -> Result<Response<ReplyBody>, Dropped> {
    let (mut request, body) = split(request);
    let reply = match read(body).await? {
        Some(body) => {
            request.body = body;
            lock(&world).exchange(&request)
        }
        None => Some(lock(&world).refuse_body(&request)),
    };
    let reply = reply.ok_or(Dropped::Scripted)?;
    if !reply.delay.is_zero() {
        sleep(reply.delay).await;
    }
    Ok(response(reply))
}

fn split(request: hyper::Request<Incoming>) -> (Request, Incoming) {
    let (parts, body) = request.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let head = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body: Vec::new(),
    };
    (head, body)
}

/// The complete body, or `None` if it is over the bound.
async fn read(mut body: Incoming) -> Result<Option<Vec<u8>>, hyper::Error> {
    let mut whole = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame?.into_data() {
            if whole.len() + data.len() > BODY_BOUND {
                return Ok(None);
            }
            whole.extend_from_slice(&data);
        }
    }
    Ok(Some(whole))
}

fn response(reply: Reply) -> Response<ReplyBody> {
    let mut response = Response::new(reply.body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value))
            && !is_framing(&name)
        {
            response.headers_mut().append(name, value);
        }
    }
    response
}
