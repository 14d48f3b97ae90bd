//! SIGINT and SIGTERM, SIGHUP and SIGQUIT: noted here, obeyed between two steps. An exchange in flight is awaited first, and the
//! terminal is left as it was.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};

use crate::problem::Problem;

/// Which signal came, if one did.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    signal: Arc<AtomicUsize>,
}

impl Interrupt {
    /// From now on the signals are noted instead of ending the process.
    pub(crate) fn watch() -> io::Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        // Whoever runs this under nohup wants it to outlive the terminal.
        let hang_up = (!is_ignored(SIGHUP)).then_some(SIGHUP);
        for number in [SIGINT, SIGTERM, SIGQUIT].into_iter().chain(hang_up) {
            signal_hook::flag::register_usize(number, Arc::clone(&signal), usize::try_from(number).unwrap_or_default())?;
        }
        // A limit on file sizes shall be an error of the write, and not the end of the process in the midst of it.
        signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        Ok(Self { signal })
    }

    /// The signal's exit code, 128 and its number, once one came.
    pub(crate) fn exit_code(&self) -> Option<u8> {
        let signal = self.signal.load(Ordering::Relaxed);
        (signal != 0).then(|| 128 + u8::try_from(signal).unwrap_or_default())
    }

    /// Ends the command once a signal came.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        self.exit_code().map_or(Ok(()), |code| Err(Problem::Interrupted(code)))
    }
}

/// Whether the process was started with `signal` ignored, where the kernel tells.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}
