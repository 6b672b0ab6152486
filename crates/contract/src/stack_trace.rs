//! Takes stack traces out of texts that clients will read: they tell where the code lies and what it is built of.

/// The text without the lines of stack traces (of .NET, Java, JavaScript, Python, Rust and Go); none if they were all it
/// had. A text without such lines is left as it is.
pub(crate) fn removed(text: &str) -> Option<String> {
    let mut kept: Vec<&str> = Vec::new();
    let mut in_python_frames = false;
    let mut line_count = 0;
    for line in text.lines() {
        line_count += 1;
        let is_indented = line.starts_with([' ', '\t']);
        if line.trim_start().starts_with("Traceback (most recent call last):") {
            in_python_frames = true;
            continue;
        }
        in_python_frames = in_python_frames && is_indented;
        if in_python_frames || is_frame(line.trim(), is_indented) {
            continue;
        }
        kept.push(line);
    }
    if kept.len() == line_count {
        return Some(text.to_owned());
    }
    let kept = kept.join("\n");
    let kept = kept.trim();
    (!kept.is_empty()).then(|| kept.to_owned())
}

fn is_frame(line: &str, is_indented: bool) -> bool {
    let is_at_code = line.starts_with("at ") && line.contains(['(', ':']);
    let is_python_frame = line.starts_with("File \"") && line.contains("\", line ");
    if is_indented && (is_at_code || is_python_frame) {
        return true;
    }
    let is_go_frame = is_indented && line.contains(".go:");
    let is_go_header = line.starts_with("goroutine ") && line.ends_with("]:");
    let is_rust_frame = line.split_once(": ").is_some_and(|(number, function)| {
        is_indented && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) && function.contains("::")
    });
    let is_rust_header = line == "stack backtrace:";
    let is_dotnet_seam = line.starts_with("--- End of ") && line.ends_with("---");
    is_go_frame || is_go_header || is_rust_frame || is_rust_header || is_dotnet_seam
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_every_common_language_are_removed_and_the_message_stays() {
        for trace in [
            "boom\n   at Conduit.Core.Run(String path) in /src/Core.cs:line 7\n--- End of inner exception stack trace ---",
            "boom\n    at run (/srv/app/index.js:1:2)\n    at async main (file:///srv/app/index.js:3:4)",
            "\tat com.example.Main.run(Main.java:7)\nboom",
            "Traceback (most recent call last):\n  File \"/srv/app.py\", line 1, in <module>\n    run()\nboom",
            "boom\nstack backtrace:\n   0: app::run\n             at ./src/main.rs:4:5",
            "boom\ngoroutine 1 [running]:\n\t/srv/main.go:7 +0x1d",
        ] {
            assert_eq!(removed(trace).as_deref(), Some("boom"), "{trace}");
        }
    }

    #[test]
    fn an_ordinary_text_is_left_as_it_is() {
        for text in [
            "at the end of the queue",
            "  at the end",
            "line one\n  indented: two\nline three",
            "ratio 1: 2",
            " spaced\r\n",
            "",
        ] {
            assert_eq!(removed(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_bare_trace_leaves_nothing() {
        assert_eq!(removed("   at A.B()\n   at C.D()\n"), None);
    }
}
