//! The origin of signals, for a program that passes signals on.

use napi_derive::napi;

/// Notes the origin of further signals with these numbers, which have listeners already. Linux only.
#[napi]
pub fn note_signal_origins(signals: Vec<i32>) {
    #[cfg(target_os = "linux")]
    for signal in signals {
        crate::process::signal_origin::note_origins(signal);
    }
    #[cfg(not(target_os = "linux"))]
    drop(signals);
}

/// Returns whether the last signal with this number came from the terminal, and reached the process too. Linux only:
/// elsewhere it is never known.
#[napi]
pub fn terminal_reached(signal: i32, pid: u32) -> bool {
    #[cfg(target_os = "linux")]
    return crate::process::signal_origin::terminal_reached(signal, pid);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (signal, pid);
        false
    }
}
