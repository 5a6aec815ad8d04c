//! The cleanup of what was left behind: it looks, judges and ends.

pub mod allow;
mod family;
pub mod reason;
pub mod verdict;
