//! What checks have found, printed as they find it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{BAD, GOOD, HEAD, Output, QUIET, WARNING, clean};

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Good,
    Warning,
    Bad,
    /// It could not be made.
    Skipped,
}

/// What a check has found.
#[derive(Debug)]
pub(super) struct Finding {
    status: Status,
    detail: String,
    advice: Option<String>,
    took: Option<Duration>,
}

impl Finding {
    fn new(status: Status, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), advice: None, took: None }
    }

    pub(super) fn good(detail: impl Into<String>) -> Self {
        Self::new(Status::Good, detail)
    }

    pub(super) fn warning(detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..Self::new(Status::Warning, detail) }
    }

    pub(super) fn bad(detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { advice: Some(advice.into()), ..Self::new(Status::Bad, detail) }
    }

    pub(super) fn skipped(needs: impl Into<String>) -> Self {
        Self::new(Status::Skipped, needs)
    }

    pub(super) fn took(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }
}

/// All that was found.
pub(super) struct Findings {
    output: Output,
    all: Vec<Value>,
    bad: usize,
    warnings: usize,
}

impl Findings {
    pub(super) fn new(output: Output) -> Self {
        Self { output, all: Vec::new(), bad: 0, warnings: 0 }
    }

    /// Notes what a check has found, and says whether it is not bad.
    pub(super) fn note(&mut self, check: &str, finding: Finding) -> Result<bool, Failure> {
        let Finding { status, detail, advice, took } = finding;
        let (word, sign, style) = match status {
            Status::Good => ("ok", "✓", GOOD),
            Status::Warning => ("warning", "!", WARNING),
            Status::Bad => ("failed", "✗", BAD),
            Status::Skipped => ("skipped", "-", QUIET),
        };
        self.bad += usize::from(status == Status::Bad);
        self.warnings += usize::from(status == Status::Warning);
        let millis = took.map(|took| (took.as_secs_f64() * 10_000.0).round() / 10.0);
        if self.output.json {
            let mut finding = json!({ "check": check, "status": word, "detail": detail });
            if let Some(finding) = finding.as_object_mut() {
                finding.extend(advice.map(|advice| ("advice".to_owned(), advice.into())));
                finding.extend(millis.map(|millis| ("durationMillis".to_owned(), millis.into())));
            }
            self.all.push(finding);
        } else {
            let took = millis.map(|millis| format!("  {QUIET}{millis} ms{QUIET:#}")).unwrap_or_default();
            self.output.text(&format!("{style}{sign}{style:#} {HEAD}{check:<16}{HEAD:#} {}{took}", clean(&detail)))?;
            for line in advice.iter().flat_map(|advice| advice.lines()) {
                self.output.text(&format!("  {:<16} {style}→{style:#} {}", "", clean(line)))?;
            }
        }
        Ok(status != Status::Bad)
    }

    /// The last word.
    pub(super) fn conclude(self) -> Result<(), Failure> {
        if self.output.json {
            let summary =
                json!({ "ok": self.bad == 0, "failed": self.bad, "warnings": self.warnings, "checks": self.all });
            self.output.value(&summary)?;
        } else if self.bad == 0 {
            let warnings = if self.warnings == 0 { String::new() } else { format!("; warnings: {}", self.warnings) };
            self.output.text(&format!("\n{GOOD}nothing is wrong{GOOD:#}{warnings}"))?;
        }
        match self.bad {
            0 => Ok(()),
            1 => Err(Failure::Found("one check failed".to_owned())),
            bad => Err(Failure::Found(format!("{bad} checks failed"))),
        }
    }
}
