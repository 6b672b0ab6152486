//! Counting the answers of a poll.

use serde::Serialize;

/// How a poll stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// How many were asked.
    asked: usize,
    yes: usize,
    no: usize,
    /// Who had no opinion, or did not answer.
    abstained: usize,
}

impl Tally {
    pub(crate) fn of(asked: usize) -> Self {
        Self { asked, yes: 0, no: 0, abstained: 0 }
    }

    pub(crate) fn count(&mut self, vote: Option<bool>) {
        *match vote {
            Some(true) => &mut self.yes,
            Some(false) => &mut self.no,
            None => &mut self.abstained,
        } += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn every_answer_is_counted_once() {
        let mut tally = Tally::of(4);
        for vote in [Some(true), None, Some(false), Some(true)] {
            tally.count(vote);
        }
        assert_eq!(tally, Tally { asked: 4, yes: 2, no: 1, abstained: 1 });
    }
}
