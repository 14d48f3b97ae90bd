//! The outbox: the mails and SMS that the real services would send.

use std::collections::VecDeque;

use serde::Serialize;

const BOUND: usize = 10_000;

/// The kind of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MessageKind {
    /// A mail from OpenTrain, with the claim link and without the code.
    Email,
    /// An SMS from SentryAgent, with the OTP.
    Sms,
}

/// A message to a human.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Message {
    /// Counts from 1.
    pub id: u64,
    /// The time when it was sent, in unix milliseconds of the sandbox clock.
    pub at: u64,
    /// Mail or SMS.
    pub kind: MessageKind,
    /// The e-mail address or phone number.
    pub to: String,
    /// The whole text.
    pub text: String,
    /// The claim link of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The one-time code of an SMS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Outbox {
    messages: VecDeque<Message>,
    sent: u64,
    sms_sent: u64,
}

impl Outbox {
    pub(crate) fn mail_link(&mut self, at: u64, to: &str, agent: &str, link: &str) {
        let text = format!(
            "The agent \"{agent}\" asks you to claim its OpenTrain account. Open {link} and type the code that the agent shows you."
        );
        self.push(Message { id: 0, at, kind: MessageKind::Email, to: to.to_owned(), text, link: Some(link.to_owned()), code: None });
    }

    pub(crate) fn sms_otp(&mut self, at: u64, to: &str, otp: &str) {
        self.sms_sent += 1;
        self.push(Message {
            id: 0,
            at,
            kind: MessageKind::Sms,
            to: to.to_owned(),
            text: format!("Your SentryAgent verification code is {otp}."),
            link: None,
            code: Some(otp.to_owned()),
        });
    }

    pub(crate) fn messages(&self) -> Vec<Message> {
        self.messages.iter().cloned().collect()
    }

    pub(crate) fn emails_sent(&self) -> u64 {
        self.sent - self.sms_sent
    }

    pub(crate) fn sms_sent(&self) -> u64 {
        self.sms_sent
    }

    fn push(&mut self, mut message: Message) {
        self.sent += 1;
        message.id = self.sent;
        if self.messages.len() == BOUND {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_messages_go_and_are_still_counted() {
        let mut outbox = Outbox::default();
        outbox.mail_link(0, "a@b.c", "bot", "http://x/");
        for at in 0..10_000 {
            outbox.sms_otp(at, "+15005550006", "123456");
        }
        let messages = outbox.messages();
        assert_eq!((messages.len(), messages[0].id), (10_000, 2));
        assert_eq!((outbox.emails_sent(), outbox.sms_sent()), (1, 10_000));
    }
}
