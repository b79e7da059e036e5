//! How long a statement may keep a visitor waiting, while an answer is made and while it is streamed.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::web::Bytes;

use crate::store::{within, within_now};

/// For a single statement: what takes longer is a database that does not answer. What takes many statements, such as taking a
/// list over, may take as long as it takes.
const STATEMENT: Duration = Duration::from_secs(15);

/// Makes an answer.
pub async fn with<T>(answer: impl Future<Output = T>) -> T {
    within(STATEMENT, answer).await
}

/// Holds what is still to be read for an answer to the same.
pub fn while_streaming(answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    if answer.response().body().size() != BodySize::Stream {
        return answer;
    }
    answer.map_body(|_, body| BoxBody::new(Streamed(body)))
}

struct Streamed(BoxBody);

impl MessageBody for Streamed {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.0.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        within_now(STATEMENT, || Pin::new(&mut self.0).poll_next(context))
    }
}
