//! Signals that stop the command. They are recorded here and obeyed between two steps, after an exchange in flight, so that the terminal
//! is restored.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::Error;
use crate::sys;

/// The signal that came, or 0.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Records signals from now on instead of ending the process.
    pub(crate) fn watch() -> io::Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        for number in sys::stop_signals() {
            signal_hook::flag::register_usize(number, Arc::clone(&signal), usize::try_from(number).unwrap_or_default())?;
        }
        signal_hook::flag::register(sys::FILE_TOO_LARGE, Arc::new(AtomicBool::new(false)))?;
        Ok(Self { signal })
    }

    /// The exit code of the signal that came: 128 plus its number.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        let signal = self.signal.load(Ordering::Relaxed);
        (signal != 0).then(|| 128 + u8::try_from(signal).unwrap_or_default())
    }

    /// Returns an error if a signal came.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.exit_code().map_or(Ok(()), |code| Err(Error::Interrupted(code)))
    }
}
