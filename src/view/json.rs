//! Events as JSON. What stands here is promised in docs/output.md: fields are added, never renamed or removed.

use serde_json::{Value, json};

use crate::error::{Error, FailureKind};
use crate::event::{Event, LoadStep, ResourceStatus, Scope, Span, Status};
use crate::load_report::SourceReport;
use crate::plan::{Plan, Step};
use crate::resource::contents::Entry;
use crate::resource::tags::time;

/// One event as an object with its name and the time at which it came; `None` for what only a bar can show.
pub fn line(event: &Event) -> Option<Value> {
    let mut line = match event {
        Event::Scope { scope } => of_scope(scope),
        Event::Planned { verb, stack, plan, only } => planned(verb, stack, plan, *only),
        Event::Goes { bucket, entry } => goes(bucket, entry),
        Event::StepStarted { step } => json!({ "event": "step_started", "step": step }),
        Event::StepDone { step, detail, took } => {
            json!({ "event": "step_done", "step": step, "detail": detail, "seconds": took.as_secs_f64() })
        }
        Event::StepFailed { step, error } => json!({ "event": "step_failed", "step": step, "error": error }),
        Event::Waiting { step, since, state } => {
            json!({ "event": "waiting", "step": step, "seconds": since.as_secs_f64(), "state": state })
        }
        Event::Ready { stack, endpoint, database } => {
            json!({ "event": "ready", "stack": stack, "endpoint": endpoint, "database": database })
        }
        Event::Gone { stack, scope, looked_at, kept, kept_by_aws } => {
            let mut line = of_scope(scope);
            line["event"] = "gone".into();
            line["stack"] = json!(stack);
            line["looked_at"] = json!(looked_at);
            line["kept"] = json!(kept);
            line["kept_by_aws"] = json!(kept_by_aws);
            line
        }
        Event::Status { status } => of_status(status),
        Event::StageStarted { stage } => json!({ "event": "stage_started", "stage": stage }),
        Event::Progress { .. } => return None,
        Event::StageDone { stage, detail, took } => {
            json!({ "event": "stage_done", "stage": stage, "detail": detail, "seconds": took.as_secs_f64() })
        }
        Event::LoadPlanned { steps } => {
            json!({ "event": "load_planned", "steps": steps.iter().map(load_step).collect::<Vec<_>>() })
        }
        Event::CriticalPath { spans, took } => {
            let span = |span: &Span| json!({ "name": span.name, "seconds": span.took.as_secs_f64() });
            let critical: Vec<Value> = spans.iter().filter(|span| span.critical).map(span).collect();
            json!({ "event": "critical_path", "spans": critical, "seconds": took.as_secs_f64() })
        }
        Event::Loaded { report } => {
            let mut line = report.json();
            line["event"] = "loaded".into();
            line
        }
        Event::Checked { sources } => {
            json!({ "event": "checked", "sources": sources.iter().map(SourceReport::json).collect::<Vec<_>>() })
        }
        Event::Warning { message } => json!({ "event": "warning", "message": message }),
        Event::Chapter { title } => json!({ "event": "chapter", "title": title }),
    };
    line["time"] = time(std::time::Duration::ZERO).into();
    Some(line)
}

/// The last line of a run that failed.
pub fn error(error: &Error) -> Value {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let kind = match error.kind {
        FailureKind::Failed => "failed",
        FailureKind::Usage => "usage",
        FailureKind::Leftovers => "leftovers",
        FailureKind::CheckFailed => "check_failed",
        FailureKind::Declined => "declined",
        FailureKind::Interrupted(_) => "interrupted",
        FailureKind::Credentials => "credentials",
        FailureKind::Unreachable => "unreachable",
    };
    json!({
        "event": "error",
        "kind": kind,
        "exit_code": error.kind.exit_code(),
        "message": error.to_string(),
        "causes": causes.map(ToString::to_string).collect::<Vec<_>>(),
        "code": error.code,
        "hints": error.hints,
        "time": time(std::time::Duration::ZERO),
    })
}

fn of_scope(scope: &Scope) -> Value {
    json!({
        "event": "scope",
        "target": scope.target.to_string(),
        "account": scope.account,
        "region": scope.region,
        "endpoint": scope.endpoint,
    })
}

fn planned(verb: &str, stack: &str, plan: &Plan, only: bool) -> Value {
    json!({
        "event": "planned",
        "command": verb,
        "stack": stack,
        "dry_run": only,
        "steps": plan.steps.iter().map(step).collect::<Vec<_>>(),
        "notes": plan.notes,
    })
}

fn step(step: &Step) -> Value {
    let change = |change: &crate::plan::Change| json!({ "field": change.field, "from": change.from, "to": change.to });
    json!({
        "step": step.to_string(),
        "sign": step.action.glyph().sign().to_string(),
        "kind": step.kind.to_string(),
        "name": step.name,
        "reason": step.reason,
        "changes": step.changes.iter().map(change).collect::<Vec<_>>(),
        "writes": step.action.writes(),
    })
}

fn goes(bucket: &str, entry: &Entry) -> Value {
    match entry {
        Entry::Version { key, version, bytes, is_latest } => json!({
            "event": "goes", "bucket": bucket, "what": "version", "key": key, "version": version, "bytes": bytes,
            "latest": is_latest,
        }),
        Entry::Marker { key, version } => {
            json!({ "event": "goes", "bucket": bucket, "what": "delete marker", "key": key, "version": version })
        }
        Entry::Upload { key, id } => {
            json!({ "event": "goes", "bucket": bucket, "what": "upload in progress", "key": key, "upload": id })
        }
    }
}

fn of_status(status: &Status) -> Value {
    let resource = |found: &ResourceStatus| {
        json!({
            "kind": found.kind, "name": found.name, "state": found.state, "since": found.since,
            "until": found.until, "drift": found.drift,
        })
    };
    let table = |(table, rows): &(String, Option<u64>)| json!({ "table": table, "rows": rows });
    json!({
        "event": "status",
        "stack": status.stack,
        "ready": status.ready,
        "endpoint": status.endpoint,
        "database": status.database,
        "resources": status.resources.iter().map(resource).collect::<Vec<_>>(),
        "refusals": status.refusals,
        "notes": status.notes,
        "tables": status.tables.iter().map(table).collect::<Vec<_>>(),
    })
}

fn load_step(step: &LoadStep) -> Value {
    json!({ "does": step.does, "why": step.why, "writes": step.writes })
}
