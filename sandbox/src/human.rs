//! `/human`: the human's mailbox and phone, as a page.

use crate::clock::rfc3339;
use crate::html::{escape, page};
use crate::http::{Answer, Request};
use crate::opentrain::{Attempt, AttemptState};
use crate::outbox::{Message, MessageKind};
use crate::world::World;

/// The page, or `None` for any other path.
pub(crate) fn answer(world: &World, request: &Request) -> Option<Answer> {
    if (request.method.as_str(), request.path.as_str()) != ("GET", "/human") {
        return None;
    }
    let attempts = world.attempts();
    let open: String = attempts.iter().rev().filter(|attempt| attempt.state == AttemptState::Open).map(attempt_row).collect();
    let messages: String = world.outbox.messages().iter().rev().map(message_row).collect();
    let body = format!(
        "<h2>Open claims</h2>\n<table><tr><th>Agent<th>For<th>Until<th>Link</tr>\n{open}</table>\n\
         <h2>Messages</h2>\n<table><tr><th>When<th>Kind<th>To<th>Text</tr>\n{messages}</table>"
    );
    Some(Answer::html(200, page("The human's side", &body)))
}

fn attempt_row(attempt: &Attempt) -> String {
    format!(
        "<tr><td>{}<td>{}<td>{}<td><a href=\"{}\">claim page</a></tr>\n",
        escape(attempt.agent_name.as_deref().unwrap_or("unnamed")),
        escape(&attempt.email),
        rfc3339(attempt.expires_at),
        escape(&attempt.verification_uri),
    )
}

fn message_row(message: &Message) -> String {
    let kind = match message.kind {
        MessageKind::Email => "mail",
        MessageKind::Sms => "SMS",
    };
    let link = message.link.as_deref().map(escape);
    let link = link.map(|link| format!(" <a href=\"{link}\">open</a>")).unwrap_or_default();
    format!("<tr><td>{}<td>{kind}<td>{}<td>{}{link}</tr>\n", rfc3339(message.at), escape(&message.to), escape(&message.text))
}
