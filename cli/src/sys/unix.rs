//! Unix: files, file descriptors, processes and signals.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Access, OFlags, access};
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getpgrp, getrlimit, setrlimit};
use rustix::termios::tcgetpgrp;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};

/// The signals that ask a command to stop. One that the process was started with ignored is left out: whoever uses `nohup` wants the
/// command to outlive the terminal.
pub(crate) fn stop_signals() -> impl Iterator<Item = i32> {
    [SIGINT, SIGTERM, SIGQUIT, SIGHUP].into_iter().filter(|signal| *signal != SIGHUP || !is_ignored(SIGHUP))
}

/// The signal for a write beyond the limit on file sizes. With a handler, the write fails instead.
pub(crate) const FILE_TOO_LARGE: i32 = SIGXFSZ;

/// Whether the process was started with `signal` ignored, where the kernel tells.
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

/// Opens a file to read it. A named pipe that nobody writes to does not block.
pub(crate) fn open_without_blocking(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)
}

/// Makes a file that only its owner can read and write. It must not exist yet.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create_new(true).mode(0o600).open(path)
}

/// Makes a folder that only its owner can use, and those above it.
pub(crate) fn create_private_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Whether somebody else may read or change what is at `path`.
pub(crate) fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0)
}

/// Whether a file or a folder belongs to the user `owner` and to nobody else.
pub(crate) fn is_private(found: &Metadata, owner: u32) -> bool {
    (found.is_dir() || found.is_file()) && found.uid() == owner && found.mode() & 0o077 == 0
}

/// Shows that new files can be made in a folder.
pub(crate) fn is_writable_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() { Ok(access(path, Access::WRITE_OK | Access::EXEC_OK)?) } else { Err(Errno::NOTDIR.into()) }
}

/// Waits until there is something to read, or until `time` has passed: false. A signal counts as passed time.
pub(crate) fn wait_readable(from: &impl AsFd, time: Duration) -> io::Result<bool> {
    let timeout = Timespec { tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX), tv_nsec: time.subsec_nanos().into() };
    match poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&timeout)) {
        Err(Errno::INTR) => Ok(false),
        polled => Ok(polled? > 0),
    }
}

/// Reads what there is, as far as `room` takes it; 0 at the end.
pub(crate) fn read(from: &impl AsFd, room: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(from, room)?)
}

/// Whether this process is in the foreground of the terminal. The kernel stops another one that touches the terminal.
pub(crate) fn is_in_foreground(terminal: &impl AsFd) -> bool {
    tcgetpgrp(terminal).map_or(true, |group| group == getpgrp())
}

/// Puts the new process into a group of its own, so that a Ctrl-C for this one does not reach it.
pub(crate) fn in_own_group(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

/// Replaces this process with `command`, which gets the limit on core dumps that this process was started with. Comes back only when
/// that failed.
pub(crate) fn exec(command: &mut Command) -> io::Error {
    if let Some(limit) = CORE_LIMIT.get() {
        let _ = setrlimit(Resource::Core, *limit);
    }
    command.exec()
}

/// The limit on core dumps that this process was started with.
static CORE_LIMIT: OnceLock<Rlimit> = OnceLock::new();

/// Makes sure that no core dump writes the secrets in this process's memory to a disk, and, on Linux, that no other process of the user
/// can read that memory. Does what the operating system allows.
pub(crate) fn forbid_core_dumps() {
    let before = *CORE_LIMIT.get_or_init(|| getrlimit(Resource::Core));
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..before });
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
