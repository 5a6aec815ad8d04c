//! Compressed answers, decoded as `fetch` decodes them.
//!
//! Requests carry no Accept-Encoding, because compression gains nothing on loopback, and compressing middleware delays
//! streams of events. Some servers compress all the same.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::{Buf, Bytes};
use flate2::{Decompress, FlushDecompress, Status};
use std::fmt::{self, Debug, Formatter};

/// The most codings of one answer. `fetch` takes as many.
const MAX_CODINGS: usize = 5;
/// The most decoded bytes of one step.
pub const PIECE: usize = 16 * 1024;
const WINDOW_BITS: u8 = 15;
/// The first byte of a gzip member.
const GZIP: u8 = 0x1f;

/// A body that cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// The bytes break the rules of their coding.
    #[error("its {0} data is broken")]
    Broken(&'static str),
    /// The answer was encoded more often than is allowed.
    #[error("it has more than {MAX_CODINGS} content encodings")]
    TooManyCodings,
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Decoded bytes, at most [`PIECE`].
    Decoded(Bytes),
    /// Progress without decoded bytes.
    Working,
    /// The next bytes are needed. Bytes that are left belong to nothing.
    Hungry,
}

/// Decodes a body in small steps. Needs memory for one piece and one window for each coding, whatever the body holds: 32 KiB
/// for gzip and deflate, 16 MiB at most for Brotli.
#[derive(Debug)]
pub struct Decoder {
    /// From the coding that was applied last to the one that was applied first.
    stages: Vec<Stage>,
}

impl Decoder {
    /// Makes a decoder for the values of Content-Encoding. Returns `None` where nothing is to be decoded. An unknown coding
    /// leaves the whole body undecoded, as in `fetch`, because servers put names of character sets here.
    ///
    /// # Errors
    /// [`Undecodable::TooManyCodings`].
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Option<Self>, Undecodable> {
        let names = values.into_iter().flat_map(|value| value.split(',')).map(|name| name.trim().to_ascii_lowercase());
        let names: Vec<String> = names.filter(|name| !name.is_empty() && name != "identity").collect();
        if names.len() > MAX_CODINGS {
            return Err(Undecodable::TooManyCodings);
        }
        let stages: Option<Vec<Stage>> = names.iter().rev().map(|name| Stage::new(name)).collect();
        Ok(stages.filter(|stages| !stages.is_empty()).map(|stages| Self { stages }))
    }

    /// Takes the next bytes of the body, once the decoder is [`Step::Hungry`].
    pub fn push(&mut self, bytes: Bytes) {
        self.stages[0].push(bytes);
    }

    /// Decodes a piece.
    ///
    /// # Errors
    /// [`Undecodable::Broken`]. A body that ends early is not broken, as for `fetch`: its reader misses the rest.
    pub fn step(&mut self) -> Result<Step, Undecodable> {
        for at in (0..self.stages.len()).rev() {
            let stage = &mut self.stages[at];
            if stage.is_over {
                break;
            }
            if stage.input.is_empty() && !stage.has_more {
                continue;
            }
            let piece = stage.decode()?;
            if piece.is_empty() {
                return Ok(Step::Working);
            }
            let Some(next) = self.stages.get_mut(at + 1) else { return Ok(Step::Decoded(piece)) };
            next.push(piece);
            return Ok(Step::Working);
        }
        Ok(Step::Hungry)
    }
}

/// One coding.
#[derive(Debug)]
struct Stage {
    codec: Codec,
    input: Bytes,
    /// Decoded bytes may be waiting inside, because the last piece was full.
    has_more: bool,
    /// The data has ended. Bytes after the end are ignored.
    is_over: bool,
}

enum Codec {
    /// Any number of members, one after the other.
    Gzip {
        inflate: Decompress,
        is_between: bool,
    },
    /// `None` before the first byte, which shows a zlib header; many servers leave the header out.
    Deflate(Option<Decompress>),
    Brotli(Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>),
}

impl Stage {
    fn new(name: &str) -> Option<Self> {
        let codec = match name {
            "gzip" | "x-gzip" => Codec::Gzip { inflate: Decompress::new_gzip(WINDOW_BITS), is_between: false },
            "deflate" => Codec::Deflate(None),
            // Without the large windows of up to 1 GiB, which are no part of the coding `br`.
            "br" => Codec::Brotli(Box::new(BrotliState::new_strict(
                StandardAlloc::default(),
                StandardAlloc::default(),
                StandardAlloc::default(),
            ))),
            _ => return None,
        };
        Some(Self { codec, input: Bytes::new(), has_more: false, is_over: false })
    }

    fn push(&mut self, bytes: Bytes) {
        if !self.is_over {
            self.input = bytes;
        }
    }

    fn decode(&mut self) -> Result<Bytes, Undecodable> {
        let mut piece = vec![0; PIECE];
        let (input, first) = (&self.input[..], self.input.first().copied());
        let progress = match &mut self.codec {
            Codec::Gzip { is_between: true, .. } if first != Some(GZIP) => {
                Ok(Progress { is_over: first.is_some(), ..Progress::default() })
            }
            Codec::Gzip { inflate: decompress, is_between } => {
                if std::mem::take(is_between) {
                    decompress.reset(true);
                }
                inflate(decompress, input, &mut piece, "gzip").map(|mut progress| {
                    *is_between = std::mem::take(&mut progress.is_over);
                    progress
                })
            }
            Codec::Deflate(decompress) => {
                let has_header = first.is_some_and(|first| first & 0x0f == 8);
                let decompress = decompress.get_or_insert_with(|| Decompress::new(has_header));
                inflate(decompress, input, &mut piece, "deflate")
            }
            Codec::Brotli(state) => unbrotli(state, input, &mut piece),
        }?;
        self.input.advance(progress.read);
        self.has_more = progress.written == PIECE && !progress.is_over;
        self.is_over = progress.is_over;
        if self.is_over {
            self.input.clear();
        }
        piece.truncate(progress.written);
        Ok(Bytes::from(piece))
    }
}

/// The work of one step.
#[derive(Default)]
struct Progress {
    read: usize,
    written: usize,
    is_over: bool,
}

fn inflate(
    decompress: &mut Decompress,
    input: &[u8],
    piece: &mut [u8],
    name: &'static str,
) -> Result<Progress, Undecodable> {
    let (read, written) = (decompress.total_in(), decompress.total_out());
    let status = decompress.decompress(input, piece, FlushDecompress::Sync).map_err(|_| Undecodable::Broken(name))?;
    let since = |now: u64, before: u64| usize::try_from(now - before).unwrap_or(usize::MAX);
    let (read, written) = (since(decompress.total_in(), read), since(decompress.total_out(), written));
    let is_over = status == Status::StreamEnd;
    // A stalled decoder would be asked for ever.
    if read == 0 && written == 0 && !input.is_empty() && !is_over {
        return Err(Undecodable::Broken(name));
    }
    Ok(Progress { read, written, is_over })
}

fn unbrotli(
    state: &mut BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    input: &[u8],
    piece: &mut [u8],
) -> Result<Progress, Undecodable> {
    let (mut unread, mut read) = (input.len(), 0);
    let (mut room, mut written, mut total) = (piece.len(), 0, 0);
    let result =
        BrotliDecompressStream(&mut unread, &mut read, input, &mut room, &mut written, piece, &mut total, state);
    match result {
        BrotliResult::ResultFailure => Err(Undecodable::Broken("br")),
        BrotliResult::NeedsMoreOutput if written == 0 => Err(Undecodable::Broken("br")),
        result => Ok(Progress { read, written, is_over: matches!(result, BrotliResult::ResultSuccess) }),
    }
}

impl Debug for Codec {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Gzip { .. } => "Gzip",
            Self::Deflate(_) => "Deflate",
            Self::Brotli(_) => "Brotli",
        })
    }
}
