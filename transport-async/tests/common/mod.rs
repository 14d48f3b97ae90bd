//! This crate's loop and client as the sandbox's conformance suite drives them.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard};

use enlist_async::{Client, Execute, Host, drive};
use enlist_core::{Ceremony, Exchange, ExchangeId, Input, Snapshot, Timestamp, TransportFailure, WaitReason};
use enlist_sandbox::conformance::{Driven, Driver, Stage, StageError};
use http::Response;
use tokio::runtime::{Builder, Runtime};

pub(crate) struct Async {
    client: Client,
    runtime: Runtime,
}

impl Async {
    pub(crate) fn new() -> Self {
        Self { client: Client::new().unwrap(), runtime: Builder::new_current_thread().enable_all().build().unwrap() }
    }
}

impl Driver for Async {
    fn execute(&mut self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        self.runtime.block_on(self.client.execute(exchange))
    }

    fn drive<C: Ceremony>(&mut self, ceremony: &mut C, stage: &mut Stage<C>) -> Driven<C::Outcome> {
        let stage = Mutex::new(stage);
        let (client, mut host) = (Directed { client: &self.client, stage: &stage }, OnStage(&stage));
        self.runtime.block_on(is_send(drive(ceremony, &client, &mut host)))
    }
}

fn is_send<F: Future + Send>(future: F) -> F {
    future
}

/// Sends what the stage makes of each exchange.
struct Directed<'a, 'b, C: Ceremony> {
    client: &'a Client,
    stage: &'a Mutex<&'b mut Stage<C>>,
}

impl<C: Ceremony> Execute for Directed<'_, '_, C> {
    async fn execute(&self, exchange: &Exchange) -> Result<Response<Vec<u8>>, TransportFailure> {
        let directed = self.stage.lock().unwrap().direct(exchange);
        self.client.execute(&directed).await
    }
}

/// The stage as this crate's host.
struct OnStage<'a, 'b, C: Ceremony>(&'a Mutex<&'b mut Stage<C>>);

impl<'b, C: Ceremony> OnStage<'_, 'b, C> {
    fn stage(&self) -> MutexGuard<'_, &'b mut Stage<C>> {
        self.0.lock().unwrap()
    }
}

impl<C: Ceremony> Host<C> for OnStage<'_, '_, C> {
    type Error = StageError;

    fn now(&mut self) -> Timestamp {
        self.stage().now()
    }

    async fn wait(&mut self, until: Timestamp, why: &WaitReason) -> Result<ControlFlow<()>, StageError> {
        self.stage().wait(until, why)
    }

    async fn show(&mut self, notice: &C::Notice) -> Result<(), StageError> {
        self.stage().show(notice)
    }

    async fn ask(&mut self, prompt: &C::Prompt) -> Result<ControlFlow<(), C::Answer>, StageError> {
        self.stage().ask(prompt)
    }

    async fn prepare(&mut self, snapshot: &Snapshot, exchange: &Exchange) -> Result<(), StageError> {
        self.stage().prepare(snapshot, exchange)
    }

    async fn journal(&mut self, exchange: &Exchange, answer: &Result<Response<Vec<u8>>, TransportFailure>) -> Result<(), StageError> {
        self.stage().journal(exchange, answer)
    }

    async fn journaled(&mut self, id: ExchangeId) -> Result<Option<Input<C::Answer>>, StageError> {
        self.stage().journaled(id)
    }

    async fn save(&mut self, snapshot: &Snapshot) -> Result<(), StageError> {
        self.stage().save(snapshot)
    }
}
