//! The Job Object of one tree.

use crate::process::windows::open_process;
use std::ffi::c_void;
use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use std::ptr::null;
use std::time::Duration;
use tokio::time::sleep;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectBasicAccountingInformation,
    JobObjectExtendedLimitInformation, QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
};
use windows_sys::Win32::System::Threading::{PROCESS_SET_QUOTA, PROCESS_TERMINATE};

/// The shortest and the longest time between two looks at a job that is not empty.
const POLL_PAUSE: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(20)];

/// A job without a name, with this as its only handle. No child inherits the handle. When the handle is closed, the
/// kernel kills every process in the job.
#[derive(Debug)]
pub struct Job(OwnedHandle);

impl Job {
    /// Makes an empty job. It allows no breakaway, neither explicit nor silent.
    ///
    /// # Errors
    /// The system's error.
    pub fn new() -> io::Result<Self> {
        // SAFETY: without attributes and a name the call reads no memory.
        let raw = unsafe { CreateJobObjectW(null(), null()) };
        if raw.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call succeeded, so this is a new handle that no other code closes.
        let job = Self(unsafe { OwnedHandle::from_raw_handle(raw) });
        job.limit(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)?;
        Ok(job)
    }

    /// Makes a job of a process that runs. Descendants that it has started before stay outside.
    ///
    /// # Errors
    /// The system's error; the process stays outside.
    pub fn of_running(pid: u32) -> io::Result<Self> {
        let job = Self::new()?;
        let process = open_process(pid, PROCESS_SET_QUOTA | PROCESS_TERMINATE)?;
        job.assign(process.as_handle())?;
        Ok(job)
    }

    /// Adds a process, and with it all processes that it will start.
    ///
    /// # Errors
    /// The system's error; the process stays outside.
    pub fn assign(&self, process: BorrowedHandle<'_>) -> io::Result<()> {
        // SAFETY: both handles are open.
        done(unsafe { AssignProcessToJobObject(self.0.as_raw_handle(), process.as_raw_handle()) })
    }

    /// Kills every process in the job, without waiting.
    pub fn kill(&self) {
        // The call fails for processes that cannot be killed. `wait` finds those.
        // SAFETY: the handle is open.
        unsafe { TerminateJobObject(self.0.as_raw_handle(), 1) };
    }

    /// Returns whether no process is in the job.
    pub fn is_empty(&self) -> bool {
        self.facts().is_ok_and(|facts| facts.ActiveProcesses == 0)
    }

    /// Waits until the job is empty. Dropping the future changes nothing.
    pub async fn wait(&self) {
        let [mut pause, longest] = POLL_PAUSE;
        // A job's messages to a port may be lost, but the count is exact.
        while self.facts().is_ok_and(|facts| facts.ActiveProcesses > 0) {
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Returns the processor time of all processes that are or were in the job.
    ///
    /// # Errors
    /// The system's error.
    pub fn cpu_time(&self) -> io::Result<Duration> {
        const NANOSECONDS: u64 = 100;
        let facts = self.facts()?;
        let ticks = facts.TotalUserTime.unsigned_abs() + facts.TotalKernelTime.unsigned_abs();
        Ok(Duration::from_nanos(ticks * NANOSECONDS))
    }

    /// Closes the job without killing any process.
    pub fn release(self) {
        if self.limit(0).is_err() {
            // Rather an open handle, until this process ends, than the end of what was to stay.
            std::mem::forget(self);
        }
    }

    fn facts(&self) -> io::Result<JOBOBJECT_BASIC_ACCOUNTING_INFORMATION> {
        let mut facts = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        let into = (&raw mut facts).cast::<c_void>();
        let class = JobObjectBasicAccountingInformation;
        // SAFETY: the handle is open, and the structure is the class's own and writable for its whole size.
        done(unsafe {
            QueryInformationJobObject(
                self.0.as_raw_handle(),
                class,
                into,
                size_of_val_u32(&facts),
                std::ptr::null_mut(),
            )
        })?;
        Ok(facts)
    }

    fn limit(&self, flags: JOB_OBJECT_LIMIT) -> io::Result<()> {
        let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
        limits.BasicLimitInformation.LimitFlags = flags;
        let from = (&raw const limits).cast::<c_void>();
        let class = JobObjectExtendedLimitInformation;
        // SAFETY: the handle is open, and the structure is the class's own and readable for its whole size.
        done(unsafe { SetInformationJobObject(self.0.as_raw_handle(), class, from, size_of_val_u32(&limits)) })
    }
}

fn size_of_val_u32<T>(value: &T) -> u32 {
    u32::try_from(size_of_val(value)).unwrap_or(u32::MAX)
}

fn done(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
