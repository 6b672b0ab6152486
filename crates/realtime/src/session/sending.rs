//! What the provider is told: now if it listens, else when it does.

use super::{Action, LinkState, Message, Session};
use crate::audio::Converter;
use crate::client::ServerEvent;
use crate::model::{Command, Problem};

impl Session {
    /// Tells the provider, now if it listens, else when it does.
    pub(super) fn tell(&mut self, message: Message) -> Result<(), Problem> {
        if !self.outbox.push(message) {
            let message = "The provider is not ready yet, and too much is waiting for it.";
            return Err(Problem::invalid("input_audio_buffer_full", message));
        }
        self.flush();
        Ok(())
    }

    /// Sends what waits, unless there is nobody to send it to.
    pub(super) fn flush(&mut self) {
        if self.link.state != LinkState::Ready || self.next_link.is_some() {
            return;
        }
        while let Some((message, was_sent)) = self.outbox.next() {
            match message {
                Message::Audio(audio) => self.send_audio(&audio, was_sent),
                Message::Command(command) => {
                    self.acknowledge_again(&command, was_sent);
                    self.send_command(command);
                }
            }
            if self.next_link.is_some() || self.link.state != LinkState::Ready {
                break;
            }
        }
    }

    /// What a provider that acknowledges was told and never acknowledged, since it failed, is acknowledged here if the
    /// next one does not.
    fn acknowledge_again(&mut self, command: &Command, was_sent: bool) {
        if !was_sent || self.keeps_conversation() {
            return;
        }
        match command {
            Command::AddItem { item, .. } | Command::AddToolResult { item, .. } => {
                self.dialogue.add_item(item.clone(), None);
            }
            Command::CommitAudio { .. } if self.dialogue.user.uncommitted_ticks > 0 => {
                self.dialogue.committed_by_client();
            }
            _ => {}
        }
    }

    fn send_audio(&mut self, audio: &[u8], was_sent: bool) {
        let from = self.dialogue.settings.input_format();
        let to = self.link.provider.input_format();
        // Counted before it is sent, and once, however many providers it is sent to.
        if !was_sent {
            self.dialogue.ledger.heard(from.ticks(audio.len()));
        }
        if self.input.as_ref().is_none_or(|input| (input.from(), input.to()) != (from, to)) {
            // There is a filter between any two formats.
            self.input = Converter::new(from, to).ok();
        }
        let audio = self.input.as_mut().map(|input| input.push(audio)).unwrap_or_default();
        if !audio.is_empty() {
            self.send_command(Command::AppendAudio { audio });
        }
    }

    /// Sends a command to the provider that there is.
    pub(super) fn send_command(&mut self, command: Command) {
        if matches!(command, Command::CommitAudio { .. }) {
            // The last few milliseconds belong to what is committed.
            let rest = self.input.as_mut().map(Converter::finish).unwrap_or_default();
            if !rest.is_empty() {
                self.send_command(Command::AppendAudio { audio: rest });
            }
        }
        let (is_update, event_id) = match &command {
            Command::Configure { event_id, .. } => (true, event_id.clone()),
            Command::Respond { event_id, .. } | Command::AddItem { event_id, .. } => (false, event_id.clone()),
            _ => (false, None),
        };
        let encoded = self.link.provider.encode(command, &self.dialogue.settings);
        let link = self.link.id;
        self.actions.extend(encoded.frames.into_iter().map(|frame| Action::SendToProvider { link, frame }));
        for problem in encoded.problems {
            self.dialogue.error(problem.caused_by(event_id.as_deref()));
        }
        if is_update && encoded.needs_reconnection {
            self.waiting_updates += 1;
            self.plan_roll_over(u64::MAX, true);
        } else if is_update && !self.keeps_conversation() {
            self.say_updated();
        }
    }

    pub(super) fn say_updated(&mut self) {
        let session = self.session_json();
        self.dialogue.emit(ServerEvent::SessionUpdated { session });
    }
}
