//! Signals from the caller to the root of a call.

use crate::process::tree::{Root, Signaller};
use parking_lot::Mutex;

/// The most signals that wait for the start.
const MOST_WAITING: usize = 32;

/// Signals to the root of a call, until the root has exited.
#[derive(Debug, Default)]
pub struct RootSignals(Mutex<State>);

#[derive(Debug)]
enum State {
    /// The root has not started. Holds the signals that it gets then.
    Waiting(Vec<i32>),
    Started(Signaller),
    Over,
}

impl Default for State {
    fn default() -> Self {
        Self::Waiting(Vec::new())
    }
}

impl RootSignals {
    /// Sends the signal with this number, or notes the signal for the start. Returns false after the exit of the root.
    /// The number 0 sends nothing.
    pub fn send(&self, number: i32) -> bool {
        match &mut *self.0.lock() {
            State::Over => false,
            _ if number == 0 => true,
            State::Started(signaller) => signaller.send(number),
            State::Waiting(signals) => {
                let has_room = signals.len() < MOST_WAITING;
                if has_room {
                    signals.push(number);
                }
                has_room
            }
        }
    }

    /// Ends the call before or after its start: no signal is sent from here on.
    pub fn close(&self) {
        *self.0.lock() = State::Over;
    }

    /// Sends the noted signals to a root that has just started, and further signals at once. Without a free descriptor
    /// there is no way to send any.
    pub(super) fn open(&self, root: &Root) {
        let mut state = self.0.lock();
        let State::Waiting(signals) = &*state else { return };
        *state = root.signaller().map_or(State::Over, |signaller| {
            for number in signals {
                signaller.send(*number);
            }
            State::Started(signaller)
        });
    }
}
