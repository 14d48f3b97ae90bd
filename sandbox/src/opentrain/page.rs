//! `/claim`: the page on which the human enters the code (`opentrain.md` section 12). Wrong codes are not limited (U15).

use super::OpenTrain;
use super::attempt::{AttemptState, ClaimAttempt, Decision};
use crate::context::Context;
use crate::html::{escape, page};
use crate::http::{Answer, Form, Request};

const TITLE: &str = "Claim an agent account";

impl OpenTrain {
    /// Answers a GET with the form.
    pub(super) fn show_claim_page(&self, context: &Context<'_>, request: &Request) -> Answer {
        let token = request.query().ok().and_then(|query| query.get("token").map(str::to_owned));
        match self.open_attempt(context, token.as_deref()) {
            Ok((token, attempt)) => self.form(200, token, attempt, ""),
            Err(answer) => answer,
        }
    }

    /// Answers a POST of the form: the code and the e-mail address, or a refusal.
    pub(super) fn submit_claim_page(&mut self, context: &Context<'_>, request: &Request) -> Answer {
        let form = match request.form() {
            Ok(form) => form,
            Err(reason) => return message(400, reason),
        };
        let (token, decision) = match self.open_attempt(context, form.get("token")) {
            Ok((token, attempt)) => match decision(&form, attempt) {
                Ok(decision) => (token.to_owned(), decision),
                Err(complaint) => return self.form(400, token, attempt, complaint),
            },
            Err(answer) => return answer,
        };
        self.settle(&token, decision);
        match decision {
            Decision::Approved => message(200, "The account is claimed. The agent will learn it by itself."),
            Decision::Denied => message(200, "You refused. The agent will learn it by itself."),
        }
    }

    fn open_attempt<'a>(&'a self, context: &Context<'_>, token: Option<&'a str>) -> Result<(&'a str, &'a ClaimAttempt), Answer> {
        let attempt = token.and_then(|token| Some((token, self.attempts.get(token)?)));
        let (token, attempt) = attempt.ok_or_else(|| message(404, "This claim link is not known."))?;
        match self.state(context.config, token, context.now) {
            Some(AttemptState::Open) => Ok((token, attempt)),
            Some(AttemptState::Approved) => Err(message(410, "This account is already claimed.")),
            Some(AttemptState::Denied) => Err(message(410, "You refused this claim.")),
            Some(AttemptState::Superseded) => Err(message(410, "A newer claim link took the place of this one.")),
            Some(AttemptState::Expired) | None => Err(message(410, "This claim link has expired.")),
        }
    }

    fn form(&self, status: u16, token: &str, attempt: &ClaimAttempt, complaint: &str) -> Answer {
        let registration = self.registrations.get(&attempt.claim_token);
        let agent = registration.and_then(|r| r.agent_name.as_deref()).unwrap_or("An unnamed agent");
        let organization = registration.and_then(|r| r.organization_name.as_deref());
        let organization = organization.map(|name| format!(" for {}", escape(name))).unwrap_or_default();
        let complaint = if complaint.is_empty() { String::new() } else { format!("<p role=\"alert\"><b>{complaint}</b></p>") };
        let body = format!(
            "<p><b>{agent}</b>{organization} asks you to claim its OpenTrain account.</p>\n{complaint}\
             <form method=\"post\" action=\"/claim\"><input type=\"hidden\" name=\"token\" value=\"{token}\">\n\
             <label>Sign in as <input type=\"email\" name=\"email\" required></label>\n\
             <label>Code that the agent shows <input name=\"code\" inputmode=\"numeric\" pattern=\"[0-9]{{6}}\" \
             autocomplete=\"one-time-code\" required></label>\n\
             <button>Claim</button> <button name=\"decision\" value=\"deny\" formnovalidate>Refuse</button></form>",
            agent = escape(agent),
            token = escape(token),
        );
        Answer::html(status, page(TITLE, &body))
    }
}

/// Reads the human's decision, or the reason why it is not valid. A refusal needs neither address nor code.
fn decision(form: &Form, attempt: &ClaimAttempt) -> Result<Decision, &'static str> {
    if form.get("decision") == Some("deny") {
        return Ok(Decision::Denied);
    }
    let email = form.get("email").unwrap_or_default().trim();
    if !email.eq_ignore_ascii_case(&attempt.email) {
        return Err("Sign in with the address that this account is reserved for.");
    }
    if form.get("code").map(str::trim) != Some(attempt.user_code.as_str()) {
        return Err("This code is wrong.");
    }
    Ok(Decision::Approved)
}

fn message(status: u16, text: &str) -> Answer {
    Answer::html(status, page(TITLE, &format!("<p>{}</p>", escape(text))))
}
