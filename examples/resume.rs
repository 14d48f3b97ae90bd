//! Continues every ceremony that earlier processes left unfinished in a home, whatever its kind, as far as nobody has to be asked.
//!
//! ```sh
//! cargo run -p enlist-examples --example resume [-- FOLDER SERVICE_URL]
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::ops::ControlFlow;

use enlist_blocking::{Client, Ending, Host, SimpleHost, drive};
use enlist_core::claim::EnterCode;
use enlist_examples::place::Place;
use enlist_store::{AnyCeremony, FlowStore, Home, ServiceKey, StoredCeremony};

fn main() -> Result<(), Box<dyn Error>> {
    let place = Place::from_args()?;
    let (home, client) = (Home::at(&place.folder)?, Client::new()?);
    let show = |code: &EnterCode| println!("open {} and type {}", code.verification_uri.expose(), code.user_code.expose());
    for name in home.profiles()? {
        for service in [ServiceKey::OPENTRAIN, ServiceKey::SENTRYAGENT] {
            let session = home.profile(&name).service(&service).lock()?;
            for flow in session.flows()? {
                let (record, ceremony) = flow.into_parts();
                let store = session.resume(record)?;
                match ceremony {
                    AnyCeremony::Enrolment(enrolment) => run(enrolment, store, &client, quiet())?,
                    AnyCeremony::Claim(claim) => run(claim, store, &client, SimpleHost::new(show, |never: &Infallible| match *never {}))?,
                    AnyCeremony::BadgeRegistration(registration) => run(registration, store, &client, quiet())?,
                    AnyCeremony::BadgeRotation(rotation) => run(rotation, store, &client, quiet())?,
                }
            }
        }
    }
    println!("nothing is left to do without a person");
    Ok(())
}

/// A host that shows nothing and answers no question.
fn quiet<P, A>() -> SimpleHost<impl FnMut(&Infallible), impl FnMut(&P) -> ControlFlow<(), A>> {
    SimpleHost::new(|never: &Infallible| match *never {}, |_: &P| ControlFlow::Break(()))
}

fn run<C: StoredCeremony, H: Host<C, Error = Infallible>>(
    mut ceremony: C,
    mut store: FlowStore,
    client: &Client,
    mut host: H,
) -> Result<(), Box<dyn Error>> {
    let flow = store.flow().name().to_owned();
    match drive(&mut ceremony, client, &mut host, &mut store)? {
        Ending::Finished(Ok(_)) => println!("{flow} has ended, and its credential is stored"),
        Ending::Finished(Err(failure)) => println!("{flow} has failed: {failure}"),
        Ending::Paused => println!("{flow} waits for a person"),
    }
    store.session().finish(&flow, &ceremony)?;
    Ok(())
}
