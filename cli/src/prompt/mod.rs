//! The person at the terminal: questions, and what they see while the owner is waited for.

mod browser;
mod prompter;
mod qr;
mod screen;
mod terminal;

pub(crate) use prompter::{Answer, Prompter};
pub(crate) use screen::{Qr, ScreenOptions};
