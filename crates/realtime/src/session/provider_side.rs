//! What a provider says, and what comes of it.

use super::{Action, EndReason, LinkId, LinkState, Session, State};
use crate::Error;
use crate::model::ProviderEvent;
use crate::provider::Decoded;
use crate::transport::Frame;

/// How many frames in a row may be unreadable.
const MAX_UNREADABLE: u32 = 20;

impl Session {
    /// The provider sent a message, whole.
    pub fn on_provider(&mut self, link: LinkId, frame: &Frame, now_millis: u64) -> Vec<Action> {
        self.begin_step(now_millis);
        if !matches!(self.state, State::Ended { .. }) {
            self.provider_frame(link, frame);
        }
        self.finish_step()
    }

    fn provider_frame(&mut self, id: LinkId, frame: &Frame) {
        let now_millis = self.now_millis();
        let is_current = self.link.id == id && self.link.state != LinkState::Closed;
        let link = match self.next_link.as_mut().filter(|next| next.id == id) {
            Some(next) => next,
            None if is_current => &mut self.link,
            // Of a connection whose place another has taken.
            None => return,
        };
        link.heard_at_millis = now_millis;
        let decoded = match link.provider.decode(frame, now_millis) {
            Ok(decoded) => decoded,
            Err(error) => return self.unreadable(id, &error),
        };
        self.unreadable_frames = 0;
        // Pings are no sign of life of the conversation.
        if !decoded.events.is_empty() {
            self.active_at_millis = now_millis;
        }
        if is_current {
            return self.take_decoded(decoded);
        }
        // The next connection has nothing to say yet but that it is ready.
        let is_ready = decoded.events.iter().any(|event| matches!(event, ProviderEvent::Ready { .. }));
        if is_ready {
            self.change_over();
            self.take_decoded(decoded);
            self.flush();
        } else {
            self.actions.extend(decoded.replies.into_iter().map(|frame| Action::SendToProvider { link: id, frame }));
        }
    }

    pub(super) fn take_decoded(&mut self, decoded: Decoded) {
        let link = self.link.id;
        self.actions.extend(decoded.replies.into_iter().map(|frame| Action::SendToProvider { link, frame }));
        for event in decoded.events {
            // An event may have ended the session or the connection.
            if self.link.id != link || matches!(self.state, State::Ended { .. }) {
                break;
            }
            match &self.state {
                State::Draining { reason, .. } => {
                    let reason = reason.clone();
                    self.drained(event, reason);
                }
                _ => self.provider_event(event),
            }
        }
        self.roll_over_if_due();
    }

    /// The client is gone: all that still matters is what the answer has used.
    fn drained(&mut self, event: ProviderEvent, reason: EndReason) {
        match event {
            ProviderEvent::ResponseDone { response_id, outcome, usage } => {
                let trails = self.dialogue.usage_trails && usage.is_none();
                self.dialogue.response_done(response_id.as_deref(), outcome, usage);
                if !trails {
                    self.finish_now(reason);
                }
            }
            ProviderEvent::Usage(usage) => {
                self.dialogue.usage(usage);
                self.finish_now(reason);
            }
            _ => {}
        }
    }

    fn provider_event(&mut self, event: ProviderEvent) {
        let dialogue = &mut self.dialogue;
        match event {
            ProviderEvent::Ready { session, lasts_millis, .. } => self.ready(session, lasts_millis),
            ProviderEvent::SettingsApplied { session } => {
                self.provider_settings = session.or(self.provider_settings.take());
                self.say_updated();
            }
            ProviderEvent::SpeechStarted { item_id, audio_start_ms } => {
                dialogue.speech_started(item_id, audio_start_ms);
            }
            ProviderEvent::SpeechStopped { audio_end_ms } => dialogue.speech_stopped(audio_end_ms),
            ProviderEvent::Committed { item_id } => {
                if dialogue.committed_by_provider(item_id) {
                    // The user has gone on, without the client's asking for what it was given unasked.
                    self.answers_unasked = false;
                }
            }
            ProviderEvent::BufferCleared => dialogue.emit(crate::client::ServerEvent::Cleared),
            ProviderEvent::UserTranscript { item_id, words, usage } => {
                dialogue.user_words(item_id.as_deref(), words, usage);
            }
            ProviderEvent::UserTranscriptFailed { item_id, problem } => {
                dialogue.user_words_failed(item_id.as_deref(), problem);
            }
            ProviderEvent::ResponseStarted { response_id, metadata, is_out_of_band } => {
                dialogue.response_started(response_id, metadata, is_out_of_band);
            }
            ProviderEvent::Output { response_id, item_id, output } => {
                self.has_answered = true;
                self.outbox.answered();
                self.dialogue.output(response_id, item_id, output);
            }
            ProviderEvent::AudioComplete => dialogue.audio_complete(),
            ProviderEvent::ResponseDone { response_id, outcome, usage } => {
                if dialogue.response_done(response_id.as_deref(), outcome, usage) {
                    self.bill();
                }
            }
            ProviderEvent::Interrupted => dialogue.interrupted(),
            ProviderEvent::TranscriptCorrected { text } => dialogue.transcript_corrected(&text),
            ProviderEvent::ToolCallsCancelled { call_ids } => dialogue.calls_cancelled(&call_ids),
            ProviderEvent::ItemAdded { item } => dialogue.add_item(item, None),
            ProviderEvent::Usage(usage) => dialogue.usage(usage),
            ProviderEvent::GoingAway { left_millis } => self.going_away(left_millis),
            ProviderEvent::Resumption { handle } => self.resumption_handle = Some(handle),
            ProviderEvent::Problem(problem) => dialogue.error(problem),
            ProviderEvent::Native(event) => dialogue.native(event),
        }
    }

    /// A frame that cannot be read is dropped; a provider that sends nothing else has failed.
    fn unreadable(&mut self, id: LinkId, error: &Error) {
        self.unreadable_frames += 1;
        if self.unreadable_frames < MAX_UNREADABLE {
            return;
        }
        self.unreadable_frames = 0;
        if self.link.id == id {
            self.link_failed("provider_error", &error.to_string());
        } else {
            self.roll_over_failed();
        }
    }
}
