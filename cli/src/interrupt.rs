//! SIGINT and SIGTERM, SIGHUP and SIGQUIT: noted here, obeyed between two steps. An exchange in flight is awaited first, and the
//! terminal is left as it was.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::Error;
use crate::sys;

/// Which signal came, if one did.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// From now on the signals are noted instead of ending the process.
    pub(crate) fn watch() -> io::Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        for number in sys::stop_signals() {
            signal_hook::flag::register_usize(number, Arc::clone(&signal), usize::try_from(number).unwrap_or_default())?;
        }
        signal_hook::flag::register(sys::FILE_TOO_LARGE, Arc::new(AtomicBool::new(false)))?;
        Ok(Self { signal })
    }

    /// The signal's exit code, 128 and its number, once one came.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        let signal = self.signal.load(Ordering::Relaxed);
        (signal != 0).then(|| 128 + u8::try_from(signal).unwrap_or_default())
    }

    /// Ends the command once a signal came.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.exit_code().map_or(Ok(()), |code| Err(Error::Interrupted(code)))
    }
}
