//! The task of the driver in a case, and its transcript.

use std::sync::Arc;

use enlist_core::CeremonyKind;

use crate::calls::Endpoint;
use crate::driver::ReferenceClient;
use crate::exchanges::RequestShape;
use crate::mocks::LocalFault;
use crate::reply::Reply;
use crate::run::run;
use crate::scripted_server::{Planned, Script, ScriptedServer, Seen};
use crate::{Driver, exchanges, fixture};

/// The task of the driver in a case.
#[derive(Clone, Debug)]
pub(crate) enum Scenario {
    /// One exchange for each reply.
    Exchanges { shape: RequestShape, replies: Vec<Reply>, max_body: usize },
    /// A ceremony with a service that gives these replies first and is healthy otherwise. The fault meets the exchange of this number.
    Ceremony { kind: CeremonyKind, planned: Vec<Planned>, fault: Option<(LocalFault, u64)> },
    /// An API call.
    Call { endpoint: Endpoint, planned: Vec<Planned> },
}

impl Scenario {
    pub(crate) fn needs_https(&self) -> bool {
        match self {
            Self::Exchanges { replies, .. } => replies.iter().any(Reply::needs_https),
            Self::Ceremony { planned, .. } | Self::Call { planned, .. } => planned.iter().any(|planned| planned.reply.needs_https()),
        }
    }

    /// Plays the scenario over sockets.
    pub(crate) fn transcript(&self, driver: &mut impl Driver) -> String {
        match ScriptedServer::start(self.script()) {
            Ok(server) => self.play(&Arc::new(server), driver),
            Err(error) => format!("the case cannot begin: {error}"),
        }
    }

    /// Plays the scenario with the reference client, which opens no socket.
    pub(crate) fn reference_transcript(&self) -> String {
        let server = Arc::new(ScriptedServer::without_sockets(self.script()));
        self.play(&server, &mut ReferenceClient(Arc::clone(&server)))
    }

    fn script(&self) -> Script {
        match self {
            Self::Exchanges { replies, .. } => exchanges::script(replies),
            Self::Ceremony { planned, .. } => Script::new(planned.iter().cloned(), Some(fixture::healthy)),
            Self::Call { planned, .. } => Script::new(planned.iter().cloned(), None),
        }
    }

    fn play(&self, server: &Arc<ScriptedServer>, driver: &mut impl Driver) -> String {
        match self {
            Self::Exchanges { shape, replies, max_body } => exchanges::transcript(driver, server, *shape, replies, *max_body),
            Self::Ceremony { kind, fault, .. } => {
                let report = run(*kind, driver, server, *fault);
                let mut lines = report.transcript;
                lines.extend([report.ending, format!("kept: {}", report.kept)]);
                with_requests(lines, server)
            }
            Self::Call { endpoint, .. } => {
                let lines = endpoint.transcript(&mut |exchange| driver.execute(exchange), server);
                with_requests(lines, server)
            }
        }
    }
}

/// Adds the requests that the server saw.
fn with_requests(mut lines: Vec<String>, server: &ScriptedServer) -> String {
    lines.push(format!("connections elsewhere: {}", server.connections_elsewhere()));
    let mut shown: Vec<String> = Vec::new();
    for seen in &server.script().requests {
        let request = seen.shown(server).join("\n");
        // An exact repeat is shown by its first line alone.
        lines.push(if shown.contains(&request) { format!("{} (as before)", seen.line) } else { request.clone() });
        shown.push(request);
    }
    lines.join("\n")
}

impl Seen {
    /// The request line, the headers and the body, without what differs between two runs.
    pub(crate) fn shown(&self, server: &ScriptedServer) -> Vec<String> {
        let own = server.origin();
        let authority = own.trim_start_matches("http://");
        // A client may say that a request has no body, or leave the length out.
        let headers = self
            .headers
            .iter()
            .filter(|header| !self.is_lost && *header != "content-length: 0")
            .map(|header| format!("  {}", header.replace(authority, "SERVICE")));
        let version = format!("enlist/{}", env!("CARGO_PKG_VERSION"));
        let headers = headers.map(|header| header.replace(&version, "enlist/VERSION"));
        let body = (!self.body.is_empty()).then(|| format!("  {}", self.body));
        std::iter::once(self.line.clone()).chain(headers).chain(body).collect()
    }
}
