//! Events in pieces, and what is no event.

use super::*;

fn event(name: &str, data: &str) -> StreamEvent {
    StreamEvent { name: name.into(), data: data.into() }
}

#[test]
fn events_are_read_however_the_bytes_are_cut() {
    let text = ": still here\n\nevent: pod\ndata: {\"pod\":1}\n\nid: 7\r\nevent: synced\r\ndata: true\r\n\r\n";
    let expected = [event("pod", "{\"pod\":1}"), event("synced", "true")];
    for size in 1..text.len() {
        let mut reader = EventReader::default();
        let read = |piece: &[u8]| reader.read(&Bytes::copy_from_slice(piece)).unwrap();
        let events: Vec<_> = text.as_bytes().chunks(size).flat_map(read).collect();
        assert_eq!(events, expected, "{size}");
    }
}

#[test]
fn an_event_without_a_name_is_none() {
    let mut reader = EventReader::default();
    assert_eq!(reader.read(&Bytes::from_static(b"data: 1\n\n\n\nnonsense\n\n")), Ok(Vec::new()));
}

#[test]
fn endless_lines_and_events_take_no_memory() {
    for (first, piece) in [(&b""[..], &b"x"[..]), (b"event: pod\ndata: ", b"x"), (b"event: ", b"x")]
    {
        let mut reader = EventReader::default();
        reader.read(&Bytes::from_static(first)).unwrap();
        let piece = Bytes::from(piece.repeat(64 * 1024));
        let too_long = (0..8).find_map(|_| reader.read(&piece).err());
        assert_eq!(too_long, Some(EventTooLong));
    }
}
