//! Execute of the extended protocol. The library's own gathers the rows of a portal before it sends the first, with
//! room for as many as the client asks for.

use std::fmt::Debug;

use futures::{Sink, SinkExt};
use pgwire::api::portal::PortalExecutionState;
use pgwire::api::query::{ExtendedQueryHandler, send_execution_response, send_partial_query_response};
use pgwire::api::results::{QueryResponse, Response};
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{ClientInfo, ClientPortalStore, DEFAULT_NAME, PgWireConnectionState};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::extendedquery::Execute;
use pgwire::messages::response::EmptyQueryResponse;

/// Runs a portal, or goes on with one that was suspended, and sends its rows as they come: as many as the client asks
/// for, all of them where it asks for none or fewer.
///
/// # Errors
/// A portal of an unknown name, and whatever the statement fails with.
pub async fn execute<Q, C>(queries: &Q, client: &mut C, message: Execute) -> PgWireResult<()>
where
    Q: ExtendedQueryHandler,
    C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
    C::PortalStore: PortalStore<Statement = Q::Statement>,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    if !matches!(client.state(), PgWireConnectionState::ReadyForQuery) {
        return Err(PgWireError::NotReadyForQuery);
    }
    let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
    let most = usize::try_from(message.max_rows).unwrap_or(0);
    let portal = match client.portal_store().get_portal(name) {
        Some(Entry::Value(portal)) => portal,
        Some(Entry::Empty) => return send_empty_query(client).await,
        None => return Err(PgWireError::PortalNotFound(name.to_owned())),
    };
    client.set_state(PgWireConnectionState::QueryInProgress);
    let state = portal.state();
    let mut state = state.lock().await;
    let mut status = client.transaction_status();
    if matches!(*state, PortalExecutionState::Initial) {
        match queries.do_query(client, &portal, most).await? {
            Response::Query(rows) => *state = PortalExecutionState::Suspended(rows),
            Response::Execution(tag) => send_execution_response(client, tag).await?,
            Response::TransactionStart(tag) => {
                send_execution_response(client, tag).await?;
                status = status.to_in_transaction_state();
            }
            Response::TransactionEnd(tag) => {
                send_execution_response(client, tag).await?;
                status = status.to_idle_state();
                client.portal_store().rm_portal(DEFAULT_NAME);
            }
            Response::EmptyQuery => send_empty_query(client).await?,
            Response::Error(error) => return Err(PgWireError::UserError(error)),
            Response::CopyIn(_) | Response::CopyOut(_) | Response::CopyBoth(_) => {
                return Err(PgWireError::ApiError("COPY goes to Amazon S3, not to the client".into()));
            }
        }
    }
    match &mut *state {
        PortalExecutionState::Suspended(rows) => {
            if !send_partial_query_response(client, rows, most).await? {
                *state = PortalExecutionState::Finished;
            }
        }
        PortalExecutionState::Finished => {
            let mut none = QueryResponse::new(Default::default(), futures::stream::empty());
            send_partial_query_response(client, &mut none, most).await?;
        }
        PortalExecutionState::Initial => {}
    }
    client.set_state(PgWireConnectionState::ReadyForQuery);
    client.set_transaction_status(status);
    Ok(())
}

async fn send_empty_query<C>(client: &mut C) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin,
    C::Error: Debug,
    PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
{
    client.feed(PgWireBackendMessage::EmptyQueryResponse(EmptyQueryResponse::new())).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::fuzz_entry::{Warehouse, login, message_of};

    /// The types of the answers from the first BindComplete on, rows counted.
    fn answers(mut bytes: &[u8]) -> String {
        let (mut told, mut rows, mut is_bound) = (String::new(), 0, false);
        while let [kind, a, b, c, d, ..] = *bytes {
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            is_bound |= kind == b'2';
            match kind {
                _ if !is_bound => {}
                b'D' => rows += 1,
                _ => {
                    if rows > 0 {
                        told.push_str(&std::mem::take(&mut rows).to_string());
                    }
                    told.push(char::from(kind));
                }
            }
            bytes = &bytes[length + 1..];
        }
        told
    }

    #[test]
    fn a_portal_gives_as_many_rows_as_it_is_asked_for() {
        let warehouse = Warehouse::new();
        for (limits, wanted) in [
            (&[0_i32][..], "25000CZ"),
            (&[-1], "25000CZ"),
            (&[i32::MIN], "25000CZ"),
            (&[i32::MAX], "25000CZ"),
            (&[2, 3, 0, 1], "22s3s4995CCZ"),
            (&[5000, 1, 1], "25000sCCZ"),
        ] {
            let mut sent = login();
            sent.extend(message_of(Some(b'P'), b"\0select * from generate_series(1, 5000)\0\0\0"));
            sent.extend(message_of(Some(b'B'), b"\0\0\0\0\0\0\0\0"));
            for limit in limits {
                sent.extend(message_of(Some(b'E'), &[&b"\0"[..], &limit.to_be_bytes()].concat()));
            }
            sent.extend(message_of(Some(b'S'), b""));
            assert_eq!(answers(&warehouse.converse(&sent)), wanted, "{limits:?}");
        }
    }
}
