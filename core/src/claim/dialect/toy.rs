//! A small dialect for this crate's own tests. It shows that another dialect needs only this file and one line of the table.

use serde_json::{Value, json};

use super::{PollError, Words};
use crate::claim::enrolment::Label;
use crate::claim::machine::ClaimContext;
use crate::failure::Service;
use crate::types::secret::Email;

pub(super) const WORDS: Words = Words {
    name: "toy",
    service: Service::OpenTrain,
    register_path: "/join",
    claim_path: "/own",
    token_path: "/fetch",
    grant_type: "toy",
    registration,
    start,
    access_token: "key",
    user_code: "word",
    attempt_life: 60,
    poll_error_status: 400,
    poll_errors: &[("not_yet", PollError::Pending), ("gone", PollError::Expired)],
};

fn registration(agent_name: Option<&Label>, _organization_name: Option<&Label>) -> Value {
    json!({ "as": agent_name.map(Label::as_str) })
}

fn start(context: &ClaimContext, owner: &Email) -> Value {
    json!({ "ticket": context.claim_token.expose(), "owner": owner.expose() })
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec::Vec;

    use crate::ceremony::{Ceremony, Input, Step};
    use crate::claim::{Claim, Dialect, Enrolment, Label};
    use crate::types::origin::Origin;
    use crate::types::secret::Email;
    use crate::types::timestamp::Timestamp;

    /// Drives `ceremony` with the scripted answers, through its snapshot before each step. Returns the outcome and the requested paths.
    fn drive<C: Ceremony>(mut ceremony: C, script: &[(u16, &str)]) -> (C::Outcome, Vec<(String, String)>) {
        let (mut now, mut answers, mut sent) = (Timestamp::from_unix_ms(1_781_254_800_000), script.iter(), Vec::new());
        for _ in 0..50 {
            let stored = crate::Snapshot::from_json(ceremony.snapshot().to_json().expose().as_bytes()).unwrap();
            ceremony = C::resume(&stored).unwrap();
            match ceremony.poll(now) {
                Step::Send => {
                    let exchange = ceremony.begin(now).unwrap();
                    let body = String::from_utf8(exchange.request.body().as_ref().to_vec()).unwrap();
                    sent.push((exchange.request.uri().path().into(), body));
                    let (status, answer) = *answers.next().unwrap();
                    let mut response = http::Response::new(answer.as_bytes().to_vec());
                    *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
                    ceremony.handle(now, Input::Response { id: exchange.id, response }).unwrap();
                }
                Step::Notify(_) => ceremony.handle(now, Input::Notified).unwrap(),
                Step::Wait { until, .. } => {
                    now = until;
                    ceremony.handle(now, Input::Woke).unwrap();
                }
                Step::Done(result) => return (result.unwrap(), sent),
                step => panic!("{step:?}"),
            }
        }
        panic!("the ceremony did not end");
    }

    #[test]
    fn a_whole_claim_runs_in_another_dialect() {
        let origin = Origin::parse("https://toy.example").unwrap();
        let enrolment = Enrolment::in_dialect(Dialect::Toy, origin, Some(Label::parse("Ada").unwrap()), None);
        let (registration, sent) = drive(enrolment, &[(200, r#"{"key":"ot_pat_1_pre","claim_token":"ot_clm_2"}"#)]);
        assert_eq!(sent, [("/join".into(), r#"{"as":"Ada"}"#.into())]);
        assert_eq!(registration.dialect(), Dialect::Toy);

        let claim = Claim::new(&registration, Email::parse("owner@example.com").unwrap());
        let start = r#"{"word":"039218","verification_uri":"https://toy.example/x","expires_in":60}"#;
        let script = [(200, start), (400, r#"{"error":"not_yet"}"#), (200, r#"{"key":"ot_pat_3_post","scope":"a b"}"#)];
        let (token, sent) = drive(claim, &script);
        let poll = || ("/fetch".into(), "grant_type=toy&claim_token=ot_clm_2".into());
        assert_eq!(sent, [("/own".into(), r#"{"owner":"owner@example.com","ticket":"ot_clm_2"}"#.into()), poll(), poll()]);
        assert_eq!((token.access_token().expose(), token.scopes().len()), ("ot_pat_3_post", 2));
    }
}
