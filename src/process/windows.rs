//! Safe wrappers of the Win32 calls that this module needs.

use std::io;
use std::os::windows::io::{AsRawHandle, BorrowedHandle, FromRawHandle, OwnedHandle};
use windows_sys::Win32::Foundation::{ERROR_INVALID_PARAMETER, FILETIME, HANDLE, WAIT_OBJECT_0};
use windows_sys::Win32::System::Threading::{
    GetProcessTimes, OpenProcess, PROCESS_ACCESS_RIGHTS, TerminateProcess, WaitForSingleObject,
};

// The standard library does not give out the thread of a suspended child, and looking it up lists all threads of the
// machine.
windows_link::link!("ntdll.dll" "system" fn NtResumeProcess(process: HANDLE) -> i32);

/// Opens the process that has this pid now. While the handle is open, the pid means no other process.
///
/// # Errors
/// The system's error, `NotFound` when there is no such process.
pub fn open_process(pid: u32, access: PROCESS_ACCESS_RIGHTS) -> io::Result<OwnedHandle> {
    // SAFETY: the call takes no pointers.
    let raw = unsafe { OpenProcess(access, 0, pid) };
    if raw.is_null() {
        let error = io::Error::last_os_error();
        let missing = error.raw_os_error().map(i32::cast_unsigned) == Some(ERROR_INVALID_PARAMETER);
        return Err(if missing { io::ErrorKind::NotFound.into() } else { error });
    }
    // SAFETY: the call succeeded, so this is a new handle that no other code closes.
    Ok(unsafe { OwnedHandle::from_raw_handle(raw) })
}

/// Returns the creation time of the process, in 100 ns steps since 1601.
///
/// # Errors
/// The system's error.
pub fn created(process: &OwnedHandle) -> io::Result<u64> {
    let zero = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut creation, mut exit, mut kernel, mut user) = (zero, zero, zero, zero);
    // SAFETY: the handle is open, and the four times may be written to during the call.
    let done = unsafe {
        GetProcessTimes(process.as_raw_handle(), &raw mut creation, &raw mut exit, &raw mut kernel, &raw mut user)
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(u64::from(creation.dwHighDateTime) << 32 | u64::from(creation.dwLowDateTime))
}

/// Returns whether the process has exited. The handle needs `PROCESS_SYNCHRONIZE`.
pub fn has_exited(process: &OwnedHandle) -> bool {
    // SAFETY: the handle is open, and a timeout of zero never waits.
    unsafe { WaitForSingleObject(process.as_raw_handle(), 0) == WAIT_OBJECT_0 }
}

/// Kills the process. The handle needs `PROCESS_TERMINATE`.
///
/// # Errors
/// The system's error, such as access denied.
pub fn kill(process: &OwnedHandle) -> io::Result<()> {
    // SAFETY: the handle is open.
    if unsafe { TerminateProcess(process.as_raw_handle(), 1) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Resumes a process that was created suspended. The handle must be the one from the creation.
///
/// # Errors
/// The system's error; it stays suspended.
pub fn resume(process: BorrowedHandle<'_>) -> io::Result<()> {
    // SAFETY: the handle is open.
    let status = unsafe { NtResumeProcess(process.as_raw_handle()) };
    if status < 0 {
        return Err(io::Error::other(format!("the process cannot be resumed (NTSTATUS {status:#010x})")));
    }
    Ok(())
}
