//! The list of the cases for clients and drivers.

use std::io::Write as _;

use enlist_core::{CeremonyKind, Exchange, TransportKind};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::Case;
use crate::calls::{ENDPOINTS, Endpoint};
use crate::exchanges::RequestShape;
use crate::fixture::{self, CLAIM, DELIVERED, MANIFEST, OTP, PENDING, REGISTER, ROTATE, SMS, SPENT, TOKEN, VERIFY};
use crate::mocks::LocalFault;
use crate::reply::{Answer, Detour, Framing, Reply};
use crate::scenario::Scenario;
use crate::scripted_server::Planned;

/// Every case for clients and drivers. Those of single exchanges come first.
pub fn cases() -> Vec<Case> {
    [of_exchanges(), of_claims(), of_the_others(), of_rotations(), of_hosts(), of_calls()].concat()
}

fn exchange(name: &'static str, about: &'static str, replies: impl IntoIterator<Item = Reply>) -> Case {
    capped(name, about, Exchange::MAX_BODY, replies)
}

fn shaped(name: &'static str, about: &'static str, shape: RequestShape, replies: impl IntoIterator<Item = Reply>) -> Case {
    let scenario = Scenario::Exchanges { shape, replies: replies.into_iter().collect(), max_body: Exchange::MAX_BODY };
    Case { name, about, scenario }
}

fn capped(name: &'static str, about: &'static str, max_body: usize, replies: impl IntoIterator<Item = Reply>) -> Case {
    let scenario = Scenario::Exchanges { shape: RequestShape::Full, replies: replies.into_iter().collect(), max_body };
    Case { name, about, scenario }
}

fn of_exchanges() -> Vec<Case> {
    let hello = || Answer::json(200, "{}");
    let filler = |length: usize| Answer::new(400, "x".repeat(length));
    let framings = [Framing::Length, Framing::Chunked, Framing::UntilClose];
    let statuses = [200, 201, 400, 401, 403, 404, 407, 409, 410, 429, 451, 500, 502, 503, 504, 599];
    let redirects = [300, 301, 302, 303, 304, 307, 308];
    let long = "y".repeat(64 * 1024);
    let bytes = |bytes, kind| Reply::Bytes(bytes, kind);
    vec![
        exchange("the_request_is_sent_as_it_was_built", "The client adds no header except the host and the length.", [hello().into()]),
        shaped("a_get_is_answered", "It has no body.", RequestShape::Get, [hello().into()]),
        shaped(
            "a_post_without_a_body_is_answered",
            "Nothing shows how much of such a request was sent, so after a failure the service may have carried it out.",
            RequestShape::WithoutBody,
            [hello().into(), Reply::NoAnswer, Reply::Detour(Detour::Refused), Reply::Detour(Detour::UnknownName)],
        ),
        exchange(
            "every_status_is_an_answer",
            "It comes with its headers and body: the body of a refusal says what to do next.",
            statuses.map(|status| Answer::json(status, r#"{"error":"x"}"#).into()),
        ),
        exchange(
            "redirects_are_answers",
            "The client follows none, wherever it points.",
            redirects.map(|status| Answer::new(status, "").with("location", "ELSEWHERE/?token=canary-query").into()),
        ),
        exchange(
            "all_headers_come_through",
            "A header that comes twice is passed on twice.",
            [Answer::json(503, "{}").with("retry-after", "7").with("set-cookie", "a=1").with("set-cookie", "b=2").into()],
        ),
        exchange(
            "nothing_is_decompressed",
            "The client asked for no compression. A small compressed answer can become a very large one.",
            [gzip_of(1000), gzip_of(10_000_000)],
        ),
        capped(
            "a_body_is_cut_at_the_cap",
            "A body as long as the cap is whole, and one byte more is too long. At most the cap and one chunk are in memory.",
            1000,
            framings.into_iter().flat_map(|framing| [filler(1000).framed(framing).into(), filler(1001).framed(framing).into()]),
        ),
        exchange(
            "an_endless_body_is_left_soon",
            "The client breaks off before the deadline.",
            [Reply::Endless { first: "HTTP/1.1 200 OK\r\ncontent-length: 60000000\r\n\r\n", again: "xxxxxxxxxx", in_body: true }],
        ),
        exchange(
            "an_endless_head_is_left_soon",
            "The client breaks off before the deadline.",
            ["x-more: of the same\r\n", "x-more: "].map(|again| Reply::Endless { first: "HTTP/1.1 200 OK\r\n", again, in_body: false }),
        ),
        exchange(
            "bodies_of_every_framing_are_whole",
            "Chunks are joined. Without a length, the body ends with the connection.",
            framings.map(|framing| hello().framed(framing).into()),
        ),
        exchange(
            "a_body_that_breaks_off_is_a_break",
            "The bytes that came are reported. Without a length, a cut looks like the end, and the reader of the body must judge.",
            [Framing::Cut(4), Framing::Cut(0), Framing::CutInChunks(4), Framing::CutInChunks(0)]
                .map(|framing| Answer::json(200, r#"{"access_token":"x"}"#).framed(framing).into()),
        ),
        exchange(
            "a_length_that_is_wrong_is_believed",
            "If the length is too long, the answer breaks off. If it is too short, the body ends there.",
            [Framing::Cut(19), Framing::TooShort(8)].map(|framing| Answer::json(200, r#"{"access_token":"x"}"#).framed(framing).into()),
        ),
        exchange("no_answer_is_a_break", "The service may have carried out the request.", [Reply::NoAnswer, Reply::Reset]),
        exchange(
            "a_head_that_breaks_off_is_a_break",
            "The service may have carried out the request.",
            ["H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nretry-after: 5\r\n"].map(|head| bytes(head, TransportKind::Closed)),
        ),
        exchange(
            "an_answer_that_is_not_http_is_reported",
            "The service may have carried out the request.",
            [
                "SSH-2.0-OpenSSH_9.6\r\n",
                "220 mail.example ESMTP\r\n",
                "\u{1b}[2J\u{7}\r\n\r\n",
                "HTTP/1.1 200 OK\r\nb\u{0}d: canary-header\r\n\r\n",
                "HTTP/1.1 2x0 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: canary-body\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
            ]
            .map(|head| bytes(head, TransportKind::BadHttp)),
        ),
        exchange(
            "a_head_that_breaks_the_rules_costs_no_answer",
            "A folded line is joined, a blank before the colon is dropped, and a line that is no header is passed over.",
            [
                Reply::head(&["X-Folded: one", " two", "\tthree"], &[("x-folded", "one two three")]),
                Reply::head(&["X-Blank : 1", "X-Tab\t: 2"], &[("x-blank", "1"), ("x-tab", "2")]),
                Reply::head(&["no header", "x-after: 1"], &[("x-after", "1")]),
                Reply::head(&["x(y): 1", ": 2", "x-after: 3"], &[("x-after", "3")]),
            ],
        ),
        exchange(
            "a_large_head_costs_no_answer",
            "A head may have 128 headers, and 64 KiB. A further header is one too many.",
            [
                Reply::head(&["x: 1"; 127], &[("x", "1"); 127]),
                Reply::bad_head(&["x: 1"; 128]),
                Reply::head(&[&format!("x: {long}")], &[("x", &long)]),
            ],
        ),
        exchange(
            "early_hints_are_passed_over",
            "Answers of status 1xx may come before the answer.",
            [hello().framed(Framing::AfterHints).into()],
        ),
        exchange(
            "the_deadline_holds_while_nothing_comes",
            "It holds no matter how much of the answer has come.",
            [Reply::Silence, Answer::json(200, "{\"access_token\":\"x\"}").framed(Framing::Stalled(4)).into()],
        ),
        exchange(
            "the_deadline_holds_for_a_drip",
            "A deadline for each single read would never end it.",
            [Reply::DrippedHead, Answer::new(200, "x".repeat(100)).framed(Framing::Dripped).into()],
        ),
        exchange(
            "the_grace_after_the_deadline_is_bounded",
            "A byte each millisecond does not begin the grace anew: the client ends within half a second after its deadline.",
            [Answer::new(200, "x".repeat(20_000)).framed(Framing::Trickled).into()],
        ),
        exchange(
            "a_server_that_closes_idle_connections_costs_nothing",
            "The server closes without notice, and no request is sent on a connection that is about to close.",
            [0; 5].map(|_| hello().framed(Framing::ThenClosed).into()),
        ),
        exchange("an_unknown_name_sends_nothing", "No byte was sent, and the client reports that.", [Reply::Detour(Detour::UnknownName)]),
        exchange("a_refused_connection_sends_nothing", "No byte was sent, and the client reports that.", [Reply::Detour(Detour::Refused)]),
        exchange(
            "a_broken_tls_handshake_sends_nothing",
            "The handshake is refused, cut off or never answered. No byte of the request was sent, and the client reports that.",
            [Detour::TlsAlert, Detour::TlsCut, Detour::TlsSilence].map(Reply::Detour),
        ),
    ]
}

fn gzip_of(length: usize) -> Reply {
    let body = gzip(&vec![b'x'; length]);
    Answer::new(200, body).with("content-type", "application/json").with("content-encoding", "gzip").into()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to a vector cannot fail.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn play(name: &'static str, about: &'static str, kind: CeremonyKind, planned: Vec<Planned>) -> Case {
    Case { name, about, scenario: Scenario::Ceremony { kind, planned, fault: None } }
}

fn at(path: &'static str, reply: impl Into<Reply>) -> Planned {
    Planned { path: Some(path), times: 1, reply: reply.into() }
}

fn of_claims() -> Vec<Case> {
    let claim = |name, about, planned| play(name, about, CeremonyKind::Claim, planned);
    let poll = |reply: Reply| at(TOKEN, reply);
    let refused = |code: &str| Reply::json(400, &format!(r#"{{"error":"{code}"}}"#));
    let page = |status| Answer::new(status, "<html>Please log in</html>").with("content-type", "text/html");
    vec![
        claim("a_claim_is_started_polled_and_delivered", "Nothing goes wrong.", vec![]),
        claim(
            "slow_down_is_kept_for_good",
            "RFC 8628 section 3.5: each one adds five seconds for good.",
            vec![poll(refused("slow_down")), poll(refused("slow_down"))],
        ),
        claim(
            "retry_after_is_waited_for_once",
            "A 503 or 429 does not end the polling.",
            vec![
                poll(Answer::json(503, "").with("retry-after", "30").into()),
                poll(Answer::json(429, "").with("retry-after", "30").into()),
            ],
        ),
        claim(
            "gateways_in_between_are_waited_out",
            "HTML in place of JSON is not the service's answer, whatever its status is.",
            vec![poll(page(502).into()), poll(page(200).into()), poll(page(403).into()), poll(page(407).into())],
        ),
        claim("a_lost_poll_is_asked_again", "The next definite answer shows what the lost one was.", vec![poll(Reply::NoAnswer)]),
        claim(
            "a_lost_delivery_is_reported",
            "The claim reports a lost token only when a later answer proves it.",
            vec![poll(Reply::json(400, PENDING)), poll(Reply::NoAnswer), poll(Reply::json(400, SPENT))],
        ),
        claim(
            "an_unreadable_delivery_is_kept",
            "The bytes that came are kept.",
            vec![
                poll(Reply::json(400, PENDING)),
                poll(Answer::json(200, DELIVERED).framed(Framing::Cut(30)).into()),
                poll(Reply::json(400, SPENT)),
            ],
        ),
        claim(
            "an_answer_over_the_cap_is_kept_as_far_as_it_came",
            "Polling continues.",
            vec![poll(Answer::json(200, &"x".repeat(100_000)).into())],
        ),
        claim(
            "a_redirected_poll_is_waited_out",
            "The claim token is sent to no other address, and a captive portal goes away.",
            vec![poll(Answer::new(307, "").with("location", "ELSEWHERE/api/agent/oauth/token").into())],
        ),
        claim(
            "a_foreign_link_ends_the_claim",
            "The person is not shown the link.",
            vec![at(CLAIM, Reply::json(200, r#"{"user_code":"039218","verification_uri":"ELSEWHERE/claim?token=x","expires_in":1800}"#))],
        ),
        claim("a_denial_ends_the_claim", "The owner declined.", vec![poll(refused("access_denied"))]),
        claim(
            "an_expired_attempt_ends_the_claim",
            "RFC 8628 section 3.5: a new attempt needs the owner.",
            vec![poll(refused("expired_token"))],
        ),
        claim("a_lost_start_is_preceded_by_a_poll", "The owner may have approved already.", vec![at(CLAIM, Reply::NoAnswer)]),
        claim(
            "an_unreachable_service_is_tried_thrice",
            "Outside of polling, the three tries are made within ten seconds.",
            vec![Planned { times: 3, ..at(CLAIM, Reply::Detour(Detour::Refused)) }],
        ),
        claim(
            "a_start_that_is_answered_503_is_polled_for_first",
            "A router may answer 503 while the service continues, so the start may have been carried out.",
            vec![at(CLAIM, Answer::json(503, "").with("retry-after", "3"))],
        ),
        claim(
            "too_many_starts_end_the_run",
            "The failure has the number of seconds that the service gave.",
            vec![at(CLAIM, Answer::json(429, "{}").with("retry-after", "120"))],
        ),
    ]
}

fn of_the_others() -> Vec<Case> {
    let enrolment = |name, about, planned| play(name, about, CeremonyKind::Enrolment, planned);
    let registration = |name, about, planned| play(name, about, CeremonyKind::BadgeRegistration, planned);
    vec![
        enrolment("an_agent_registers", "Nothing goes wrong.", vec![]),
        enrolment(
            "a_lost_registration_is_not_repeated",
            "Another account is made only if a person says so.",
            vec![at(REGISTER, Reply::NoAnswer)],
        ),
        enrolment(
            "a_registration_that_is_switched_off",
            "A refusal ends the ceremony.",
            vec![at(REGISTER, Reply::json(403, r#"{"error":"anonymous_not_enabled"}"#))],
        ),
        enrolment(
            "a_registration_that_is_answered_503_is_not_repeated",
            "A router may answer 503 while the service continues. Another account is made only if a person says so.",
            vec![at(REGISTER, Reply::json(503, ""))],
        ),
        registration("a_badge_is_issued", "Nothing goes wrong.", vec![]),
        registration("a_lost_sms_is_not_repeated", "Another SMS is sent only if a person says so.", vec![at(SMS, Reply::NoAnswer)]),
        registration(
            "an_sms_order_that_is_answered_503_is_not_repeated",
            "A router may answer 503 while the service continues. Another SMS is sent only if a person says so.",
            vec![at(SMS, Reply::json(503, ""))],
        ),
        registration(
            "a_manifest_that_is_answered_503_is_sent_again",
            "A manifest has no effect but a session, so a repeat is harmless.",
            vec![at(MANIFEST, Reply::json(503, ""))],
        ),
        registration("a_wrong_code_is_asked_for_again", "The wrong code used up one try.", vec![at(OTP, Reply::json(401, "{}"))]),
        registration("a_lost_hand_in_is_repeated_once", "The repeat has the same session and code.", vec![at(OTP, Reply::NoAnswer)]),
        registration(
            "a_lost_badge_is_reported",
            "The registration reports a lost badge when the service says that the code was used.",
            vec![at(OTP, Reply::NoAnswer), at(OTP, Reply::json(401, "{}"))],
        ),
        registration(
            "a_429_to_a_code_is_waited_out",
            "Without a word of the tries it says only that the request came too early.",
            vec![at(OTP, Reply::json(429, "{}"))],
        ),
        registration(
            "too_many_codes_end_the_registration",
            "The service says that no try is left.",
            vec![at(OTP, Reply::json(429, r#"{"error":"too_many_attempts"}"#))],
        ),
    ]
}

fn of_hosts() -> Vec<Case> {
    let case = |name, about, fault, number| {
        let scenario = Scenario::Ceremony { kind: CeremonyKind::Claim, planned: vec![], fault: Some((fault, number)) };
        Case { name, about, scenario }
    };
    vec![
        case("a_host_that_leaves_a_wait_loses_nothing", "Another process continues with the same code.", LocalFault::HostLeaves, 0),
        case("an_early_wake_does_no_harm", "The rest of the time is waited for.", LocalFault::WakesEarly, 0),
        case("what_could_not_be_shown_is_shown_again", "The person sees the code before the first poll.", LocalFault::ShowFails, 0),
        case("what_cannot_be_prepared_is_not_sent", "A full disk is noticed before anything can be lost.", LocalFault::PrepareFails, 3),
        case("a_journal_that_fails_costs_no_token", "The failure is reported after the answer was taken in.", LocalFault::JournalFails, 3),
        case("a_token_that_was_not_saved_stays", "The token is reported only after it was saved.", LocalFault::SaveFails, 3),
        case(
            "a_process_that_ends_before_sending",
            "Nobody can know that it was not sent, so the answer counts as lost.",
            LocalFault::DiesBeforeSending,
            2,
        ),
        case("a_process_that_ends_before_the_journal", "A token is lost only at this moment.", LocalFault::DiesBeforeJournal, 3),
        case("a_process_that_ends_after_the_journal", "The answer is in the journal.", LocalFault::DiesAfterJournal, 3),
        Case {
            name: "a_cut_answer_in_the_journal_is_cut",
            about: "It is taken in as what it is, after the process ended.",
            scenario: Scenario::Ceremony {
                kind: CeremonyKind::Claim,
                planned: vec![
                    at(TOKEN, Reply::json(400, PENDING)),
                    at(TOKEN, Answer::json(200, DELIVERED).framed(Framing::Cut(30))),
                    at(TOKEN, Reply::json(400, SPENT)),
                ],
                fault: Some((LocalFault::DiesAfterJournal, 3)),
            },
        },
        case(
            "a_journal_that_cannot_be_read_is_not_an_empty_one",
            "The answer does not count as lost, and is found when the journal can be read.",
            LocalFault::JournalUnreadable,
            3,
        ),
        case("a_clock_that_is_put_back", "It costs one interval at most.", LocalFault::ClockBack, 2),
        case("a_machine_that_slept", "The next poll is due at once, and is the last one.", LocalFault::Suspended, 2),
    ]
}

fn of_rotations() -> Vec<Case> {
    let rotation = |name, about, planned| play(name, about, CeremonyKind::BadgeRotation, planned);
    let invalid = || Reply::json(200, r#"{"valid":false}"#);
    vec![
        rotation("a_badge_is_rotated", "The old badge is verified first.", vec![]),
        rotation("a_badge_that_is_not_valid_is_not_rotated", "No request is sent that could end the badge.", vec![at(VERIFY, invalid())]),
        rotation("a_lost_rotation_that_did_not_happen", "The old badge is still valid, and is kept.", vec![at(ROTATE, Reply::NoAnswer)]),
        rotation(
            "a_lost_rotation_that_happened",
            "The service says that the old badge is not valid any more.",
            vec![at(ROTATE, Reply::NoAnswer), at(VERIFY, Reply::json(200, fixture::VALID)), Planned { times: 9, ..at(VERIFY, invalid()) }],
        ),
        rotation(
            "a_lost_rotation_whose_result_is_unknown",
            "The rotation is never repeated. A person says when to ask again.",
            vec![
                at(ROTATE, Reply::NoAnswer),
                at(VERIFY, Reply::json(200, fixture::VALID)),
                Planned { times: 99, ..at(VERIFY, Reply::NoAnswer) },
            ],
        ),
    ]
}

/// Two cases for each endpoint.
fn of_calls() -> Vec<Case> {
    let answered = |endpoint: &Endpoint| Reply::json(endpoint.status, endpoint.body);
    let once = |reply: Reply| Planned { path: None, times: 1, reply };
    let of = |endpoint: &'static Endpoint| {
        let well = vec![once(answered(endpoint))];
        let lost = vec![once(Reply::NoAnswer), once(answered(endpoint))];
        [
            Case {
                name: endpoint.name,
                about: "The call is answered as it should be.",
                scenario: Scenario::Call { endpoint: *endpoint, planned: well },
            },
            Case {
                name: endpoint.lost_name,
                about: "The first answer to the call is lost.",
                scenario: Scenario::Call { endpoint: *endpoint, planned: lost },
            },
        ]
    };
    ENDPOINTS.iter().flat_map(of).collect()
}
