//! Everything that can go wrong in the core, with the stable code and the message a user sees.

use std::time::Duration;

/// An error of the core; [`Error::code`] is what programs compare, the text is for people.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A waiter's time in the queue ran out.
    #[error("Semaphore acquire timeout ({}s)", .0.as_secs_f64())]
    QueueTimeout(Duration),
    /// An option of the core has no meaning.
    #[error("{name} must be {expected}, got {got}")]
    InvalidConfig {
        /// The option's name.
        name: &'static str,
        /// What would have been right.
        expected: &'static str,
        /// What was given.
        got: String,
    },
}

impl Error {
    /// The stable string in JavaScript's `error.code`.
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
