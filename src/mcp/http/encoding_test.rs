//! The decoder, fed by real encoders.

use super::encoding::{Decoder, PIECE, Step, Undecodable};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use proptest::prelude::*;
use std::io::Write;

const TEXT: &[u8] =
    br#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"to be or not to be or not to be"}]}}"#;

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).expect("room");
    encoder.finish().expect("gzip")
}

fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).expect("room");
    encoder.finish().expect("zlib")
}

fn raw(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).expect("room");
    encoder.finish().expect("deflate")
}

fn brotli(data: &[u8]) -> Vec<u8> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
    encoder.write_all(data).expect("room");
    encoder.into_inner()
}

/// Returns what the decoder makes of bytes that come in these pieces.
fn decoded<'a>(coding: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Undecodable> {
    let mut decoder = Decoder::new([coding])?.expect("a coding");
    let mut all = Vec::new();
    for piece in pieces {
        all.extend(read(&mut decoder, piece)?);
    }
    Ok(all)
}

fn read(decoder: &mut Decoder, piece: &[u8]) -> Result<Vec<u8>, Undecodable> {
    let mut all = Vec::new();
    decoder.push(Bytes::copy_from_slice(piece));
    loop {
        match decoder.step()? {
            Step::Decoded(bytes) => all.extend_from_slice(&bytes),
            Step::Working => {}
            Step::Hungry => return Ok(all),
        }
    }
}

fn damaged(mut data: Vec<u8>, from_end: usize) -> Vec<u8> {
    let at = data.len() - from_end;
    data[at] ^= 1;
    data
}

#[test]
fn bodies_are_decoded_as_fetch_decodes_them() {
    let twice = [TEXT, TEXT].concat();
    let cases: Vec<(&str, &str, Vec<u8>, &[u8])> = vec![
        ("gzip", "gzip", gzip(TEXT), TEXT),
        ("its old name", "X-GZip", gzip(TEXT), TEXT),
        ("deflate with a zlib header", "deflate", zlib(TEXT), TEXT),
        ("deflate without", "Deflate", raw(TEXT), TEXT),
        ("brotli", " br ", brotli(TEXT), TEXT),
        ("two times gzip", "gzip, gzip", gzip(&gzip(TEXT)), TEXT),
        ("the last coding is the outermost", "br,deflate ,gzip", gzip(&raw(&brotli(TEXT))), TEXT),
        ("five codings", "gzip,gzip,gzip,gzip,gzip", gzip(&gzip(&gzip(&gzip(&gzip(TEXT))))), TEXT),
        ("identity and nothing are ignored", "identity, gzip,,Identity", gzip(TEXT), TEXT),
        ("two members", "gzip", [gzip(TEXT), gzip(TEXT)].concat(), &twice),
        ("an empty member between", "gzip", [gzip(TEXT), gzip(b""), gzip(TEXT)].concat(), &twice),
        ("zeros after a member", "gzip", [gzip(TEXT), vec![0; 512]].concat(), TEXT),
        ("other bytes after a member", "gzip", [&gzip(TEXT)[..], b"\r\nrest"].concat(), TEXT),
        ("bytes after zlib data", "deflate", [&zlib(TEXT)[..], b"rest"].concat(), TEXT),
        ("bytes after raw data", "deflate", [&raw(TEXT)[..], b"rest"].concat(), TEXT),
        ("bytes after brotli data", "br", [&brotli(TEXT)[..], b"rest"].concat(), TEXT),
        ("no checksum", "gzip", gzip(TEXT)[..gzip(TEXT).len() - 8].to_vec(), TEXT),
        ("no checksum of zlib", "deflate", zlib(TEXT)[..zlib(TEXT).len() - 4].to_vec(), TEXT),
        ("half a header", "gzip", gzip(TEXT)[..5].to_vec(), b""),
        ("an empty body", "gzip", vec![], b""),
        ("an empty body of brotli", "br", vec![], b""),
        ("nothing, encoded", "br, gzip", gzip(&brotli(b"")), b""),
    ];
    for (name, coding, data, text) in cases {
        assert_eq!(decoded(coding, [&data[..]]).as_deref(), Ok(text), "{name}");
        assert_eq!(decoded(coding, data.chunks(1)).as_deref(), Ok(text), "{name}, byte by byte");
    }
}

#[test]
fn broken_data_is_an_error() {
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("gzip", TEXT.to_vec()),
        ("deflate", TEXT.to_vec()),
        ("br", TEXT.to_vec()),
        ("gzip", damaged(gzip(TEXT), 8)),
        ("gzip", damaged(gzip(TEXT), 1)),
        ("deflate", damaged(zlib(TEXT), 1)),
        ("gzip", [&gzip(TEXT)[..], b"\x1f\x8b\xff\xff\xff\xff\xff\xff\xff\xff\xff"].concat()),
        // Windows of more than 16 MiB belong to another coding.
        ("br", vec![0x11, 0x1e, 0, 0, 0, 0]),
    ];
    for (coding, data) in cases {
        assert_eq!(decoded(coding, [&data[..]]), Err(Undecodable::Broken(coding)), "{data:?}");
        assert_eq!(decoded(coding, data.chunks(1)), Err(Undecodable::Broken(coding)), "{data:?} byte by byte");
    }
}

#[test]
fn other_codings_leave_the_body_alone() {
    for values in [&[][..], &[""], &["identity"], &["utf-8"], &["zstd"], &["none, gzip"], &["gzip", "unknown"]] {
        assert!(matches!(Decoder::new(values.iter().copied()), Ok(None)), "{values:?}");
    }
    let mut decoder = Decoder::new(["gzip", "br"]).expect("few codings").expect("known codings");
    assert_eq!(read(&mut decoder, &brotli(&gzip(TEXT))).as_deref(), Ok(TEXT), "two headers");
    assert_eq!(Decoder::new(["gzip,gzip,gzip", "gzip,br,br"]).err(), Some(Undecodable::TooManyCodings));
}

#[test]
fn flushed_bytes_come_at_once() {
    let events: Vec<Vec<u8>> = (0..5).map(|at| format!("data: event {at} and event {at}\n\n").into_bytes()).collect();
    let flushed = |encoder: &mut dyn Flushing, name: &str| {
        let mut decoder = Decoder::new([name]).expect("few codings").expect("a known coding");
        for event in &events {
            assert_eq!(read(&mut decoder, &encoder.flushed(event)).as_ref(), Ok(event), "{name}");
        }
    };
    flushed(&mut GzEncoder::new(Vec::new(), Compression::default()), "gzip");
    flushed(&mut ZlibEncoder::new(Vec::new(), Compression::default()), "deflate");
    flushed(&mut DeflateEncoder::new(Vec::new(), Compression::default()), "deflate");
    flushed(&mut brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22), "br");
}

/// An encoder that gives out all that it was given.
trait Flushing {
    fn flushed(&mut self, data: &[u8]) -> Vec<u8>;
}

macro_rules! flushing {
    ($($encoder:ty),*) => {$(
        impl Flushing for $encoder {
            fn flushed(&mut self, data: &[u8]) -> Vec<u8> {
                self.write_all(data).expect("room");
                self.flush().expect("room");
                std::mem::take(self.get_mut())
            }
        }
    )*};
}

flushing!(GzEncoder<Vec<u8>>, ZlibEncoder<Vec<u8>>, DeflateEncoder<Vec<u8>>);

impl Flushing for brotli::CompressorWriter<Vec<u8>> {
    fn flushed(&mut self, data: &[u8]) -> Vec<u8> {
        self.write_all(data).expect("room");
        self.flush().expect("room");
        std::mem::take(self.get_mut())
    }
}

#[test]
fn a_bomb_is_decoded_in_small_steps() {
    let zeros = vec![0; 64 << 20];
    for (coding, bomb) in
        [("gzip", gzip(&zeros)), ("deflate", raw(&zeros)), ("br", brotli(&zeros)), ("gzip, gzip", gzip(&gzip(&zeros)))]
    {
        assert!(bomb.len() < zeros.len() / 500, "{coding}");
        let mut decoder = Decoder::new([coding]).expect("few codings").expect("a known coding");
        decoder.push(Bytes::from(bomb));
        let mut length = 0;
        while let step @ (Step::Decoded(_) | Step::Working) = decoder.step().expect("good data") {
            if let Step::Decoded(piece) = step {
                assert!(piece.len() <= PIECE, "{coding}");
                length += piece.len();
            }
        }
        assert_eq!(length, zeros.len(), "{coding}");
    }
}

#[test]
fn data_after_the_end_is_not_decoded() {
    let bomb = gzip(&[&raw(TEXT)[..], &vec![0; 16 << 20]].concat());
    let mut decoder = Decoder::new(["deflate, gzip"]).expect("few codings").expect("known codings");
    decoder.push(Bytes::from(bomb));
    let steps = std::iter::from_fn(|| Some(decoder.step())).take_while(|step| *step != Ok(Step::Hungry));
    assert_eq!(steps.count(), 2);
}

/// Data that compresses well, badly or not at all.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        (any::<u8>(), 0..3 * PIECE).prop_map(|(byte, length)| vec![byte; length]),
    ];
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_cut_of_the_bytes_gives_the_same_body(
        data in data(),
        codings in prop::collection::vec(0..4_usize, 1..=3),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let names = ["gzip", "deflate", "deflate", "br"];
        let encode = |data: Vec<u8>, coding: &usize| [gzip, zlib, raw, brotli][*coding](&data);
        let encoded = codings.iter().fold(data.clone(), encode);
        let coding = codings.iter().map(|coding| names[*coding]).collect::<Vec<_>>().join(",");
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(encoded.len() + 1)).chain([0, encoded.len()]).collect();
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &encoded[cut[0]..cut[1]]);
        prop_assert_eq!(decoded(&coding, pieces), Ok(data));
    }

    #[test]
    fn any_bytes_end_the_decoding(
        data in prop::collection::vec(any::<u8>(), 0..512),
        coding in prop::sample::select(vec!["gzip", "deflate", "br", "br,gzip", "gzip,deflate"]),
        size in 1..64_usize,
    ) {
        let _ = decoded(coding, data.chunks(size));
    }
}
