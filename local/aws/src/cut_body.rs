//! The body of an answer that breaks off, as with a connection that is reset in the middle of it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::error::BoxError;

/// The first bytes of a body, and then an error.
pub struct CutBody {
    body: Pin<Box<SdkBody>>,
    /// Bytes.
    left: usize,
    /// What came before the end has been sent.
    is_sent: bool,
}

impl CutBody {
    /// `bytes`: where the body breaks off, unless it ends before.
    pub fn new(body: SdkBody, bytes: usize) -> Self {
        Self { body: Box::pin(body), left: bytes, is_sent: false }
    }
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if this.left == 0 {
            // The server sends what it has while a body makes it wait, and drops it where a body fails.
            if !this.is_sent {
                this.is_sent = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            return Poll::Ready(Some(Err("the answer breaks off on purpose".into())));
        }
        let Some(frame) = ready!(this.body.as_mut().poll_frame(context)) else { return Poll::Ready(None) };
        let frame = frame.map(|frame| match frame.into_data() {
            Ok(mut data) => {
                data.truncate(this.left);
                this.left -= data.len();
                Frame::data(data)
            }
            Err(other) => other,
        });
        Poll::Ready(Some(frame))
    }

    /// That of the whole, so that the head of the answer says nothing of the end.
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
