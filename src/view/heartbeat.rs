//! Where there is no terminal: a line now and then of a stage that takes long.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::human::far;
use crate::event::Event;
use crate::sync::locked;

/// Time between two lines about a stage.
const EVERY: Duration = Duration::from_secs(10);

struct StageTimer {
    began: Instant,
    told: Instant,
}

/// The stages under way.
#[derive(Default)]
pub struct Heartbeat(Mutex<HashMap<String, StageTimer>>);

impl Heartbeat {
    /// The event to show in place of this one; of how far a stage is, only one now and then.
    pub fn take(&self, event: Event) -> Option<Event> {
        let mut stages = locked(&self.0);
        match &event {
            Event::StageStarted { stage } => {
                let now = Instant::now();
                stages.insert(stage.clone(), StageTimer { began: now, told: now });
            }
            Event::StageDone { stage, .. } => {
                stages.remove(stage);
            }
            Event::Progress { stage, done, of, rows } => {
                let found = stages.get_mut(stage).filter(|found| found.told.elapsed() >= EVERY)?;
                found.told = Instant::now();
                return Some(Event::Waiting {
                    step: stage.clone(),
                    since: found.began.elapsed(),
                    state: far(*done, *of, *rows),
                });
            }
            _ => {}
        }
        Some(event)
    }
}
