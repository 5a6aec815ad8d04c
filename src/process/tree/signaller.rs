//! Signals to the root of a tree.

#[cfg(target_os = "linux")]
use super::warden::Orders;
use crate::process::handle::{Handle, Signal};

/// Sends signals to the root of a tree, from any thread. The root may have exited.
#[derive(Debug)]
pub enum Signaller {
    /// The warden sends the signals to the root with this pid, because the root is its child.
    #[cfg(target_os = "linux")]
    Warden(Orders, u32),
    /// The root itself.
    Root(Handle),
}

impl Signaller {
    /// Sends the signal with this number. On Windows every signal kills. Returns whether the signal was sent.
    pub fn send(&self, number: i32) -> bool {
        match self {
            #[cfg(target_os = "linux")]
            Self::Warden(orders, root) => orders.signal(*root, number).is_ok(),
            Self::Root(handle) => handle.signal(Signal::Number(number)).is_ok(),
        }
    }
}
