//! A ceremony that a case takes from one exchange to the next, in virtual time and without a network.

use enlist_core::{Exchange, ExchangeId, ExchangeResult, Failure, Input, Origin, Snapshot, Step, Timestamp};

use super::bench::Opened;
use crate::fixture::{TestCeremony, healthy};
use crate::mocks::BEGINNING;
use crate::reply::{Answer, Reply};
use crate::store_fixture::{Broken, Fixture};

const ORIGIN: &str = "https://service.example";
/// How many steps a ceremony may take before its next exchange.
const MAX_STEPS: usize = 20;

/// One ceremony on its way.
pub(crate) struct Flow<C> {
    pub(crate) ceremony: C,
    now: Timestamp,
    /// How many questions were answered.
    answered: usize,
}

/// The next need of a flow.
pub(crate) enum Next<O> {
    /// This exchange was begun: prepare it.
    Exchange(Exchange),
    /// The answer to this exchange is owed since before a restart.
    Owed(ExchangeId),
    /// The ceremony is over.
    Done(Result<O, Failure>),
}

impl<C: TestCeremony> Flow<C> {
    pub(crate) fn start() -> Result<Self, Broken> {
        let ceremony = Origin::parse(ORIGIN).ok().and_then(C::start).ok_or_else(|| Broken::new("the case cannot begin"))?;
        Ok(Self { ceremony, now: BEGINNING, answered: 0 })
    }

    /// The flow as another process resumes it.
    pub(crate) fn resume(snapshot: &Snapshot) -> Result<Self, Broken> {
        let ceremony = C::resume(snapshot).map_err(|error| Broken::new(format_args!("the saved snapshot cannot be resumed: {error}")))?;
        Ok(Self { ceremony, now: snapshot.saved_at(), answered: 0 })
    }

    /// Shows, waits and answers questions until the service or the caller is needed.
    pub(crate) fn next(&mut self) -> Result<Next<C::Outcome>, Broken> {
        for _ in 0..MAX_STEPS {
            let input = match self.ceremony.poll(self.now) {
                Step::Send => return self.ceremony.begin(self.now).map(Next::Exchange).map_err(Broken::new),
                Step::InFlight(id) => return Ok(Next::Owed(id)),
                Step::Done(result) => return Ok(Next::Done(result)),
                Step::Notify(_) => Input::Notified,
                Step::Wait { until, .. } => {
                    self.now = until;
                    Input::Woke
                }
                Step::Ask(prompt) => {
                    let answer = C::answer(&prompt, self.answered);
                    self.answered += 1;
                    Input::Answer(answer.ok_or_else(|| Broken::new(format_args!("the ceremony asks: {}", C::prompt_text(&prompt))))?)
                }
            };
            self.handle(input)?;
        }
        Err(Broken::new("the ceremony does not come to its next exchange"))
    }

    /// Begins the next exchange, which there must be.
    pub(crate) fn begin(&mut self) -> Result<Exchange, Broken> {
        match self.next()? {
            Next::Exchange(exchange) => Ok(exchange),
            Next::Owed(id) => Err(Broken::new(format_args!("exchange {id} is in flight although its answer was taken in"))),
            Next::Done(_) => Err(Broken::new("the ceremony is over too soon")),
        }
    }

    pub(crate) fn handle(&mut self, input: Input<C::Answer>) -> Result<(), Broken> {
        self.ceremony.handle(self.now, input).map_err(Broken::new)
    }

    /// Begins the next exchange and has the store prepare it.
    pub(crate) fn prepare<F: Fixture>(&mut self, opened: &mut Opened<F>) -> Result<Exchange, Broken> {
        let exchange = self.begin()?;
        opened.prepare(&self.ceremony, &exchange)?;
        Ok(exchange)
    }

    /// Has the store write the answer down, takes it in, and saves.
    pub(crate) fn settle<F: Fixture>(&mut self, opened: &mut Opened<F>, exchange: &Exchange, answer: ExchangeResult) -> Result<(), Broken> {
        opened.journal(exchange, &answer)?;
        self.handle(Input::answered(exchange.id, answer))?;
        opened.save(&self.ceremony)
    }

    /// A whole exchange that the service answers as it should.
    pub(crate) fn exchange<F: Fixture>(&mut self, opened: &mut Opened<F>) -> Result<(), Broken> {
        let exchange = self.prepare(opened)?;
        let answer = good(&exchange);
        self.settle(opened, &exchange, answer)
    }
}

/// The answer of a service where nothing is wrong. A poll is answered `authorization_pending`.
pub(crate) fn good(exchange: &Exchange) -> ExchangeResult {
    healthy_answer(exchange, 0)
}

/// The answer of a service where nothing is wrong to a request that it has seen `seen` times before.
pub(crate) fn healthy_answer(exchange: &Exchange, seen: usize) -> ExchangeResult {
    match healthy(exchange.request.uri().path(), seen) {
        Reply::Answer(answer) => Reply::Answer(answer.at(ORIGIN, ORIGIN)).expected(exchange.max_body),
        other => other.expected(exchange.max_body),
    }
}

/// A whole JSON answer.
pub(crate) fn json(status: u16, body: &str) -> ExchangeResult {
    Reply::json(status, body).expected(Exchange::MAX_BODY)
}

/// A page in the place of the answer: nobody can read a credential from it.
pub(crate) fn page(body: &str) -> ExchangeResult {
    Reply::from(Answer::new(200, body).with("content-type", "text/html")).expected(Exchange::MAX_BODY)
}
