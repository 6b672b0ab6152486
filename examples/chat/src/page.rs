//! The files of the page. They are part of the Worker: there is nothing else to deploy, and no other server to trust.

use worker::{Headers, Response, Result};

/// Only what this Worker serves may run, and only this Worker may be talked to.
const POLICY: &str = "default-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// By path: the content type and the text.
const FILES: [(&str, &str, &str); 5] = [
    ("/", HTML, include_str!("../page/index.html")),
    ("/style.css", CSS, include_str!("../page/style.css")),
    ("/main.js", JAVASCRIPT, include_str!("../page/main.js")),
    ("/view.js", JAVASCRIPT, include_str!("../page/view.js")),
    // The official client, as the build script found it among the npm packages.
    ("/signalr.js", JAVASCRIPT, include_str!(concat!(env!("OUT_DIR"), "/signalr.min.js"))),
];

/// Answers with the file at a path.
pub(crate) fn serve(path: &str) -> Result<Response> {
    let Some((_, content_type, text)) = FILES.iter().find(|(known, _, _)| *known == path) else {
        return Response::error("Not found", 404);
    };
    let headers = Headers::new();
    headers.set("content-type", content_type)?;
    headers.set("content-security-policy", POLICY)?;
    headers.set("x-content-type-options", "nosniff")?;
    Ok(Response::ok(*text)?.with_headers(headers))
}
