//! The errors of the core, with their stable codes and messages.

use std::time::Duration;

/// An error of the core. Programs compare [`Error::code`]; the text is for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A waiter's timeout has passed.
    #[error("Semaphore acquire timeout ({}s)", .0.as_secs_f64())]
    QueueTimeout(Duration),
    /// An option has an invalid value.
    #[error("{name} must be {expected}, got {got}")]
    InvalidConfig {
        /// The option's name.
        name: &'static str,
        /// A description of valid values.
        expected: &'static str,
        /// The value.
        got: String,
    },
}

impl Error {
    /// Returns the stable string for JavaScript's `error.code`.
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
    fn a_queue_timeout_names_the_seconds() {
        let text = |ms| Error::QueueTimeout(Duration::from_millis(ms)).to_string();
        assert_eq!(text(60_000), "Semaphore acquire timeout (60s)");
        assert_eq!(text(1_500), "Semaphore acquire timeout (1.5s)");
        assert_eq!(text(20), "Semaphore acquire timeout (0.02s)");
    }
}
