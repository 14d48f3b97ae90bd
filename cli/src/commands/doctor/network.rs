//! The checks of the proxy, the certificates, each service and the clock.

use std::time::{Duration, Instant};

use enlist_blocking::{Proxies, Route};
use enlist_core::badge::Health;
use enlist_core::opentrain::FetchProtectedResource;
use enlist_core::{ApiCall, Delivery, Failure, Origin, Timestamp, TransportFailure, Trouble};
use http::header::DATE;
use http::{Response, Uri};

use super::check::Check;
use crate::call::interruptible;
use crate::context::Context;
use crate::env::variable;
use crate::error::Error;
use crate::network::way_words;
use crate::output::data::CheckName;
use crate::store::Service;
use crate::wait_policy::now;

/// The longest time for one check.
const LONGEST: Duration = Duration::from_secs(10);
/// The largest difference between two clocks that is not reported. A `Date` header has whole seconds.
const SKEW: Duration = Duration::from_secs(30);
/// The time to wait after a service could not be reached.
const PAUSE: Duration = Duration::from_secs(60);

pub(super) fn proxy(context: &Context<'_>) -> Check {
    const NAME: CheckName = CheckName::Proxy;
    let proxies = match context.network.proxies() {
        Ok(proxies) => proxies,
        Err(error) => return Check::bad(NAME, error),
    };
    let mut ways = Vec::new();
    for service in Service::ALL {
        match context.origin_in_use(service) {
            Ok(origin) => ways.push((service.name(), url(&origin))),
            Err(error) => return Check::bad(NAME, error),
        }
    }
    let told: Vec<_> = ways.iter().map(|(name, url)| format!("{name} {}", way_words(&proxies, url))).collect();
    let public: Vec<_> = ways.iter().map(|(name, url)| format!("{name} {}", public_way(&proxies, url))).collect();
    let is_direct = ways.iter().all(|(_, url)| matches!(proxies.route_to(url), Route::Direct));
    let check = if is_direct && variable("HTTP_PROXY").is_some() {
        let hint = "the services use https; set HTTPS_PROXY";
        Check::doubtful(NAME, format_args!("{}; HTTP_PROXY is set but not used", told.join("; ")), hint)
    } else {
        Check::fine(NAME, told.join("; "))
    };
    check.publicly(public.join("; "))
}

fn public_way(proxies: &Proxies, url: &Uri) -> String {
    match proxies.route_to(url) {
        Route::Through { proxy, variable } => {
            format!("through {}{}", variable.unwrap_or("--proxy"), if proxy.has_login() { ", with a login" } else { "" })
        }
        _ => way_words(proxies, url),
    }
}

pub(super) fn certificates(context: &Context<'_>) -> Check {
    const NAME: CheckName = CheckName::Certificates;
    let of_environment = context.network.ca_file_of_the_environment();
    let Some(file) = context.network.ca_file_of_the_flag().or(of_environment.as_ref()) else {
        return Check::fine(NAME, "the built-in certificates");
    };
    let told = format!("the built-in certificates and {} more from {}", file.count, file.named_by);
    match &file.warning {
        Some(warning) => Check::doubtful(NAME, warning, "name a file with certificates as PEM").publicly(told),
        None => Check::fine(NAME, format_args!("{told} ({})", file.path.display())).publicly(told),
    }
}

/// Checks both services, and then the clock.
pub(super) fn services(context: &Context<'_>) -> Result<Vec<Check>, Error> {
    let mut skews = Vec::new();
    let mut checks = Service::ALL.into_iter().map(|service| reach(service, context, &mut skews)).collect::<Result<Vec<_>, _>>()?;
    checks.push(clock(&skews));
    Ok(checks)
}

fn reach(service: Service, context: &Context<'_>, skews: &mut Vec<Skew>) -> Result<Check, Error> {
    let origin = match context.origin_in_use(service) {
        Ok(origin) => origin,
        Err(error) => return Ok(Check::bad(name_of(service), error)),
    };
    match service {
        Service::Opentrain => ask(service, &FetchProtectedResource::new(origin.clone()), &origin, context, skews),
        Service::Sentryagent => ask(service, &Health::new(&origin), &origin, context, skews),
    }
}

const fn name_of(service: Service) -> CheckName {
    match service {
        Service::Opentrain => CheckName::Opentrain,
        Service::Sentryagent => CheckName::Sentryagent,
    }
}

/// Sent once. The request changes nothing.
fn ask<C: ApiCall>(service: Service, call: &C, origin: &Origin, context: &Context<'_>, skews: &mut Vec<Skew>) -> Result<Check, Error> {
    let name = name_of(service);
    let Ok(client) = context.network.client() else {
        return Ok(Check::doubtful(name, "not checked, because there is no network", "see the failures above"));
    };
    let (begun, started) = (Instant::now(), now());
    let answer = interruptible(&client.within(LONGEST), call.exchange(), &context.interrupt)?;
    let took = begun.elapsed();
    if let Ok(answer) = &answer {
        skews.extend(Skew::of(service.name(), answer, started.after(took / 2)));
    }
    let status = answer.as_ref().map(|answer| answer.status().as_u16()).ok();
    Ok(match answer {
        Err(failure) => out_of_reach(name, failure),
        Ok(answer) => judged(name, &call.parse(now(), Ok(answer)), status.unwrap_or_default(), took, origin),
    })
}

fn out_of_reach(name: CheckName, failure: TransportFailure) -> Check {
    let public = TransportFailure::new(failure.kind, Delivery::NotSent);
    let failure = Failure::GaveUp { trouble: failure.into(), retry_at: now().after(PAUSE), may_be_delivered: false };
    Check::bad(name, Error::Ceremony { failure: Box::new(failure), at: now(), kept: Vec::new() }).publicly(public)
}

/// The server answers; this checks that it is the service.
fn judged<T>(name: CheckName, outcome: &Result<T, Failure>, status: u16, took: Duration, origin: &Origin) -> Check {
    let ms = took.as_millis();
    match outcome {
        Ok(_) => Check::fine(name, format_args!("{origin} answers, in {ms} ms")).publicly(format_args!("it answers, in {ms} ms")),
        // An answer that only the service would give, refusals included.
        Err(Failure::Rejected(_) | Failure::RateLimited { .. } | Failure::GaveUp { trouble: Trouble::Server(_), .. }) => {
            let hint = "the network is fine; the service may be down, or another one may stand at this address";
            Check::doubtful(name, format_args!("{origin} answers with {status}, in {ms} ms"), hint)
                .publicly(format_args!("it answers with {status}, in {ms} ms"))
        }
        Err(_) => {
            let hint = "something in between may have answered, a portal that wants a login first, say";
            Check::doubtful(name, format_args!("{origin} answers with {status}, and not as the service does"), hint)
                .publicly(format_args!("it answers with {status}, and not as the service does"))
        }
    }
}

fn url(origin: &Origin) -> Uri {
    // An origin is always a valid URL; the default is never used.
    origin.to_string().parse().unwrap_or_default()
}

/// The difference between this machine's clock and a service's.
struct Skew {
    by: Duration,
    is_ahead: bool,
    service: &'static str,
}

impl Skew {
    fn of(service: &'static str, answer: &Response<Vec<u8>>, ours: Timestamp) -> Option<Self> {
        let date = answer.headers().get(DATE)?.to_str().ok()?;
        let theirs = Timestamp::parse_http_date(date, ours)?;
        let (ahead, behind) = (ours.since(theirs), theirs.since(ours));
        Some(Self { by: ahead.max(behind), is_ahead: ahead > behind, service })
    }
}

fn clock(skews: &[Skew]) -> Check {
    const NAME: CheckName = CheckName::Clock;
    let Some(worst) = skews.iter().max_by_key(|skew| skew.by) else {
        return Check::fine(NAME, "not compared: no service said its time");
    };
    if worst.by <= SKEW {
        return Check::fine(NAME, format_args!("within {} s of the services'", SKEW.as_secs()));
    }
    let direction = if worst.is_ahead { "ahead of" } else { "behind" };
    let hint = "set this machine's clock: by it certificates are checked, and the end of a code and of a badge is judged";
    Check::doubtful(NAME, format_args!("{} s {direction} {}'s", worst.by.as_secs(), worst.service), hint)
}
