//! An agent gets its badge from SentryAgent: manifest, profile, one-time code by SMS. Kill it and run it again: it continues.
//!
//! ```sh
//! cargo run -p enlist-examples --example badge [-- FOLDER SERVICE_URL]
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::ops::ControlFlow;

use enlist_blocking::{Client, SimpleHost, drive_to_end};
use enlist_core::badge::{BadgeRegistration, Manifest, RegistrationAnswer, RegistrationPrompt};
use enlist_examples::place::Place;
use enlist_store::{AnyCeremony, Home, ProfileName, ServiceKey};

const MANIFEST: &str = r#"{"mobile_phone":"+15005550006","trust_tier":"community","agent_name":"My AI Agent","agent_version":"1.0.0",
    "developer_name":"Acme Corp","contact_email":"dev@acme.com","primary_goal":"Customer support automation",
    "tools":["web-search","email"],"compliance_attestation":true,"data_residency":"us-east-1"}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let place = Place::from_args()?;
    let session = Home::at(&place.folder)?.profile(&ProfileName::default()).service(&ServiceKey::SENTRYAGENT).lock()?;
    if session.credential()?.is_none() {
        let (mut registration, mut store) = match session.flows()?.pop().map(enlist_store::Flow::into_parts) {
            Some((record, AnyCeremony::BadgeRegistration(registration))) => (registration, session.resume(record)?),
            _ => {
                let registration = BadgeRegistration::new(place.origin.clone(), Manifest::from_json(MANIFEST.as_bytes())?);
                let store = session.begin(&registration)?;
                (registration, store)
            }
        };
        let mut host = SimpleHost::new(|never: &Infallible| match *never {}, |prompt: &RegistrationPrompt| answer(prompt, &place));
        let identity = drive_to_end(&mut registration, &Client::new()?, &mut host, &mut store)?;
        session.finish(store.flow().name(), &registration)?;
        println!("registered as {:?}", identity.did());
    }
    println!("the badge is stored");
    Ok(())
}

/// Plays the human: the profile is right, the code is in the SMS, and another SMS is not wanted.
fn answer(prompt: &RegistrationPrompt, place: &Place) -> ControlFlow<(), RegistrationAnswer> {
    let answer = match prompt {
        RegistrationPrompt::Profile { .. } => Some(RegistrationAnswer::ProfileOk),
        RegistrationPrompt::Otp { .. } => place.code().map(RegistrationAnswer::Otp),
        _ => None,
    };
    answer.map_or(ControlFlow::Break(()), ControlFlow::Continue)
}
