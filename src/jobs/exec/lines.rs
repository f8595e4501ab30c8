//! Reads a command's lines as it writes them, each up to a bounded length.

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc::UnboundedSender;

/// Receives each line, for the terminal or the log.
pub type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// The longest line, in bytes; the rest of a longer one is dropped.
const LONGEST: u64 = 8 * 1024;

/// Reads a stream to its end, in a thread of its own.
pub(super) fn read(stream: impl Read + Send + 'static, sink: Sink, lines: UnboundedSender<String>) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        while let Some(line) = next(&mut stream) {
            sink(&line);
            if lines.send(line).is_err() {
                // Nobody receives lines any more. Read on, so that the pipe does not fill up and block the command.
            }
        }
    });
}

/// The next line without its line break; none at the stream's end.
fn next(stream: &mut impl BufRead) -> Option<String> {
    let mut line = Vec::new();
    let read = stream.by_ref().take(LONGEST).read_until(b'\n', &mut line).ok()?;
    if read == 0 {
        return None;
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else {
        skip_to_end(stream);
    }
    Some(String::from_utf8_lossy(&line).into_owned())
}

fn skip_to_end(stream: &mut impl BufRead) {
    loop {
        let Ok(there) = stream.fill_buf() else { return };
        let (end, many) = match there.iter().position(|byte| *byte == b'\n') {
            Some(at) => (true, at + 1),
            None => (there.is_empty(), there.len()),
        };
        stream.consume(many);
        if end {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_none_is_lost() {
        let long = "x".repeat(20_000);
        let mut text = format!("one\n{long}\ntwo").into_bytes();
        text.extend([b'\n', 0xff]);
        let mut stream = BufReader::new(&text[..]);
        let lines: Vec<_> = std::iter::from_fn(|| next(&mut stream)).collect();
        assert_eq!(lines.len(), 4);
        assert_eq!((lines[0].as_str(), lines[1].len(), lines[2].as_str()), ("one", 8 * 1024, "two"));
        assert_eq!(lines[3], "\u{fffd}");
    }
}
