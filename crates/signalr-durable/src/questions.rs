//! Questions to clients (client results): asked with an id of ours, answered by a completion of the same connection.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use futures::channel::oneshot;
use signalr::{Outcome, Payload, Protocol, error_text};

use crate::{error::HubError, server::Server};

/// The questions that wait for an answer.
#[derive(Default)]
pub(crate) struct Questions {
    asked: RefCell<HashMap<String, Question>>,
    next_id: Cell<u64>,
}

struct Question {
    connection: Rc<str>,
    protocol: Protocol,
    answer: oneshot::Sender<Result<Payload, HubError>>,
}

impl Questions {
    /// An id that no question of this object ever had. An answer that belongs to an earlier life of the object
    /// must not be taken for another's: so they start with the time.
    pub(crate) fn next_id(&self, now_millis: f64) -> String {
        // Times are positive and far below 2^64.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let id = if self.next_id.get() == 0 { now_millis as u64 } else { self.next_id.get() };
        self.next_id.set(id + 1);
        format!("s{id}")
    }

    pub(crate) fn ask(
        &self,
        id: String,
        connection: Rc<str>,
        protocol: Protocol,
    ) -> oneshot::Receiver<Result<Payload, HubError>> {
        let (answer, answered) = oneshot::channel();
        self.asked.borrow_mut().insert(id, Question { connection, protocol, answer });
        answered
    }

    /// Takes an answer. One that nobody waits for, or that another connection gives, is none.
    pub(crate) fn answer(&self, connection: &str, id: &str, outcome: Outcome) {
        let mut asked = self.asked.borrow_mut();
        if asked.get(id).is_none_or(|question| *question.connection != *connection) {
            return;
        }
        let Some(question) = asked.remove(id) else { return };
        drop(asked);
        let answer = match outcome {
            Outcome::Result(payload) => Ok(payload),
            Outcome::Void => Ok(Payload::null(question.protocol)),
            Outcome::Error(text) => Err(HubError::refused(text)),
        };
        let _nobody_waits = question.answer.send(answer);
    }

    /// Takes a question back.
    fn withdraw(&self, id: &str) {
        self.asked.borrow_mut().remove(id);
    }

    /// Ends the questions to a connection that has ended.
    pub(crate) fn disconnected(&self, connection: &str) {
        let mut asked = self.asked.borrow_mut();
        if asked.is_empty() {
            return;
        }
        let lost: Vec<_> = asked.extract_if(|_, question| *question.connection == *connection).collect();
        drop(asked);
        for (_, question) in lost {
            let error = HubError::refused(error_text::connection_disconnected(connection));
            let _nobody_waits = question.answer.send(Err(error));
        }
    }
}

/// A question for as long as somebody waits for its answer.
pub(crate) struct Asked {
    pub(crate) server: Rc<Server>,
    pub(crate) id: String,
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.server.questions.withdraw(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_connection_that_was_asked_can_answer() {
        let questions = Questions::default();
        let id = questions.next_id(5.0);
        let mut answered = questions.ask(id.clone(), "a".into(), Protocol::Json);
        questions.answer("b", &id, Outcome::Void);
        assert_eq!(answered.try_recv(), Ok(None));
        questions.answer("a", &id, Outcome::Error("no".to_owned()));
        assert_eq!(answered.try_recv(), Ok(Some(Err(HubError::refused("no")))));
        questions.answer("a", &id, Outcome::Void);
    }

    #[test]
    fn a_connection_that_ends_answers_nothing_any_more() {
        let questions = Questions::default();
        let mut to_a = questions.ask(questions.next_id(5.0), "a".into(), Protocol::Json);
        let mut to_b = questions.ask(questions.next_id(5.0), "b".into(), Protocol::Json);
        questions.disconnected("a");
        assert_eq!(to_a.try_recv(), Ok(Some(Err(HubError::refused("Connection 'a' disconnected.")))));
        assert_eq!(to_b.try_recv(), Ok(None));
    }
}
