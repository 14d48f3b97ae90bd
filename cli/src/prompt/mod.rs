//! The person at the terminal: questions to them, answers that they gave in advance, and the screen while the command waits for the owner.

mod browser;
mod pre_answers;
mod prompter;
mod qr;
mod screen;
mod terminal;

pub(crate) use pre_answers::{PreAnswers, parse_otp};
pub(crate) use prompter::{Answer, Prompter};
pub(crate) use screen::{Qr, ScreenOptions};
