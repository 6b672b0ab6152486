//! Records as server-sent events.

/// The first bytes of an event stream: a comment, so that the client sees the stream open before anything is sent.
pub const PREAMBLE: &[u8] = b":\r\n";

/// Appends `payload` as one event: a `data:` line for each of its lines, and an empty line. The payload must be whole
/// records, since clients take each event for itself.
///
/// Lines end in LF or CR LF. An empty payload is just the empty line.
///
/// ```
/// let mut out = Vec::new();
/// signalr::sse::write_event(b"Hello\r\nWorld", &mut out);
/// assert_eq!(out, b"data: Hello\r\ndata: World\r\n\r\n");
/// ```
pub fn write_event(payload: &[u8], out: &mut Vec<u8>) {
    if !payload.is_empty() {
        out.reserve(payload.len() + b"data: \r\n\r\n".len());
        let mut lines = payload.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            // Before a line feed a carriage return belongs to the line's end; elsewhere it is content.
            let is_last = lines.peek().is_none();
            let line = if is_last { line } else { line.strip_suffix(b"\r").unwrap_or(line) };
            out.extend_from_slice(b"data: ");
            out.extend_from_slice(line);
            out.extend_from_slice(b"\r\n");
        }
    }
    out.extend_from_slice(b"\r\n");
}
