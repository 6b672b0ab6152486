//! Reading a body that may be compressed, and never more of it than its route takes.

use contract::ProblemKind;
use futures::StreamExt;
use wasm_bindgen::prelude::*;
use worker::{Request, Response, ResponseBody};

use crate::refusal::Refusal;

#[wasm_bindgen]
extern "C" {
    /// <https://compression.spec.whatwg.org/#decompression-stream>
    type DecompressionStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

/// The body of a request, of so many bytes at the most once it is decompressed (`Content-Encoding: gzip`).
///
/// # Errors
///
/// 413 of a larger one, 415 of an encoding that is not known here, 400 of what is no gzip.
pub(crate) async fn read(request: &mut Request, most_bytes: usize) -> Result<Vec<u8>, Refusal> {
    let header = |name| request.headers().get(name).ok().flatten();
    let too_large = || {
        let detail = format!("the body may have {most_bytes} bytes; send smaller batches");
        Refusal::problem(ProblemKind::ContentTooLarge, detail)
    };
    let declared_bytes = header("content-length").and_then(|length| length.parse::<usize>().ok());
    if declared_bytes.is_some_and(|bytes| bytes > most_bytes) {
        return Err(too_large());
    }
    let encoding = header("content-encoding").unwrap_or_default();
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => {
            let body = request.bytes().await?;
            if body.len() > most_bytes { Err(too_large()) } else { Ok(body) }
        }
        "gzip" | "x-gzip" => gunzip(request, most_bytes).await?.ok_or_else(too_large),
        _ => Err(Refusal::UnsupportedEncoding("gzip")),
    }
}

/// None where it is too large; no more than that is decompressed.
async fn gunzip(request: &mut Request, most_bytes: usize) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(body) = request.inner().body() else { return Ok(Some(Vec::new())) };
    let pair = DecompressionStream::new("gzip").map_err(worker::Error::from)?;
    let decompressed = body.pipe_through(pair.unchecked_ref());
    let mut chunks = Response::from_body(ResponseBody::Stream(decompressed))?.stream()?;
    let mut bytes = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let no_gzip = |_| Refusal::problem(ProblemKind::MalformedBody, "the body is no gzip, or not all of it came");
        bytes.extend(chunk.map_err(no_gzip)?);
        if bytes.len() > most_bytes {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}
