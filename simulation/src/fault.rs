//! Faults to plant, to see that the simulation finds them.

use procward::fleet::script;

/// A fault in the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Slots are handed to processes that do not listen.
    NoListenerCheck,
    /// No grace after a loss of memory.
    NoGrace,
    /// A heartbeat makes a process known that is not.
    RevivingBeat,
}

impl Fault {
    /// All faults, by name.
    pub const ALL: [(&'static str, Self); 3] =
        [("no-numsub", Self::NoListenerCheck), ("no-grace", Self::NoGrace), ("reviving-beat", Self::RevivingBeat)];

    /// Returns the script with the fault.
    ///
    /// # Panics
    /// Panics if the script has changed so that the fault has no place.
    pub fn source(fault: Option<Self>) -> String {
        let (sound, broken) = match fault {
            None => return script::SOURCE.to_owned(),
            Some(Self::NoListenerCheck) => ("if listens(process_of(id)) then", "if true then"),
            Some(Self::NoGrace) => ("epoch, grace = micros, now + lease", "epoch, grace = micros, now"),
            Some(Self::RevivingBeat) => (
                "if is_known or is_for_all then",
                "is_known = is_known or command == 'beat'\nif is_known or is_for_all then",
            ),
        };
        assert_eq!(script::SOURCE.matches(sound).count(), 1, "{fault:?} has a place");
        let source = script::SOURCE.replace(sound, broken);
        if fault == Some(Self::NoGrace) { source.replace("begun + lease > grace", "false") } else { source }
    }
}
