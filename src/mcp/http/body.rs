//! The bytes of an answer's body, decoded.

use super::encoding::{Decoder, Step, Undecodable};
use super::error_text::root_cause;
use bytes::Bytes;
use reqwest::Response;
use reqwest::header::CONTENT_ENCODING;
use tokio::task::coop::consume_budget;

/// A body that could not be read to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyFailure {
    /// The body is longer than this number of bytes.
    #[error("more than {0} bytes")]
    TooLong(usize),
    /// The connection broke, or the body cannot be decoded.
    #[error("{0}")]
    Lost(String),
}

/// Reads a body as its bytes come.
#[derive(Debug)]
pub struct Body {
    response: Response,
    decoder: Result<Option<Decoder>, Undecodable>,
}

impl Body {
    /// Takes an answer's body.
    pub fn new(response: Response) -> Self {
        let codings = response.headers().get_all(CONTENT_ENCODING);
        let decoder = Decoder::new(codings.iter().map(|value| value.to_str().unwrap_or("unknown")));
        Self { response, decoder }
    }

    /// Returns the announced number of bytes, where it is known.
    pub fn length(&self) -> Option<u64> {
        matches!(self.decoder, Ok(None)).then(|| self.response.content_length()).flatten()
    }

    /// Waits for the next bytes; `None` at the end. May be dropped while it waits.
    ///
    /// # Errors
    /// [`BodyFailure::Lost`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BodyFailure> {
        loop {
            if let Some(decoder) = self.decoder.as_mut().map_err(|error| undecodable(*error))? {
                // A few bytes can grow to gigabytes, and other tasks need the thread.
                consume_budget().await;
                match decoder.step().map_err(undecodable)? {
                    Step::Decoded(piece) => return Ok(Some(piece)),
                    Step::Working => continue,
                    Step::Hungry => {}
                }
            }
            let chunk = self.response.chunk().await.map_err(|error| BodyFailure::Lost(root_cause(&error)))?;
            match (chunk, &mut self.decoder) {
                (Some(chunk), Ok(Some(decoder))) => decoder.push(chunk),
                (chunk, _) => return Ok(chunk),
            }
        }
    }
}

fn undecodable(error: Undecodable) -> BodyFailure {
    BodyFailure::Lost(error.to_string())
}
