//! Routes a request to the part of the world that answers it, and applies the script to the answer.

use std::time::Duration;

use crate::browser::refuse_stranger;
use crate::context::Context;
use crate::faults::{Action, Canned, ReplyBody};
use crate::http::{Answer, Request};
use crate::log::Answered;
use crate::world::World;
use crate::{control, human};

/// An answer on its way to the client, sent after `delay` of real time.
pub(crate) struct Reply {
    pub(crate) delay: Duration,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: ReplyBody,
}

impl World {
    /// Handles a request. `None` means that the connection is closed without an answer.
    pub(crate) fn exchange(&mut self, request: &Request) -> Option<Reply> {
        if let Some(refusal) = refuse_stranger(&self.url, request) {
            return Some(Reply::plain(refusal));
        }
        self.play_human();
        if let Some(answer) = control::answer(self, request).or_else(|| human::answer(self, request)) {
            return Some(Reply::plain(answer));
        }
        let at = self.clock.now();
        let reply = match self.script.take(&request.method, &request.path) {
            Some(action) => self.act(action, request),
            None => {
                let delay = self.config.latency.of(&request.method, &request.path);
                Some(Reply { delay, ..Reply::plain(self.serve(request)) })
            }
        };
        let answered = reply.as_ref().map_or(Answered::Dropped, |reply| Answered::Status(reply.status));
        self.log.push(at, request, answered);
        reply
    }

    /// Refuses a request whose body is over the bound, and which was not read to its end.
    pub(crate) fn refuse_body(&mut self, request: &Request) -> Reply {
        self.log.push(self.clock.now(), request, Answered::Status(413));
        let answer = Answer::json(413, &serde_json::json!({"error": "payload_too_large"}));
        Reply::plain(answer.with_header(Some(("connection".to_owned(), "close".to_owned()))))
    }

    fn act(&mut self, action: Action, request: &Request) -> Option<Reply> {
        match action {
            Action::Respond(canned) => Some(Reply::canned(&canned)),
            Action::Delay { ms } => Some(Reply { delay: Duration::from_millis(ms), ..Reply::plain(self.serve(request)) }),
            Action::DropBefore => None,
            Action::DropAfter => {
                self.serve(request);
                None
            }
            Action::Cut { bytes } => Some(Reply::cut(self.serve(request), bytes)),
            Action::ReplaceAfter(canned) => {
                self.serve(request);
                Some(Reply::canned(&canned))
            }
            Action::BodyOfSize { status, bytes } => Some(Reply::hostile(status, None, ReplyBody::Filler { left: bytes })),
            Action::GzipBomb { decoded_bytes } => Some(Reply::hostile(200, Some("gzip"), ReplyBody::gzip_bomb(decoded_bytes))),
            Action::Drip { status, byte_every_ms } => {
                Some(Reply::hostile(status, None, ReplyBody::drip(Duration::from_millis(byte_every_ms))))
            }
        }
    }

    /// The answer of the service that has the path. The paths of the two services do not collide.
    fn serve(&mut self, request: &Request) -> Answer {
        let mut context = Context { config: &self.config, url: &self.url, now: self.clock.now(), outbox: &mut self.outbox };
        self.opentrain
            .answer(&mut context, request)
            .or_else(|| self.sentryagent.answer(&mut context, request))
            .unwrap_or_else(Answer::not_found)
    }
}

impl Reply {
    fn plain(answer: Answer) -> Self {
        Self { delay: Duration::ZERO, status: answer.status, headers: answer.headers, body: ReplyBody::Whole(answer.body.into()) }
    }

    fn canned(canned: &Canned) -> Self {
        Self { delay: Duration::from_millis(canned.delay_ms), ..Self::plain(canned.to_answer()) }
    }

    fn cut(answer: Answer, bytes: usize) -> Self {
        let Answer { status, headers, body } = answer;
        Self { delay: Duration::ZERO, status, headers, body: ReplyBody::cut(body, bytes) }
    }

    fn hostile(status: u16, encoding: Option<&str>, body: ReplyBody) -> Self {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(encoding.map(|name| ("content-encoding".to_owned(), name.to_owned())));
        Self { delay: Duration::ZERO, status, headers, body }
    }
}
