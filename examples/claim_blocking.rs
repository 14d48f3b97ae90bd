//! An agent registers at OpenTrain, and its owner claims it. Kill it at any moment and run it again: it continues.
//!
//! ```sh
//! cargo run -p enlist-examples --example claim_blocking [-- FOLDER SERVICE_URL]
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::ops::ControlFlow;

use enlist_blocking::{Client, Host, SimpleHost, drive_to_end};
use enlist_core::claim::{Claim, Enrolment, EnrolmentPrompt, EnterCode};
use enlist_core::secret::Email;
use enlist_examples::place::Place;
use enlist_store::{AnyCeremony, FlowStore, Home, ProfileName, ServiceKey, StoredCeremony};

fn main() -> Result<(), Box<dyn Error>> {
    let place = Place::from_args()?;
    let session = Home::at(&place.folder)?.profile(&ProfileName::default()).service(&ServiceKey::OPENTRAIN).lock()?;
    let client = Client::new()?;
    // An answer that was lost may have made an account, so registering again is for a person to decide.
    let mut at_enrolment = SimpleHost::new(|never: &Infallible| match *never {}, |_: &EnrolmentPrompt| ControlFlow::Break(()));
    let show = |code: &EnterCode| println!("open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
    let mut at_claim = SimpleHost::new(show, |never: &Infallible| match *never {});

    // What an earlier process left unfinished comes first.
    for flow in session.flows()? {
        let (record, ceremony) = flow.into_parts();
        let store = session.resume(record)?;
        match ceremony {
            AnyCeremony::Enrolment(enrolment) => finish(enrolment, store, &client, &mut at_enrolment)?,
            AnyCeremony::Claim(claim) => finish(claim, store, &client, &mut at_claim)?,
            AnyCeremony::BadgeRegistration(_) | AnyCeremony::BadgeRotation(_) => {}
        }
    }
    if session.credential()?.is_none() {
        let enrolment = Enrolment::new(place.origin.clone(), None, None);
        finish(enrolment.clone(), session.begin(&enrolment)?, &client, &mut at_enrolment)?;
    }
    if let Some(registration) = session.credential()?.and_then(|credential| credential.registration()) {
        let claim = Claim::new(&registration, Email::parse("owner@example.com")?);
        finish(claim.clone(), session.begin(&claim)?, &client, &mut at_claim)?;
    }
    println!("claimed");
    Ok(())
}

/// Drives a ceremony to its end and puts the credential in its place.
fn finish<C: StoredCeremony>(
    mut ceremony: C,
    mut store: FlowStore,
    client: &Client,
    host: &mut impl Host<C, Error = Infallible>,
) -> Result<(), Box<dyn Error>> {
    drive_to_end(&mut ceremony, client, host, &mut store)?;
    store.session().finish(store.flow().name(), &ceremony)?;
    Ok(())
}
