//! How much a notice matters.

use crate::named_enum::named_enum;

named_enum! {
    /// How much a notice matters: the severity of an announcement or an alert, and the priority that a client's
    /// preferences ask for. A later one matters more.
    pub enum Severity {
        /// Good to know.
        Low = 0,
        /// Worth a look.
        Medium = 1,
        /// Something does not work as it should.
        High = 2,
        /// Somebody must act.
        Critical = 3,
    }
}
