//! `…/recording`: what was said in a session, for the key's owner and the operator, to hear and to delete.

use contract::ProblemKind;
use durable_objects::{Recordings, Segment, UseRecording};
use futures::stream;
use realtime::audio::AudioFormat;
use worker::Response;

use super::{recorder::FORMAT, sessions_door::owner};
use crate::{
    door::Visit,
    keys_door::operator,
    owner_door::{decoded, unusable},
    refusal::Refusal,
};

/// The bytes before the samples of a WAV file.
const HEADER_BYTES: u32 = 44;

/// User and model.
const CHANNELS: u16 = 2;

/// `GET /v1/realtime/sessions/{id}/recording`.
pub(crate) async fn play(visit: Visit, id: &str) -> Result<Response, Refusal> {
    let key = owner(&visit).await?;
    wav(&visit, key, decoded(id), false).await
}

/// `GET /v1/admin/keys/{id}/realtime/sessions/{session}/recording`.
pub(crate) async fn play_any(visit: Visit, key: &str, id: &str) -> Result<Response, Refusal> {
    operator(&visit).await?;
    wav(&visit, decoded(key), decoded(id), true).await
}

/// `DELETE /v1/realtime/sessions/{id}/recording`.
pub(crate) async fn delete(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    let key = owner(visit).await?;
    use_recording(visit, key, decoded(id), false, true).await?;
    Ok(Response::empty()?.with_status(204))
}

/// `DELETE /v1/admin/keys/{id}/realtime/sessions/{session}/recording`.
pub(crate) async fn delete_any(visit: &Visit, key: &str, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    use_recording(visit, decoded(key), decoded(id), true, true).await?;
    Ok(Response::empty()?.with_status(204))
}

/// Has the key's object agree to it, and audit it.
async fn use_recording(
    visit: &Visit,
    virtual_key_id: String,
    connection_id: String,
    is_operator: bool,
    deletes: bool,
) -> Result<UseRecording, Refusal> {
    let recording = UseRecording { virtual_key_id, connection_id, is_operator, deletes, from: visit.remote_address() };
    if durable_objects::ask(&visit.env, &recording).await?.ok_or_else(unusable)? {
        return Ok(recording);
    }
    let detail = format!("there is no recording of a session {}", recording.connection_id);
    Err(Refusal::problem(ProblemKind::NotFound, detail))
}

/// The recording as a WAV file, segment by segment.
async fn wav(visit: &Visit, key: String, id: String, is_operator: bool) -> Result<Response, Refusal> {
    let recording = use_recording(visit, key, id, is_operator, false).await?;
    let recordings = Recordings::of(&visit.env);
    let segments = recordings.segments(&recording.virtual_key_id, &recording.connection_id).await?;
    let bytes = segments.iter().map(|segment| segment.bytes).sum();
    let rest = (recordings, segments.into_iter());
    let header = stream::iter([Ok(header(FORMAT, bytes))]);
    let samples =
        stream::try_unfold(rest, |(recordings, mut segments): (Recordings, std::vec::IntoIter<Segment>)| async {
            let Some(segment) = segments.next() else { return Ok(None) };
            // What is deleted meanwhile is missing at the end.
            let bytes = recordings.read(&segment).await?;
            Ok::<_, worker::Error>(bytes.map(|bytes| (bytes, (recordings, segments))))
        });
    let mut response = Response::from_stream(futures::StreamExt::chain(header, samples))?;
    let headers = response.headers_mut();
    headers.set("content-type", "audio/wav")?;
    headers.set("content-length", &(bytes + u64::from(HEADER_BYTES)).to_string())?;
    headers.set("cache-control", "no-store")?;
    Ok(response)
}

/// The header of a WAV file (RIFF, `WAVE_FORMAT_PCM`).
fn header(format: AudioFormat, bytes: u64) -> Vec<u8> {
    // A file of 4 GiB is 12 hours long.
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX - HEADER_BYTES);
    let frame_bytes = CHANNELS * 2;
    let mut header = Vec::with_capacity(HEADER_BYTES as usize);
    header.extend(b"RIFF");
    header.extend((bytes + HEADER_BYTES - 8).to_le_bytes());
    header.extend(b"WAVEfmt ");
    header.extend(16_u32.to_le_bytes());
    header.extend(1_u16.to_le_bytes());
    header.extend(CHANNELS.to_le_bytes());
    header.extend(format.rate_hz().to_le_bytes());
    header.extend((format.rate_hz() * u32::from(frame_bytes)).to_le_bytes());
    header.extend(frame_bytes.to_le_bytes());
    header.extend(16_u16.to_le_bytes());
    header.extend(b"data");
    header.extend(bytes.to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_how_long_the_samples_are() {
        let header = header(FORMAT, 96_000);
        assert_eq!(header.len(), 44);
        assert_eq!(header.get(40..), Some(&96_000_u32.to_le_bytes()[..]));
        assert_eq!(header.get(4..8), Some(&96_036_u32.to_le_bytes()[..]));
        assert_eq!(header.get(28..32), Some(&96_000_u32.to_le_bytes()[..]), "a second");
    }
}
