//! The named cases.

use std::io::Write as _;
use std::sync::Arc;

use enlist_core::badge::{BadgeRegistration, BadgeRotation};
use enlist_core::claim::{Claim, Enrolment};
use enlist_core::{Exchange, TransportKind};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::calls::{ENDPOINTS, Endpoint};
use crate::fixture::{self, CLAIM, DELIVERED, OTP, PENDING, REGISTER, ROTATE, SMS, SPENT, TOKEN, VERIFY};
use crate::mock_host::HostFault;
use crate::reference::ReferenceClient;
use crate::reply::{Answer, Detour, Framing, Reply};
use crate::run::run;
use crate::scripted_server::{Planned, Script, ScriptedServer, Seen};
use crate::{Case, Driver, exchanges};

/// What a case plays.
#[derive(Clone, Debug)]
pub(crate) enum Play {
    /// One exchange for each reply.
    Exchanges { replies: Vec<Reply>, max_body: usize },
    /// A ceremony against a healthy service, but for these replies and this fault.
    Ceremony { which: Which, planned: Vec<Planned>, fault: Option<(HostFault, u64)> },
    /// A plain call.
    Call { endpoint: Endpoint, planned: Vec<Planned> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Enrolment,
    Claim,
    Registration,
    Rotation,
}

impl Play {
    pub(crate) fn needs_https(&self) -> bool {
        match self {
            Self::Exchanges { replies, .. } => replies.iter().any(Reply::needs_https),
            Self::Ceremony { planned, .. } | Self::Call { planned, .. } => planned.iter().any(|planned| planned.reply.needs_https()),
        }
    }

    pub(crate) fn transcript(&self, driver: &mut impl Driver) -> String {
        match ScriptedServer::start(self.script()) {
            Ok(server) => self.at(&Arc::new(server), driver),
            Err(error) => format!("the case cannot begin: {error}"),
        }
    }

    /// The transcript of a client that does its duty; without any socket.
    pub(crate) fn reference_transcript(&self) -> String {
        let server = Arc::new(ScriptedServer::unplayed(self.script()));
        self.at(&server, &mut ReferenceClient(Arc::clone(&server)))
    }

    fn script(&self) -> Script {
        match self {
            Self::Exchanges { replies, .. } => exchanges::script(replies),
            Self::Ceremony { planned, .. } => Script::new(planned.iter().cloned(), Some(fixture::healthy)),
            Self::Call { planned, .. } => Script::new(planned.iter().cloned(), None),
        }
    }

    fn at(&self, server: &Arc<ScriptedServer>, driver: &mut impl Driver) -> String {
        match self {
            Self::Exchanges { replies, max_body } => exchanges::transcript(driver, server, replies, *max_body),
            Self::Ceremony { which, fault, .. } => ceremony(driver, server, *which, *fault),
            Self::Call { endpoint, .. } => {
                let lines = endpoint.transcript(&mut |exchange| driver.execute(exchange), server);
                with_requests(lines, server)
            }
        }
    }
}

fn ceremony(driver: &mut impl Driver, server: &Arc<ScriptedServer>, which: Which, fault: Option<(HostFault, u64)>) -> String {
    let performance = match which {
        Which::Enrolment => run::<Enrolment, _>(driver, server, fault),
        Which::Claim => run::<Claim, _>(driver, server, fault),
        Which::Registration => run::<BadgeRegistration, _>(driver, server, fault),
        Which::Rotation => run::<BadgeRotation, _>(driver, server, fault),
    };
    let mut lines = performance.log;
    lines.push(performance.ending);
    lines.push(format!("kept: {}", performance.kept));
    with_requests(lines, server)
}

/// And what the other side saw.
fn with_requests(mut lines: Vec<String>, server: &ScriptedServer) -> String {
    lines.push(format!("connections elsewhere: {}", server.connections_elsewhere()));
    let mut shown: Vec<String> = Vec::new();
    for seen in &server.script().requests {
        let request = seen.shown(server).join("\n");
        // A repeat to the letter is told by its first line.
        lines.push(if shown.contains(&request) { format!("{} (as before)", seen.line) } else { request.clone() });
        shown.push(request);
    }
    lines.join("\n")
}

impl Seen {
    /// Request line, headers, body; without what is another in each run.
    pub(crate) fn shown(&self, server: &ScriptedServer) -> Vec<String> {
        let own = server.origin();
        let authority = own.trim_start_matches("http://");
        // A request without a body may say so, or not.
        let headers = self
            .headers
            .iter()
            .filter(|header| !self.is_lost && *header != "content-length: 0")
            .map(|header| format!("  {}", header.replace(authority, "SERVICE")));
        let version = format!("enlist/{}", env!("CARGO_PKG_VERSION"));
        let headers = headers.map(|header| header.replace(&version, "enlist/VERSION"));
        let body = (!self.body.is_empty()).then(|| format!("  {}", self.body));
        std::iter::once(self.line.clone()).chain(headers).chain(body).collect()
    }
}

/// Every case, single exchanges first.
pub fn cases() -> Vec<Case> {
    [of_exchanges(), of_claims(), of_the_others(), of_rotations(), of_hosts(), of_calls()].concat()
}

fn exchange(name: &'static str, about: &'static str, replies: impl IntoIterator<Item = Reply>) -> Case {
    capped(name, about, Exchange::MAX_BODY, replies)
}

fn capped(name: &'static str, about: &'static str, max_body: usize, replies: impl IntoIterator<Item = Reply>) -> Case {
    Case { name, about, play: Play::Exchanges { replies: replies.into_iter().collect(), max_body } }
}

fn of_exchanges() -> Vec<Case> {
    let hello = || Answer::json(200, "{}");
    let filler = |length: usize| Answer::new(400, "x".repeat(length));
    let framings = [Framing::Length, Framing::Chunked, Framing::UntilClose];
    let statuses = [200, 201, 400, 401, 403, 404, 407, 409, 410, 429, 451, 500, 502, 503, 504, 599];
    let redirects = [300, 301, 302, 303, 304, 307, 308];
    let bytes = |bytes, kind| Reply::Bytes(bytes, kind);
    vec![
        exchange("the_request_is_sent_as_it_was_built", "No header is added but host and length.", [hello().into()]),
        exchange(
            "every_status_is_an_answer",
            "With its headers and body: a refusal's body says what to do next.",
            statuses.map(|status| Answer::json(status, r#"{"error":"x"}"#).into()),
        ),
        exchange(
            "redirects_are_answers",
            "None is followed, to wherever it points.",
            redirects.map(|status| Answer::new(status, "").with("location", "ELSEWHERE/?token=canary-query").into()),
        ),
        exchange(
            "all_headers_come_through",
            "Also those that come twice.",
            [Answer::json(503, "{}").with("retry-after", "7").with("set-cookie", "a=1").with("set-cookie", "b=2").into()],
        ),
        exchange(
            "nothing_is_decompressed",
            "What was not asked for is not undone: a small answer may be a large one.",
            [gzip(1000), gzip(10_000_000)],
        ),
        capped(
            "a_body_is_cut_at_the_cap",
            "One of the cap is whole, one byte more is not; at most the cap and a chunk are in memory.",
            1000,
            framings.into_iter().flat_map(|framing| [filler(1000).framed(framing).into(), filler(1001).framed(framing).into()]),
        ),
        exchange(
            "an_endless_body_is_left_soon",
            "It does not take the deadline to end it.",
            [Reply::Endless { first: "HTTP/1.1 200 OK\r\ncontent-length: 60000000\r\n\r\n", again: "xxxxxxxxxx", in_body: true }],
        ),
        exchange(
            "an_endless_head_is_left_soon",
            "It does not take the deadline to end it.",
            ["x-more: of the same\r\n", "x-more: "].map(|again| Reply::Endless { first: "HTTP/1.1 200 OK\r\n", again, in_body: false }),
        ),
        exchange(
            "bodies_of_every_framing_are_whole",
            "Chunks are put together; without a length the connection's end is the body's.",
            framings.map(|framing| hello().framed(framing).into()),
        ),
        exchange(
            "a_body_that_breaks_off_is_a_break",
            "What had come is kept. Without a length a cut looks like the end: its reader must judge.",
            [Framing::Cut(4), Framing::Cut(0), Framing::CutInChunks(4), Framing::CutInChunks(0)]
                .map(|framing| Answer::json(200, r#"{"access_token":"x"}"#).framed(framing).into()),
        ),
        exchange(
            "a_length_that_is_wrong_is_believed",
            "Too long is a break; too short is the end.",
            [Framing::Cut(19), Framing::TooShort(8)].map(|framing| Answer::json(200, r#"{"access_token":"x"}"#).framed(framing).into()),
        ),
        exchange("no_answer_is_a_break", "The request may have been carried out.", [Reply::NoAnswer, Reply::Reset]),
        exchange(
            "a_head_that_breaks_off_is_a_break",
            "The same.",
            ["H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nretry-after: 5\r\n"].map(|head| bytes(head, TransportKind::Closed)),
        ),
        exchange(
            "what_is_no_http_is_called_so",
            "The request may have been carried out.",
            [
                "SSH-2.0-OpenSSH_9.6\r\n",
                "HTTP/1.1 2x0 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: canary-body\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            ]
            .map(|head| bytes(head, TransportKind::BadHttp)),
        ),
        exchange(
            "early_hints_are_passed_over",
            "An answer may be preceded by others that say 1xx.",
            [hello().framed(Framing::AfterHints).into()],
        ),
        exchange(
            "the_deadline_holds_while_nothing_comes",
            "Whatever part of the answer has come.",
            [Reply::Silence, Answer::json(200, "{\"access_token\":\"x\"}").framed(Framing::Stalled(4)).into()],
        ),
        exchange(
            "the_deadline_holds_for_a_drip",
            "A deadline for each read would never stop it.",
            [Reply::DrippedHead, Answer::new(200, "x".repeat(100)).framed(Framing::Dripped).into()],
        ),
        exchange(
            "a_server_that_closes_idle_connections_costs_nothing",
            "Nor one that says nothing of it: no request is lost on a connection that is about to go.",
            [0; 5].map(|_| hello().framed(Framing::ThenClosed).into()),
        ),
        exchange("an_unknown_name_sends_nothing", "Not a byte was sent, and the client says so.", [Reply::Detour(Detour::UnknownName)]),
        exchange("a_refused_connection_sends_nothing", "The same.", [Reply::Detour(Detour::Refused)]),
        exchange(
            "a_broken_tls_handshake_sends_nothing",
            "The same: refused, cut off, or never answered.",
            [Detour::TlsAlert, Detour::TlsCut, Detour::TlsSilence].map(Reply::Detour),
        ),
    ]
}

fn gzip(length: usize) -> Reply {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(&vec![b'x'; length]).and_then(|()| encoder.finish());
    // Writing to a vector does not fail.
    Answer::new(200, packed.unwrap_or_default()).with("content-type", "application/json").with("content-encoding", "gzip").into()
}

fn play(name: &'static str, about: &'static str, which: Which, planned: Vec<Planned>) -> Case {
    Case { name, about, play: Play::Ceremony { which, planned, fault: None } }
}

fn at(path: &'static str, reply: impl Into<Reply>) -> Planned {
    Planned { path: Some(path), times: 1, reply: reply.into() }
}

fn of_claims() -> Vec<Case> {
    let claim = |name, about, planned| play(name, about, Which::Claim, planned);
    let poll = |reply: Reply| at(TOKEN, reply);
    let refused = |code: &str| Reply::json(400, &format!(r#"{{"error":"{code}"}}"#));
    let page = |status| Answer::new(status, "<html>Please log in</html>").with("content-type", "text/html");
    vec![
        claim("a_claim_is_started_polled_and_delivered", "The main path.", vec![]),
        claim(
            "slow_down_is_kept_for_good",
            "RFC 8628 section 3.5: five seconds more, each time.",
            vec![poll(refused("slow_down")), poll(refused("slow_down"))],
        ),
        claim(
            "retry_after_is_waited_for_once",
            "In a poll 503 and 429 end nothing.",
            vec![
                poll(Answer::json(503, "").with("retry-after", "30").into()),
                poll(Answer::json(429, "").with("retry-after", "30").into()),
            ],
        ),
        claim(
            "gateways_in_between_are_waited_out",
            "HTML in place of JSON is no answer, whatever its status.",
            vec![poll(page(502).into()), poll(page(200).into()), poll(page(403).into()), poll(page(407).into())],
        ),
        claim("a_lost_poll_is_asked_again", "The next definite answer tells what it was.", vec![poll(Reply::NoAnswer)]),
        claim(
            "a_lost_delivery_is_called_so",
            "Only when a later answer proves it.",
            vec![poll(Reply::json(400, PENDING)), poll(Reply::NoAnswer), poll(Reply::json(400, SPENT))],
        ),
        claim(
            "an_unreadable_delivery_is_kept",
            "With the bytes that came.",
            vec![
                poll(Reply::json(400, PENDING)),
                poll(Answer::json(200, DELIVERED).framed(Framing::Cut(30)).into()),
                poll(Reply::json(400, SPENT)),
            ],
        ),
        claim(
            "an_answer_over_the_cap_is_kept_as_far_as_it_came",
            "And polling goes on.",
            vec![poll(Answer::json(200, &"x".repeat(100_000)).into())],
        ),
        claim(
            "a_redirected_poll_ends_the_claim",
            "The claim token goes nowhere else.",
            vec![poll(Answer::new(307, "").with("location", "ELSEWHERE/api/agent/oauth/token").into())],
        ),
        claim(
            "a_foreign_link_ends_the_claim",
            "Nothing of it is shown.",
            vec![at(CLAIM, Reply::json(200, r#"{"user_code":"039218","verification_uri":"ELSEWHERE/claim?token=x","expires_in":1800}"#))],
        ),
        claim("a_denial_ends_the_claim", "The owner said no.", vec![poll(refused("access_denied"))]),
        claim(
            "a_lapsed_attempt_ends_the_claim",
            "RFC 8628 section 3.5: no new attempt without the owner.",
            vec![poll(refused("expired_token"))],
        ),
        claim("a_lost_start_is_preceded_by_a_poll", "An approval may be under way.", vec![at(CLAIM, Reply::NoAnswer)]),
        claim(
            "an_unreachable_service_is_tried_thrice",
            "Outside of a poll, within ten seconds.",
            vec![Planned { times: 3, ..at(CLAIM, Reply::Detour(Detour::Refused)) }],
        ),
        claim(
            "a_busy_service_is_tried_again",
            "503 is a refusal: nothing was done.",
            vec![at(CLAIM, Answer::json(503, "").with("retry-after", "3"))],
        ),
        claim(
            "too_many_starts_end_the_run",
            "With the service's own number.",
            vec![at(CLAIM, Answer::json(429, "{}").with("retry-after", "120"))],
        ),
    ]
}

fn of_the_others() -> Vec<Case> {
    let enrolment = |name, about, planned| play(name, about, Which::Enrolment, planned);
    let registration = |name, about, planned| play(name, about, Which::Registration, planned);
    vec![
        enrolment("an_agent_registers", "The main path.", vec![]),
        enrolment(
            "a_lost_registration_is_not_repeated",
            "Another account is made on a person's word only.",
            vec![at(REGISTER, Reply::NoAnswer)],
        ),
        enrolment(
            "a_registration_that_is_switched_off",
            "A refusal is an end.",
            vec![at(REGISTER, Reply::json(403, r#"{"error":"anonymous_not_enabled"}"#))],
        ),
        registration("a_badge_is_issued", "The main path.", vec![]),
        registration("a_lost_sms_is_not_repeated", "Another is sent on a person's word only.", vec![at(SMS, Reply::NoAnswer)]),
        registration(
            "a_busy_service_is_asked_for_the_sms_again",
            "503 is a refusal: no SMS was sent.",
            vec![at(SMS, Reply::json(503, ""))],
        ),
        registration("a_wrong_code_is_asked_for_again", "A try was used up.", vec![at(OTP, Reply::json(401, "{}"))]),
        registration("a_lost_hand_in_is_repeated_once", "The same session and code.", vec![at(OTP, Reply::NoAnswer)]),
        registration(
            "a_lost_badge_is_called_so",
            "When the service says that the code was used.",
            vec![at(OTP, Reply::NoAnswer), at(OTP, Reply::json(401, "{}"))],
        ),
        registration(
            "too_many_codes_end_the_registration",
            "429 there means that the tries are used up.",
            vec![at(OTP, Reply::json(429, "{}"))],
        ),
    ]
}

fn of_hosts() -> Vec<Case> {
    let case = |name, about, fault, number| {
        let play = Play::Ceremony { which: Which::Claim, planned: vec![], fault: Some((fault, number)) };
        Case { name, about, play }
    };
    vec![
        case("a_host_that_leaves_a_wait_loses_nothing", "Another process goes on with the same code.", HostFault::Leaves, 0),
        case("what_cannot_be_prepared_is_not_sent", "A full disk shows while nothing is at stake.", HostFault::PrepareFails, 3),
        case("a_journal_that_fails_costs_no_token", "It is reported after the answer was taken in.", HostFault::JournalFails, 3),
        case("a_token_that_was_not_saved_stays", "It is not reported before it is.", HostFault::SaveFails, 3),
        case("a_process_that_ends_before_sending", "Nobody can know that: the answer counts as lost.", HostFault::DiesBeforeSending, 2),
        case("a_process_that_ends_before_the_journal", "The one moment that loses a token.", HostFault::DiesBeforeJournal, 3),
        case("a_process_that_ends_after_the_journal", "The journal has the answer.", HostFault::DiesAfterJournal, 3),
        case("a_clock_that_is_put_back", "It costs an interval at most.", HostFault::ClockBack, 2),
        case("a_machine_that_slept", "The next poll is at once, and the last.", HostFault::Suspended, 2),
    ]
}

fn of_rotations() -> Vec<Case> {
    let rotation = |name, about, planned| play(name, about, Which::Rotation, planned);
    let invalid = || Reply::json(200, r#"{"valid":false}"#);
    vec![
        rotation("a_badge_is_rotated", "Verified first.", vec![]),
        rotation("a_badge_that_is_not_valid_is_not_rotated", "Nothing is sent that could end it.", vec![at(VERIFY, invalid())]),
        rotation("a_lost_rotation_that_did_not_happen", "The old badge is valid still, and is kept.", vec![at(ROTATE, Reply::NoAnswer)]),
        rotation(
            "a_lost_rotation_that_happened",
            "The service says so: the old badge is valid no more.",
            vec![at(ROTATE, Reply::NoAnswer), at(VERIFY, Reply::json(200, fixture::VALID)), Planned { times: 9, ..at(VERIFY, invalid()) }],
        ),
        rotation(
            "a_lost_rotation_that_nobody_can_tell",
            "It is never repeated; whoever knows when the service can be reached says when to ask again.",
            vec![
                at(ROTATE, Reply::NoAnswer),
                at(VERIFY, Reply::json(200, fixture::VALID)),
                Planned { times: 99, ..at(VERIFY, Reply::NoAnswer) },
            ],
        ),
    ]
}

/// Two for each endpoint.
fn of_calls() -> Vec<Case> {
    let answered = |endpoint: &Endpoint| Reply::json(endpoint.status, endpoint.body);
    let once = |reply: Reply| Planned { path: None, times: 1, reply };
    let of = |endpoint: &'static Endpoint| {
        let well = vec![once(answered(endpoint))];
        let lost = vec![once(Reply::NoAnswer), once(answered(endpoint))];
        [
            Case { name: endpoint.name, about: "Answered as it should be.", play: Play::Call { endpoint: *endpoint, planned: well } },
            Case { name: endpoint.lost_name, about: "Its first answer is lost.", play: Play::Call { endpoint: *endpoint, planned: lost } },
        ]
    };
    ENDPOINTS.iter().flat_map(of).collect()
}
