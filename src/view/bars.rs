//! Bars for what takes long, on a terminal: one a stage, nothing for the first moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressStyle};

use crate::event::Event;
use crate::sync::locked;

/// Stages that end sooner than this have no bar.
const PATIENCE: Duration = Duration::from_millis(250);
const FRAME: Duration = Duration::from_millis(100);

/// A stage without a known end; one of so many objects; one of so many bytes.
const SPINNER: &str = "{spinner} {msg} {elapsed}";
const OBJECTS: &str = "{spinner} {msg} [{bar:30}] {human_pos} of {human_len} objects{prefix}";
const BYTES: &str = "{spinner} {msg} [{bar:30}] {bytes} of {total_bytes}{prefix}";

struct StageBar {
    began: Instant,
    done: u64,
    of: Option<u64>,
    /// Rows of a COPY, whose `done` and `of` are bytes.
    rows: Option<u64>,
    state: String,
    bar: Option<ProgressBar>,
}

impl StageBar {
    /// Objects a second since it began, and what is left at that.
    fn pace(&self) -> String {
        let (seconds, Some(of)) = (self.began.elapsed().as_secs_f64(), self.of) else { return String::new() };
        #[expect(clippy::cast_precision_loss, reason = "it is rounded for the eye")]
        let (rate, left) = (self.done as f64 / seconds, of.saturating_sub(self.done) as f64);
        let left = if rate > 0.0 { format!(", {:.0} s left", left / rate) } else { String::new() };
        match self.rows {
            Some(rows) => format!(", {} rows{left}", HumanCount(rows)),
            None if rate > 0.0 => format!(", {rate:.0}/s{left}"),
            None => left,
        }
    }
}

/// All bars of this process. A thread draws them, for as long as this is kept.
pub struct Bars {
    all: MultiProgress,
    stages: Arc<Mutex<HashMap<String, StageBar>>>,
}

impl Bars {
    pub fn new() -> Self {
        let bars = Self { all: MultiProgress::new(), stages: Arc::default() };
        let (all, stages) = (bars.all.clone(), Arc::downgrade(&bars.stages));
        std::thread::spawn(move || {
            while draw(&all, &stages) {
                std::thread::sleep(FRAME);
            }
        });
        bars
    }

    /// Updates the bars by an event; true if it needs no other line.
    pub fn take(&self, event: &Event) -> bool {
        let mut stages = locked(&self.stages);
        match event {
            Event::StageStarted { stage } | Event::StepStarted { step: stage } => {
                let began = Instant::now();
                let new = StageBar { began, done: 0, of: None, rows: None, state: String::new(), bar: None };
                stages.insert(stage.clone(), new);
                true
            }
            Event::Progress { stage, done, of, rows } => {
                if let Some(found) = stages.get_mut(stage) {
                    (found.done, found.of, found.rows) = (*done, Some(*of), *rows);
                }
                true
            }
            Event::Waiting { step, state, .. } => match stages.get_mut(step) {
                Some(found) => {
                    found.state = format!(": {state}");
                    true
                }
                None => false,
            },
            Event::StageDone { stage, .. }
            | Event::StepDone { step: stage, .. }
            | Event::StepFailed { step: stage, .. } => {
                if let Some(bar) = stages.remove(stage).and_then(|stage| stage.bar) {
                    bar.finish_and_clear();
                }
                false
            }
            _ => false,
        }
    }

    /// Lets lines be written above the bars.
    pub fn aside(&self, write: impl FnOnce()) {
        self.all.suspend(write);
    }
}

impl Drop for Bars {
    /// Removes all bars: the run ends.
    fn drop(&mut self) {
        for (_, stage) in locked(&self.stages).drain() {
            stage.bar.iter().for_each(ProgressBar::finish_and_clear);
        }
    }
}

/// Draws what has taken long enough. `false` when nobody wants bars any more.
fn draw(all: &MultiProgress, stages: &Weak<Mutex<HashMap<String, StageBar>>>) -> bool {
    let Some(stages) = stages.upgrade() else { return false };
    let mut stages = locked(&stages);
    for (name, stage) in stages.iter_mut().filter(|(_, stage)| stage.began.elapsed() >= PATIENCE) {
        let pace = stage.pace();
        let bar =
            stage.bar.get_or_insert_with(|| all.add(ProgressBar::new_spinner().with_elapsed(stage.began.elapsed())));
        let template = match stage.of {
            Some(of) if bar.length() != Some(of) => {
                bar.set_length(of);
                Some(if stage.rows.is_some() { BYTES } else { OBJECTS })
            }
            Some(_) => None,
            None => Some(SPINNER),
        };
        if let Some(style) = template.and_then(|template| ProgressStyle::with_template(template).ok()) {
            bar.set_style(style);
        }
        bar.set_prefix(pace);
        bar.set_message(format!("{name}{}", stage.state));
        bar.set_position(stage.done);
        bar.tick();
    }
    true
}
