//! Tests what becomes of a ceremony when its drive is dropped, and of many claims whose server closes idle connections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use enlist_async::{Client, Ending, Execute, NoStore, SimpleHost, drive};
use enlist_core::claim::{Claim, Enrolment, EnrolmentAnswer, EnrolmentPrompt, EnterCode, Registration};
use enlist_core::secret::Email;
use enlist_core::{AsyncStore, Ceremony, Exchange, ExchangeId, ExchangeResult, Failure, Origin, Step, Timestamp, TransportFailure};
use http::Response;

const REGISTERED: &str = r#"{"access_token":"ot_pat_1","claim_token":"ot_clm_2","scopes":[]}"#;
const STARTED: &str = r#"{"user_code":"039218","verification_uri":"SERVICE/claim?token=x","expires_in":1800,"interval":1}"#;
const DELIVERED: &str = r#"{"access_token":"ot_pat_3","scopes":[]}"#;

/// Gives the answers in order, but never answers the exchange with the number `stuck`.
struct Scripted {
    answers: Vec<(u16, &'static str)>,
    asked: AtomicUsize,
    stuck: usize,
}

impl Execute for Scripted {
    async fn execute(&self, _exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        if number == self.stuck {
            std::future::pending::<()>().await;
        }
        let (status, body) = self.answers[number];
        Ok(Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap())
    }
}

fn never(never: &Infallible) {
    match *never {}
}

#[test]
fn a_drive_that_is_dropped_while_an_answer_is_awaited_is_a_lost_answer() {
    let mut enrolment = Enrolment::new(Origin::parse("http://127.0.0.1").unwrap(), None, None);
    let client = Scripted { answers: vec![(200, ""), (200, REGISTERED)], asked: AtomicUsize::new(0), stuck: 0 };
    let mut host = SimpleHost::new(never, |_: &EnrolmentPrompt| ControlFlow::Break(()));
    {
        let mut store = NoStore;
        let mut driving = pin!(drive(&mut enrolment, &client, &mut host, &mut store));
        let polled = driving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
    }
    // The ceremony reports it, and so does its snapshot.
    assert!(matches!(enrolment.poll(Timestamp::from_unix_ms(0)), Step::InFlight(_)));
    assert!(enrolment.snapshot().in_flight().is_some());
    assert_eq!(Enrolment::resume(&enrolment.snapshot()), Ok(enrolment.clone()));

    // The next drive settles the exchange. It registers a second account only if a person agrees.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert_eq!(runtime.block_on(drive(&mut enrolment, &client, &mut host, &mut NoStore)), Ok(Ending::Paused));
    assert_eq!(client.asked.load(Ordering::SeqCst), 1);
    let mut host = SimpleHost::new(never, |_: &EnrolmentPrompt| ControlFlow::Continue(EnrolmentAnswer::RegisterAgain));
    let ending = runtime.block_on(drive(&mut enrolment, &client, &mut host, &mut NoStore));
    assert!(matches!(ending, Ok(Ending::Finished(Ok(_)))), "{ending:?}");
}

/// A store that never comes to an end with one of its calls.
struct Stuck {
    prepares: bool,
}

impl AsyncStore for Stuck {
    type Error = Infallible;

    async fn prepare<C: Ceremony>(&mut self, _: &C, _: &Exchange) -> Result<(), Infallible> {
        if self.prepares { Ok(()) } else { std::future::pending().await }
    }

    async fn journal(&mut self, _: &Exchange, _: &ExchangeResult) -> Result<(), Infallible> {
        std::future::pending().await
    }

    async fn journaled(&mut self, _: ExchangeId) -> Result<Option<ExchangeResult>, Infallible> {
        Ok(None)
    }

    async fn save<C: Ceremony>(&mut self, _: &C) -> Result<(), Infallible> {
        Ok(())
    }
}

/// Drops a drive of a registration in the call in which its store is stuck, and gives the ceremony and the number of requests.
fn dropped_in(mut store: Stuck) -> (Enrolment, usize) {
    let mut enrolment = Enrolment::new(Origin::parse("http://127.0.0.1").unwrap(), None, None);
    let client = Scripted { answers: vec![(200, REGISTERED)], asked: AtomicUsize::new(0), stuck: 1 };
    let mut host = SimpleHost::new(never, |_: &EnrolmentPrompt| ControlFlow::Break(()));
    {
        let mut driving = pin!(drive(&mut enrolment, &client, &mut host, &mut store));
        let polled = driving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
    }
    (enrolment, client.asked.load(Ordering::SeqCst))
}

#[test]
fn a_drive_that_is_dropped_while_its_store_writes_an_answer_down_keeps_the_answer() {
    let (enrolment, asked) = dropped_in(Stuck { prepares: true });
    let step = enrolment.poll(Timestamp::from_unix_ms(0));
    assert!(matches!(&step, Step::Done(Ok(registration)) if registration.access_token().expose() == "ot_pat_1"), "{step:?}");
    assert_eq!(asked, 1);
}

#[test]
fn a_drive_that_is_dropped_while_its_store_prepares_has_sent_nothing() {
    let (enrolment, asked) = dropped_in(Stuck { prepares: false });
    assert!(matches!(enrolment.poll(Timestamp::from_unix_ms(0)), Step::Send));
    assert_eq!((enrolment.snapshot().in_flight(), asked), (None, 0));
}

/// The future of a drive is small whatever client it has, because everything that belongs to an exchange is in a box.
#[test]
fn a_waiting_drive_is_small() {
    let mut claim = Claim::new(&registration("http://127.0.0.1"), Email::parse("ada@example.com").unwrap());
    let client = Client::new().unwrap();
    let mut host = SimpleHost::new(|_: &EnterCode| {}, |never: &Infallible| match *never {});
    let size = size_of_val(&drive(&mut claim, &client, &mut host, &mut NoStore));
    assert!(size <= 512, "{size} bytes");
}

fn registration(origin: &str) -> Registration {
    let mut enrolment = Enrolment::new(Origin::parse(origin).unwrap(), None, None);
    let client = Scripted { answers: vec![(200, REGISTERED)], asked: AtomicUsize::new(0), stuck: 1 };
    let mut host = SimpleHost::new(never, |_: &EnrolmentPrompt| ControlFlow::Break(()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Ok(Ending::Finished(Ok(registration))) = runtime.block_on(drive(&mut enrolment, &client, &mut host, &mut NoStore)) else {
        panic!()
    };
    registration
}

/// A service that closes a connection after five idle seconds, as Node does; it asks each claim to slow down once.
fn service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (own, polls) = (origin.clone(), AtomicUsize::new(0));
    let polls = std::sync::Arc::new(polls);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (own, polls) = (own.clone(), std::sync::Arc::clone(&polls));
            thread::spawn(move || serve(stream.unwrap(), &own, &polls));
        }
    });
    origin
}

fn serve(mut stream: TcpStream, own: &str, polls: &AtomicUsize) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    loop {
        let (mut request, mut buffer) = (String::new(), [0; 4096]);
        while !request.contains("ot_clm_2") {
            match stream.read(&mut buffer)? {
                0 => return Ok(()),
                length => request += &String::from_utf8_lossy(&buffer[..length]),
            }
        }
        let (status, body) = match request.starts_with("POST /api/agent/identity/claim") {
            true => (200, STARTED.replace("SERVICE", own)),
            false if polls.fetch_add(1, Ordering::SeqCst) < 20 => (400, r#"{"error":"slow_down"}"#.to_owned()),
            false => (200, DELIVERED.to_owned()),
        };
        write!(stream, "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
    }
}

/// This test takes about ten seconds of real time: the second poll comes 8.4 s after the first, when a kept connection would be closed.
#[test]
fn a_server_that_closes_idle_connections_costs_no_poll() {
    let origin = service();
    let registration = registration(&origin);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = std::sync::Arc::new(Client::new().unwrap());
    let started = Instant::now();
    let claims: Vec<_> = (0..20).map(|_| Claim::new(&registration, Email::parse("ada@example.com").unwrap())).collect();
    let ends: Vec<(Result<bool, Failure>, Duration)> = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for mut claim in claims {
            let client = std::sync::Arc::clone(&client);
            tasks.spawn(async move {
                let mut host = SimpleHost::new(|_: &EnterCode| {}, |never: &Infallible| match *never {});
                let Ok(Ending::Finished(result)) = drive(&mut claim, &*client, &mut host, &mut NoStore).await else { panic!() };
                (result.map(|token| token.access_token().expose() == "ot_pat_3"), started.elapsed())
            });
        }
        tasks.join_all().await
    });
    assert!(ends.iter().all(|(result, _)| *result == Ok(true)), "{ends:?}");
    let (first, last) = (ends.iter().map(|end| end.1).min().unwrap(), ends.iter().map(|end| end.1).max().unwrap());
    println!("20 claims ended between {first:?} and {last:?}");
    // A lost poll would cost at least five seconds.
    assert!(last - first <= Duration::from_secs(4), "between {first:?} and {last:?}");
    assert!(first >= Duration::from_millis(1200 + 8400), "{first:?}");
}
