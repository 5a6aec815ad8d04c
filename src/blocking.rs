//! Work that blocks, on the runtime's threads.
//!
//! tokio panics where it can start no thread, as at a user's limit of processes. That would end the caller's task.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// Does work on a thread that may block. Needs to be called within the runtime.
///
/// # Errors
/// The system's error if no thread can be started, and that of tokio if the work panics.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    start_blocking(&Handle::current(), work)?.await.map_err(io::Error::other)
}

/// Does work on a thread that may block, or on this one where no thread can be started. Needs to be called within the
/// runtime.
///
/// # Errors
/// That of tokio if the work panics.
pub async fn blocking_or_here<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    if find_thread().is_err() {
        return Ok(work());
    }
    spawn(&Handle::current(), work)?.await.map_err(io::Error::other)
}

/// Starts work on a thread that may block.
///
/// # Errors
/// The system's error if no thread can be started.
pub fn start_blocking<T: Send + 'static>(
    runtime: &Handle,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    find_thread()?;
    spawn(runtime, work)
}

fn spawn<T: Send + 'static>(runtime: &Handle, work: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
    // Another process of the user may have taken the thread's place since it was found.
    catch_unwind(AssertUnwindSafe(|| runtime.spawn_blocking(work))).map_err(|_| no_thread())
}

/// Finds out whether a thread can be started.
fn find_thread() -> io::Result<()> {
    // The thread has ended before the next one is started, so that both need one place below the limit.
    let _ = thread::Builder::new().spawn(|| ())?.join();
    Ok(())
}

#[cfg(unix)]
fn no_thread() -> io::Error {
    io::Error::from_raw_os_error(libc::EAGAIN)
}

#[cfg(not(unix))]
fn no_thread() -> io::Error {
    io::ErrorKind::WouldBlock.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_returns_its_value_and_a_panic_is_an_error() {
        assert_eq!(blocking(|| 7).await.expect("a thread"), 7);
        assert_eq!(blocking_or_here(|| 8).await.expect("a thread"), 8);
        let panicked = blocking(|| panic!("planted")).await;
        assert_eq!(panicked.expect_err("a panic").kind(), io::ErrorKind::Other);
    }
}
