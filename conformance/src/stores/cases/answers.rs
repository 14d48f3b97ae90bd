//! The answer that was written down is the answer that comes back.

use enlist_core::badge::BadgeRegistration;
use enlist_core::claim::Claim;
use enlist_core::{Delivery, Exchange, ExchangeResult, Partial, TransportFailure, TransportKind};
use http::Response;
use http::header::CONTENT_TYPE;

use crate::store_bench::bench::Bench;
use crate::store_bench::flow::{Flow, json};
use crate::store_fixture::{Broken, Fixture};
use crate::verdict::Verdict;

/// A whole answer comes back with its status, its content type and every byte of its body, up to the largest body that a client reads.
///
/// # Errors
/// [`Broken`].
pub fn answers_come_back_byte_for_byte<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    let answers = [
        (200, Some("application/json"), br#"{"access_token":"ot_pat_1"}"#.to_vec()),
        (201, Some("application/json; charset=utf-8"), b"{}".to_vec()),
        (200, None, b"{}".to_vec()),
        (204, None, Vec::new()),
        (299, Some("text/html"), b"<html>".to_vec()),
        (200, Some("application/octet-stream"), every_byte),
        (200, Some("application/json"), vec![b'x'; Exchange::MAX_BODY]),
    ];
    for (status, content_type, body) in answers {
        let mut builder = Response::builder().status(status);
        if let Some(content_type) = content_type {
            builder = builder.header(CONTENT_TYPE, content_type);
        }
        let answer = builder.body(body).map_err(Broken::new)?;
        let found = written_and_read(fixture, Ok(answer.clone()))?;
        let Some(Ok(found)) = found else { return Err(Broken::new(format_args!("an answer of status {status} did not come back"))) };
        compare(&answer, &found)?;
    }
    Ok(Verdict::Passed)
}

/// An answer that was cut off comes back as one, with its status and the bytes that had come. It never becomes a whole answer or one
/// to a request that was not sent.
///
/// # Errors
/// [`Broken`].
pub fn cut_answers_come_back_cut<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let kinds = [TransportKind::Closed, TransportKind::Timeout, TransportKind::BodyTooLarge];
    for (kind, body) in kinds.into_iter().zip([&br#"{"access_token":"ot_"#[..], b"{", b""]) {
        let partial = Partial { status: 200, body: body.to_vec() };
        let cut = TransportFailure { partial: Some(partial.clone()), ..TransportFailure::new(kind, Delivery::Unknown) };
        match written_and_read(fixture, Err(cut))? {
            Some(Err(found)) if found.delivery != Delivery::Unknown => {
                return Err(Broken::new("a cut answer came back as a request that was not sent"));
            }
            Some(Err(found)) if found.partial.as_ref() == Some(&partial) => {}
            Some(Err(_)) => return Err(Broken::new("a cut answer came back without its status or with other bytes")),
            Some(Ok(_)) => return Err(Broken::new("a cut answer came back as a whole one")),
            None => return Err(Broken::new("a cut answer did not come back")),
        }
    }
    Ok(Verdict::Passed)
}

/// A refusal, and a failure of which no byte came, may be left out. What comes back of them is what was written down, and no delivery.
///
/// # Errors
/// [`Broken`].
pub fn refusals_do_not_become_deliveries<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    for status in [400, 429, 503] {
        match written_and_read(fixture, json(status, r#"{"error":"authorization_pending"}"#))? {
            Some(Ok(found)) if found.status() != status => {
                return Err(Broken::new(format_args!("a refusal of status {status} came back as {}", found.status())));
            }
            Some(Err(_)) => return Err(Broken::new("a whole refusal came back as cut off")),
            Some(Ok(_)) | None => {}
        }
    }
    let nothing = TransportFailure::new(TransportKind::Closed, Delivery::Unknown);
    match written_and_read(fixture, Err(nothing))? {
        Some(Ok(_)) => Err(Broken::new("a failed exchange came back as a whole answer")),
        Some(Err(found)) if found.delivery == Delivery::NotSent => {
            Err(Broken::new("an exchange of unknown fate came back as one that was not sent"))
        }
        Some(Err(_)) | None => Ok(Verdict::Passed),
    }
}

/// An exchange that delivers nothing needs no record. A process that resumes finds no answer and no error.
///
/// # Errors
/// [`Broken`].
pub fn an_exchange_without_a_record_has_no_answer<F: Fixture>(fixture: &F) -> Result<Verdict, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<BadgeRegistration>::start()?);
    let exchange = flow.prepare(&mut opened)?;
    let mut opened = bench.crash(opened)?;
    match opened.journaled(exchange.id)? {
        None => Ok(Verdict::Passed),
        Some(_) => Err(Broken::new("an exchange to which no answer came has one")),
    }
}

/// Writes an answer to a poll down and reads it after the store was closed and opened. A store that takes the answer in when it is
/// opened is read before.
fn written_and_read<F: Fixture>(fixture: &F, answer: ExchangeResult) -> Result<Option<ExchangeResult>, Broken> {
    let bench = Bench::new(fixture)?;
    let (mut opened, mut flow) = (bench.empty()?, Flow::<Claim>::start()?);
    flow.exchange(&mut opened)?;
    let exchange = flow.prepare(&mut opened)?;
    opened.journal(&exchange, &answer)?;
    let before = opened.journaled(exchange.id)?;
    let mut opened = bench.reopen(opened)?;
    if fixture.has_ended(&mut opened.store)? || bench.saved(&mut opened)?.in_flight() != Some(exchange.id) {
        return Ok(before);
    }
    opened.journaled(exchange.id)
}

/// Says what differs, without showing a byte.
fn compare(written: &Response<Vec<u8>>, found: &Response<Vec<u8>>) -> Result<(), Broken> {
    let content_type = |response: &Response<Vec<u8>>| response.headers().get(CONTENT_TYPE).cloned();
    let (bytes, found_bytes) = (written.body(), found.body());
    if written.status() != found.status() {
        Err(Broken::new(format_args!("status {} came back as {}", written.status(), found.status())))
    } else if content_type(written) != content_type(found) {
        Err(Broken::new(format_args!("content type {:?} came back as {:?}", content_type(written), content_type(found))))
    } else if bytes != found_bytes {
        let same = bytes.iter().zip(found_bytes).take_while(|(one, other)| one == other).count();
        let (length, found_length) = (bytes.len(), found_bytes.len());
        Err(Broken::new(format_args!("a body of {length} bytes came back as {found_length} bytes, different from byte {same} on")))
    } else {
        Ok(())
    }
}
