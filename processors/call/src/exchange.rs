//! One attempt at one target: the call goes out, and its reply is read as it comes.

use std::pin::pin;

use catalogue::Target;
use catalogue::estimate::image_tokens;
use outbound::{Failure, Incoming, Timeouts};
use tokio::time::Instant;

use crate::cancel::Cuts;
use crate::endpoint::Endpoint;
use crate::families::{Call, Family, Question};
use crate::gen_ai::metrics::Pieces;
use crate::reply::{Asked, Collected, Notes, Progress, ReadReply, Reading};

/// An attempt about to be made.
pub(crate) struct Exchange<'a> {
    pub(crate) family: &'static dyn Family,
    pub(crate) to: &'a Target,
    pub(crate) endpoint: &'a Endpoint,
    /// Which of its keys is used, counted from 0.
    pub(crate) key: usize,
    pub(crate) question: &'a Question<'a>,
    pub(crate) cuts: Cuts<'a>,
}

/// How much of a reply was read.
enum Read {
    All,
    /// Whatever may follow does not matter.
    Enough,
}

/// A running call is one of tens of thousands: what is large here, the reply and what was read of it, stands in the future once.
impl Exchange<'_> {
    /// What was read until the attempt ended, however it ended.
    pub(crate) async fn run(&self, call: Call<'_>, deadline: Instant) -> ReadReply {
        let began = Instant::now();
        let silent_cap = self.family.silent_cap(self.question, call.to, call.address);
        let mut opened = {
            let opening = pin!(self.open(call, deadline));
            self.cuts.unless_cut(opening).await
        };
        let incoming = match &mut opened {
            Ok(incoming) => incoming,
            Err(failure) => return ReadReply { result: Err(failure.clone()), notes: Notes::default() },
        };
        self.endpoint.keys.told(self.key, incoming.head());
        let asked = Asked {
            most_tokens: self.question.request.max_output_tokens,
            silent_cap,
            stream: self.endpoint.address.stream,
            prompt: &self.question.prompt,
            image_tokens: self.question.images() as u64 * u64::from(image_tokens(self.to.provider)),
        };
        let growth = Box::new(Collected::default());
        let mut reading = Reading::new(self.family, asked, incoming.head(), growth);
        let transfer = {
            let pulled = pin!(self.pull(incoming, began, &mut reading));
            self.cuts.unless_cut(pulled).await
        };
        if let (Ok(Read::Enough), Ok(incoming)) = (&transfer, opened) {
            incoming.release();
        }
        reading.end(transfer.map(|_| ()))
    }

    async fn open(&self, call: Call<'_>, deadline: Instant) -> Result<Incoming, Failure> {
        let call = self.family.call(call)?;
        let Endpoint { address, timeouts, client, .. } = self.endpoint;
        if address.stream {
            client.open(&call.streaming(), deadline, *timeouts).await
        } else {
            client.open(&call, deadline, Timeouts::NONE).await
        }
    }

    /// Reads the reply to its end: a refusal as a whole, and what was asked for as a stream piece by piece.
    async fn pull(
        &self,
        incoming: &mut Incoming,
        began: Instant,
        reading: &mut Reading<'_>,
    ) -> Result<Read, Failure> {
        if !self.endpoint.address.stream || !incoming.head().status.is_success() {
            let body = incoming.rest().await?;
            reading.feed(&body, began.elapsed());
            return Ok(Read::All);
        }
        let mut pieces = Pieces::of(self.to);
        while let Some(piece) = incoming.next().await? {
            let after = began.elapsed();
            let progress = reading.feed(&piece, after);
            pieces.came(reading.pieces(), after);
            match progress {
                Progress::Waiting => {}
                Progress::Begun => {
                    incoming.first_token();
                    self.cuts.signals.begun();
                }
                Progress::Tail => incoming.tail(),
                Progress::Over => return Ok(Read::Enough),
            }
        }
        Ok(Read::All)
    }
}
