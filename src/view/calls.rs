//! `-v`: a line for every call to AWS, with what it took. The SDK has a span for each, named `S3.PutObject`.

use std::time::Instant;

use anstream::eprintln;
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::{DIM, human::time};

pub struct Calls;

/// Returns true if a span is that of a call.
pub fn is_call(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.target().starts_with("aws_sdk_") && metadata.fields().field("rpc.method").is_some()
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Calls {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Instant::now());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let took = span.extensions().get::<Instant>().map(Instant::elapsed).unwrap_or_default();
        eprintln!("{DIM}call {} {}{DIM:#}", span.name(), time(took));
    }
}
