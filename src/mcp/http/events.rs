//! Messages in a stream of server-sent events.

use super::body::{Body, BodyFailure};
use bytes::Bytes;
use reqwest::Response;
use sse_core::{MessageEvent, PayloadTooLargeError, SseDecoder, SseEvent};
use std::num::NonZeroUsize;
use std::time::Duration;

/// Buffers above this are given back after their event.
const KEPT_BUFFER: usize = 64 * 1024;
/// The only kind of event that carries messages.
const MESSAGE: &str = "message";

/// An item of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message: the data of an event of the kind `message`, which is not empty.
    Message(String),
    /// The time to wait before a broken stream is asked for again.
    Retry(Duration),
}

/// Reads events from bytes, however they are cut. Needs memory for one event, and time for each byte once.
///
/// Events of other kinds and without data carry no messages and are passed over, as by the TypeScript SDK; their ids count.
#[derive(Debug)]
pub struct EventReader {
    decoder: SseDecoder,
    limit: usize,
    /// The last id before the end of the stream, where the stream has ended.
    end: Option<LastId>,
}

#[derive(Debug)]
struct LastId(Option<String>);

impl EventReader {
    /// Makes a reader for events with up to `limit` bytes of data.
    pub fn new(limit: usize) -> Self {
        Self { decoder: decoder(limit), limit, end: None }
    }

    /// Takes bytes until they have an event, or are used up.
    ///
    /// # Errors
    /// [`BodyFailure::TooLong`] where an event is longer than the limit. What comes after it can be read.
    pub fn next(&mut self, bytes: &mut Bytes) -> Option<Result<Event, BodyFailure>> {
        loop {
            return Some(match self.decoder.next(bytes)? {
                Ok(SseEvent::Message(MessageEvent { event, data, .. })) => {
                    self.give_back(data.capacity());
                    if event != MESSAGE || data.is_empty() {
                        continue;
                    }
                    Ok(Event::Message(data))
                }
                Ok(SseEvent::Retry(ms)) => Ok(Event::Retry(Duration::from_millis(ms.into()))),
                Err(PayloadTooLargeError) => Err(BodyFailure::TooLong(self.limit)),
            });
        }
    }

    /// Ends the stream. A message that lacks only the empty line after it is one, because servers forget that line; an id
    /// without that line may have been cut and does not count.
    pub fn finish(&mut self) -> Option<Event> {
        if self.end.is_none() {
            self.end = Some(LastId(self.last_id().map(ToOwned::to_owned)));
        }
        let mut end = Bytes::from_static(b"\n\n");
        loop {
            match self.next(&mut end)? {
                Ok(message @ Event::Message(_)) => return Some(message),
                // A number of milliseconds may have been cut, too.
                Ok(Event::Retry(_)) | Err(_) => {}
            }
        }
    }

    /// The id of the last whole event that had one, from which a broken stream is resumed. An empty id takes it back.
    pub fn last_id(&self) -> Option<&str> {
        match &self.end {
            Some(LastId(id)) => id.as_deref(),
            None => self.decoder.last_event_id().map(AsRef::as_ref),
        }
    }

    /// The decoder keeps room for the longest event that there was. A stream may be open for days.
    fn give_back(&mut self, capacity: usize) {
        if capacity > KEPT_BUFFER {
            let id = self.decoder.last_event_id().cloned();
            self.decoder = decoder(self.limit);
            self.decoder.reconnect_with_id(id);
        }
    }
}

fn decoder(limit: usize) -> SseDecoder {
    SseDecoder::with_limit(NonZeroUsize::new(limit).unwrap_or(NonZeroUsize::MIN))
}

/// The events in an answer's body.
#[derive(Debug)]
pub struct EventStream {
    body: Option<Body>,
    chunk: Bytes,
    reader: EventReader,
}

impl EventStream {
    /// Reads the body as events with up to `limit` bytes of data.
    pub fn new(response: Response, limit: usize) -> Self {
        Self { body: Some(Body::new(response)), chunk: Bytes::new(), reader: EventReader::new(limit) }
    }

    /// Waits for the next event; `None` at the end of the body. May be dropped while it waits.
    ///
    /// # Errors
    /// [`BodyFailure`].
    pub async fn next(&mut self) -> Result<Option<Event>, BodyFailure> {
        loop {
            if let Some(event) = self.reader.next(&mut self.chunk) {
                return event.map(Some);
            }
            let Some(body) = &mut self.body else { return Ok(None) };
            if let Some(chunk) = body.chunk().await? {
                self.chunk = chunk;
            } else {
                self.body = None;
                return Ok(self.reader.finish());
            }
        }
    }

    /// The id from which the stream is resumed.
    pub fn last_id(&self) -> Option<&str> {
        self.reader.last_id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: usize = 64;

    /// Reads a stream in pieces that end at these places.
    fn read(stream: &[u8], cuts: &[usize]) -> (Vec<Result<Event, BodyFailure>>, Option<String>) {
        let mut reader = EventReader::new(LIMIT);
        let mut events = Vec::new();
        let mut from = 0;
        for to in cuts.iter().copied().chain([stream.len()]) {
            let mut piece = Bytes::copy_from_slice(&stream[from..to]);
            from = to;
            while let Some(event) = reader.next(&mut piece) {
                events.push(event);
            }
        }
        events.extend(reader.finish().map(Ok));
        (events, reader.last_id().map(ToOwned::to_owned))
    }

    type Case<'a> = (&'a [u8], Vec<Result<Event, BodyFailure>>, Option<&'a str>);

    #[expect(clippy::unnecessary_wraps, reason = "an item of the table, some of which are errors")]
    fn message(text: &str) -> Result<Event, BodyFailure> {
        Ok(Event::Message(text.to_owned()))
    }

    #[expect(clippy::unnecessary_wraps, reason = "an item of the table, some of which are errors")]
    fn retry(ms: u64) -> Result<Event, BodyFailure> {
        Ok(Event::Retry(Duration::from_millis(ms)))
    }

    #[test]
    fn events_are_read_as_the_standard_says() {
        let long = format!("data: {}\n\ndata: b\n\n", "a".repeat(LIMIT + 1));
        let many = "data: 0123456789\n".repeat(LIMIT);
        let full = "a".repeat(LIMIT);
        let whole = format!("data: {full}\n\n");
        let cases: Vec<Case> = vec![
            (b"", vec![], None),
            (b"data: a\n\n", vec![message("a")], None),
            (b"data: a\r\n\r\n", vec![message("a")], None),
            (b"data: a\r\rdata: b\r\r", vec![message("a"), message("b")], None),
            (b"\xef\xbb\xbfdata: a\n\n", vec![message("a")], None),
            (b"data:a\ndata:  b\ndata\ndata: c\n\n", vec![message("a\n b\n\nc")], None),
            (b"event: message\ndata: a\n\n", vec![message("a")], None),
            (b"event:\ndata: a\n\n", vec![message("a")], None),
            (b"event: ping\ndata: a\n\ndata: b\n\n", vec![message("b")], None),
            (b"event: ping\n\ndata: b\n\n", vec![message("b")], None),
            (b": comment\n\n:\n\ndata: a\n\n", vec![message("a")], None),
            (b"unknown: x\nnone\nDATA: x\ndata: a\n\n", vec![message("a")], None),
            (b"data: \xff\xf0\x9f\n\n", vec![message("\u{fffd}\u{fffd}")], None),
            (b"id: 1\ndata: a\n\n", vec![message("a")], Some("1")),
            (b"id: 1\n\n", vec![], Some("1")),
            (b"id: 1\ndata:\n\n", vec![], Some("1")),
            (b"id: 1\nid: 2\ndata: a\n\n", vec![message("a")], Some("2")),
            (b"id: 1\ndata: a\n\nid:\ndata: b\n\n", vec![message("a"), message("b")], None),
            (b"id: 1\ndata: a\n\nid: x\0y\ndata: b\n\n", vec![message("a"), message("b")], Some("1")),
            (b"id: 1\nevent: ping\ndata: a\n\n", vec![], Some("1")),
            (b"retry: 30\ndata: a\n\n", vec![retry(30), message("a")], None),
            (b"retry: 3x\nretry: -1\nretry:\nretry: 1.5\ndata: a\n\n", vec![message("a")], None),
            (b"retry: 99999999999999999999\n\n", vec![], None),
            (b"data: a", vec![message("a")], None),
            (b"data: a\n", vec![message("a")], None),
            (b"id: 1\ndata: a\n\nid: 23\ndata: b", vec![message("a"), message("b")], Some("1")),
            (b"id: 1\n\nretry: 3", vec![], Some("1")),
            (long.as_bytes(), vec![Err(BodyFailure::TooLong(LIMIT)), message("b")], None),
            (many.as_bytes(), vec![Err(BodyFailure::TooLong(LIMIT))], None),
            (whole.as_bytes(), vec![message(&full)], None),
        ];
        for (stream, events, id) in cases {
            let text = String::from_utf8_lossy(stream);
            assert_eq!(read(stream, &[]), (events.clone(), id.map(ToOwned::to_owned)), "{text:?}");
            let everywhere: Vec<usize> = (1..stream.len()).collect();
            assert_eq!(read(stream, &everywhere), (events, id.map(ToOwned::to_owned)), "{text:?} byte by byte");
        }
    }

    #[test]
    fn lines_without_an_event_need_no_memory() {
        let mut reader = EventReader::new(LIMIT);
        for piece in [&b"x"[..], b":", b"\n", b"\r", b"id: a\0\n", b"retry: x\n"] {
            for _ in 0..1000 {
                assert_eq!(reader.next(&mut Bytes::from(piece.repeat(1000))), None);
            }
        }
        let mut rest = Bytes::from_static(b"\ndata: a\n\n");
        assert_eq!(reader.next(&mut rest), Some(message("a")));
    }

    #[test]
    fn a_long_event_does_not_hold_its_buffer() {
        let mut reader = EventReader::new(1 << 20);
        let long = format!("id: 7\r\ndata: {}\r\n\r\nda", "a".repeat(KEPT_BUFFER + 1));
        let mut bytes = Bytes::from(long);
        assert!(matches!(reader.next(&mut bytes), Some(Ok(Event::Message(data))) if data.len() == KEPT_BUFFER + 1));
        assert_eq!(reader.last_id(), Some("7"));
        assert_eq!(reader.next(&mut bytes), None);
        assert_eq!(reader.next(&mut Bytes::from_static(b"ta: b\n\n")), Some(message("b")));
        assert_eq!(reader.last_id(), Some("7"));
    }

    /// A stream of lines that are nearly events.
    fn streams() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![
            prop::sample::select(vec![
                &b"data: "[..],
                b"data:",
                b"data",
                b"id: ",
                b"id",
                b"id: 7",
                b"event: message",
                b"event: ping",
                b"event",
                b"retry: 12",
                b"retry",
                b": ",
                b":",
                b"\n",
                b"\n\n",
                b"\r\n",
                b"\r",
                b"\r\n\r\n",
                b"\xef\xbb\xbf",
                b"\0",
            ])
            .prop_map(<[u8]>::to_vec),
            prop::collection::vec(any::<u8>(), 0..6),
            (0..LIMIT * 2).prop_map(|length| vec![b'a'; length]),
        ];
        prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_cut_of_the_bytes_gives_the_same_events(
            stream in streams(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
            cuts.sort_unstable();
            prop_assert_eq!(read(&stream, &[]), read(&stream, &cuts));
        }
    }
}
