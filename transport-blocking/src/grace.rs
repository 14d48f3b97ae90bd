//! The deadline of a connection, and the grace after it. When a process was stopped for a while, its deadline is over and the answer is in
//! its socket: the client reads what has arrived before it gives up.

use std::time::{Duration, Instant};

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};
use ureq::{Error, Timeout};

/// The length of the grace, from the moment at which the deadline is found to be over.
const GRACE: Duration = Duration::from_millis(250);
/// The longest wait of one read in the grace. What has arrived is there at once; the rest is for a machine under load.
const QUIET: Duration = Duration::from_millis(20);

/// A connection, with TLS if the URL asks for it, whose reads go on for a grace after the deadline. Nothing is written in the grace.
#[derive(Debug)]
pub(crate) struct Grace<T> {
    inner: T,
    deadline: Instant,
    /// When the grace ends; `None` before the deadline.
    ends: Option<Instant>,
}

impl<T> Grace<T> {
    pub(crate) const fn new(inner: T, deadline: Instant) -> Self {
        Self { inner, deadline, ends: None }
    }

    /// The time until the deadline, or the shorter one that ureq gives; `None` after the deadline.
    fn left(&self, timeout: NextTimeout) -> Option<NextTimeout> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        match timeout {
            _ if left.is_zero() => None,
            shorter if *shorter.after <= left => Some(shorter),
            longer => Some(NextTimeout { after: left.into(), reason: Timeout::Global, ..longer }),
        }
    }
}

impl<T: Transport> Grace<T> {
    /// Reads what has arrived. A machine under load may take the whole of one wait before it reads at all, so the read is tried twice.
    fn read_in_grace(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let ends = *self.ends.get_or_insert_with(|| Instant::now() + GRACE);
        for _ in 0..2 {
            let left = ends.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match self.inner.await_input(NextTimeout { after: left.min(QUIET).into(), ..timeout }) {
                Err(Error::Timeout(_)) => {}
                other => return other,
            }
        }
        Err(Error::Timeout(Timeout::Global))
    }
}

impl<T: Transport> Transport for Grace<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let left = self.left(timeout).ok_or(Error::Timeout(Timeout::Global))?;
        self.inner.transmit_output(amount, left)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        if let Some(left) = self.left(timeout) {
            match self.inner.await_input(left) {
                Err(Error::Timeout(_)) if self.left(timeout).is_none() => {}
                other => return other,
            }
        }
        self.read_in_grace(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}
