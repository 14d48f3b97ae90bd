//! The log of every request that reached one of the services.

use std::collections::VecDeque;

use serde::{Serialize, Serializer};

use crate::http::Request;

const BOUND: usize = 10_000;

/// A request in the log. Requests to `/control` and `/human` are not logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// Counts from 1.
    pub seq: u64,
    /// The time when the request had arrived completely, in unix milliseconds of the sandbox clock.
    pub at: u64,
    /// The method, in upper case.
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The headers, sorted, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, with replacement characters for invalid UTF-8. It is empty if the body was over the bound.
    pub body: String,
    /// The answer.
    pub status: Answered,
}

/// The answer to a logged request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// An answer with this status, even if its body was cut off. In JSON it is the number.
    Status(u16),
    /// A closed connection. In JSON it is `"dropped"`.
    Dropped,
}

impl Serialize for Answered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Status(status) => serializer.serialize_u16(*status),
            Self::Dropped => serializer.serialize_str("dropped"),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    entries: VecDeque<LoggedRequest>,
    seen: u64,
}

impl RequestLog {
    pub(crate) fn push(&mut self, at: u64, request: &Request, status: Answered) {
        self.seen += 1;
        let mut headers = request.headers.clone();
        headers.sort();
        if self.entries.len() == BOUND {
            self.entries.pop_front();
        }
        self.entries.push_back(LoggedRequest {
            seq: self.seen,
            at,
            method: request.method.clone(),
            path: request.path.clone(),
            headers,
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status,
        });
    }

    pub(crate) fn entries(&self) -> Vec<LoggedRequest> {
        self.entries.iter().cloned().collect()
    }

    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_entries_go() {
        let request =
            Request { method: "GET".to_owned(), path: "/".to_owned(), query: String::new(), headers: Vec::new(), body: Vec::new() };
        let mut log = RequestLog::default();
        for at in 0..=10_000 {
            log.push(at, &request, Answered::Dropped);
        }
        let entries = log.entries();
        assert_eq!((entries.len(), entries[0].seq, log.seen()), (10_000, 2, 10_001));
    }
}
