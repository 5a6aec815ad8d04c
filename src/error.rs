//! The errors of the core, with their stable codes and messages.

use std::time::Duration;

/// An error of the core. Programs compare [`Error::code`]; the text is for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A waiter's time in the queue ran out.
    #[error("Semaphore acquire timeout ({}s)", .0.as_secs_f64())]
    QueueTimeout(Duration),
    /// An option has a value without a meaning.
    #[error("{name} must be {expected}, got {got}")]
    InvalidConfig {
        /// The option's name.
        name: &'static str,
        /// The values that are accepted.
        expected: &'static str,
        /// The given value.
        got: String,
    },
}

impl Error {
    /// Returns the stable string in JavaScript's `error.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::QueueTimeout(_) => "ERR_QUEUE_TIMEOUT",
            Self::InvalidConfig { .. } => "ERR_INVALID_CONFIG",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_timeout_names_the_real_seconds() {
        let text = |ms| Error::QueueTimeout(Duration::from_millis(ms)).to_string();
        assert_eq!(text(60_000), "Semaphore acquire timeout (60s)");
        assert_eq!(text(1_500), "Semaphore acquire timeout (1.5s)");
        assert_eq!(text(20), "Semaphore acquire timeout (0.02s)");
    }
}
