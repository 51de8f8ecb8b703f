//! The spans of steps and stages, and the critical path among them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::event::{Event, Events, Span};
use crate::sync::locked;

/// Forwards events, and records the span of each step and stage.
pub struct Timeline {
    pub events: Events,
    began: Instant,
    spans: Arc<Mutex<Vec<Span>>>,
}

/// The gap between a span and the next one, which waited for it.
const GAP: Duration = Duration::from_millis(5);

impl Timeline {
    pub fn new(to: &Events) -> Self {
        let (began, to) = (Instant::now(), to.clone());
        let spans: Arc<Mutex<Vec<Span>>> = Arc::default();
        let kept = spans.clone();
        let events = Events::to(move |event| {
            let ended = match &event {
                Event::StageDone { stage, detail, took } => Some((stage, detail.clone(), took)),
                Event::StepDone { step, detail, took } => Some((step, detail.clone().unwrap_or_default(), took)),
                _ => None,
            };
            if let Some((name, detail, took)) = ended {
                let began = began.elapsed().saturating_sub(*took);
                locked(&kept).push(Span { name: name.clone(), detail, began, took: *took, critical: false });
            }
            to.emit(event);
        });
        Self { events, began, spans }
    }

    pub fn took(&self) -> Duration {
        self.began.elapsed()
    }

    /// All spans, in the order in which they began.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans = locked(&self.spans).clone();
        spans.sort_by_key(|span| span.began);
        mark_critical(&mut spans);
        spans
    }
}

/// Marks the critical path, from the end backwards: of spans that were over when the next one began, the last to end.
fn mark_critical(spans: &mut [Span]) {
    let mut until = Duration::MAX;
    loop {
        let before = |span: &&mut Span| span.began < until && span.ended() <= until.saturating_add(GAP);
        let Some(last) = spans.iter_mut().filter(before).max_by_key(|span| span.ended()) else { return };
        (last.critical, until) = (true, last.began);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn critical(spans: &[(&str, u64, u64)]) -> Vec<String> {
        let span = |(name, began, ended): &(&str, u64, u64)| Span {
            name: (*name).to_owned(),
            detail: String::new(),
            began: Duration::from_secs(*began),
            took: Duration::from_secs(ended - began),
            critical: false,
        };
        let mut spans: Vec<Span> = spans.iter().map(span).collect();
        mark_critical(&mut spans);
        spans.into_iter().filter(|span| span.critical).map(|span| span.name).collect()
    }

    #[test]
    fn one_after_the_other_all_are_waited_for() {
        assert_eq!(critical(&[("a", 0, 1), ("b", 1, 3), ("c", 3, 4)]), ["a", "b", "c"]);
        assert!(critical(&[]).is_empty());
    }

    #[test]
    fn of_what_runs_side_by_side_the_longest_is_waited_for() {
        let spans =
            [("bucket", 0, 1), ("cluster", 1, 240), ("gather", 1, 24), ("events", 240, 303), ("songs", 240, 300)];
        assert_eq!(critical(&spans), ["bucket", "cluster", "events"]);
        let slow = [("cluster", 1, 240), ("gather", 1, 400), ("copy", 400, 460)];
        assert_eq!(critical(&slow), ["gather", "copy"]);
    }

    #[test]
    fn what_took_no_time_keeps_it_from_no_end() {
        assert_eq!(critical(&[("a", 0, 2), ("nothing", 2, 2), ("b", 2, 2)]), ["a", "b"]);
    }
}
