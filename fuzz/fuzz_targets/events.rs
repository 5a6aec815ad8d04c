//! Streams of server-sent events: the reader gives what a plain reading of the whole stream gives, wherever it is cut.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use procward::mcp::http::{Event, EventReader};
use std::time::Duration;

/// A limit that short inputs reach.
const SMALL_LIMIT: usize = 16;

fuzz_target!(|input: (usize, Vec<usize>, &[u8])| {
    let (limit, cuts, stream) = input;
    let whole = read(stream, &[], stream.len() + 1);
    let cut = read(stream, &cuts, stream.len() + 1);
    assert_eq!(whole, cut, "the cuts make a difference");
    let (events, last_id) = plain(stream);
    let expected = (events.into_iter().map(Some).collect(), last_id);
    assert_eq!(whole, expected, "not as the standard says");

    let limit = limit % SMALL_LIMIT;
    let bounded = read(stream, &[], limit);
    assert_eq!(bounded, read(stream, &cuts, limit), "the cuts make a difference below a limit");
    for event in bounded.0.into_iter().flatten() {
        assert!(!matches!(event, Event::Message(data) if data.is_empty() || data.len() > 3 * limit.max(1)));
    }
});

/// Reads a stream in pieces; `None` stands for an event that is too long.
fn read(stream: &[u8], cuts: &[usize], limit: usize) -> (Vec<Option<Event>>, Option<String>) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.sort_unstable();
    cuts.push(stream.len());
    let mut reader = EventReader::new(limit);
    let mut events = Vec::new();
    let mut from = 0;
    for to in cuts {
        let mut piece = Bytes::copy_from_slice(&stream[from..to]);
        from = to;
        while let Some(event) = reader.next(&mut piece) {
            events.push(event.ok());
        }
    }
    events.extend(reader.finish().map(Some));
    (events, reader.last_id().map(ToOwned::to_owned))
}

/// Reads a whole stream as <https://html.spec.whatwg.org/multipage/server-sent-events.html> says, in no hurry.
fn plain(stream: &[u8]) -> (Vec<Event>, Option<String>) {
    let stream = stream.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stream);
    let (mut events, mut last_id) = (Vec::new(), None);
    let (mut data, mut kind, mut id) = (None::<Vec<u8>>, Vec::new(), None::<Vec<u8>>);
    let lines = lines(stream);
    let whole = lines.len() - 1;
    // The last line has no end. A message that lacks nothing else is taken; what it says of ids and times is not.
    for (at, line) in lines.into_iter().chain([&b""[..]]).enumerate() {
        if line.is_empty() && at != whole {
            let text = data.take().map(|data| String::from_utf8_lossy(&data).into_owned()).unwrap_or_default();
            if at < whole {
                last_id = id.clone().filter(|id| !id.is_empty()).map(|id| String::from_utf8_lossy(&id).into_owned());
            }
            if !text.is_empty() && matches!(&kind[..], b"" | b"message") {
                events.push(Event::Message(text));
            }
            kind.clear();
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match &line[..colon] {
            b"data" => match &mut data {
                Some(data) => data.extend([b"\n", value].concat()),
                None => data = Some(value.to_vec()),
            },
            b"event" => kind = value.to_vec(),
            b"id" if !value.contains(&0) => id = Some(value.to_vec()),
            b"retry" if at < whole && !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                // A time that no timer can be set to is none.
                if let Ok(ms) = String::from_utf8_lossy(value).parse::<u32>() {
                    events.push(Event::Retry(Duration::from_millis(ms.into())));
                }
            }
            _ => {}
        }
    }
    (events, last_id)
}

/// The lines of a stream; the last one, which may be empty, has no end.
fn lines(stream: &[u8]) -> Vec<&[u8]> {
    let (mut lines, mut from, mut at) = (Vec::new(), 0, 0);
    while at < stream.len() {
        let end = match &stream[at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => 0,
        };
        if end > 0 {
            lines.push(&stream[from..at]);
            from = at + end;
        }
        at += end.max(1);
    }
    lines.push(&stream[from..]);
    lines
}
