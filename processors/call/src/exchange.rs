//! One attempt at one target: the call goes out, and its reply is read as it comes.

use outbound::{Failure, Incoming, Timeouts};
use tokio::time::Instant;

use crate::cancel::Cuts;
use crate::endpoint::Endpoint;
use crate::families::{Call, Family, Question};
use crate::reply::{Asked, Collected, Notes, Progress, ReadReply, Reading};

/// An attempt about to be made.
pub(crate) struct Exchange<'a> {
    pub(crate) family: &'static dyn Family,
    pub(crate) endpoint: &'a Endpoint,
    /// Which of its keys is used, counted from 0.
    pub(crate) key: usize,
    pub(crate) question: &'a Question<'a>,
    pub(crate) cuts: Cuts<'a>,
}

impl Exchange<'_> {
    /// What was read until the attempt ended, however it ended.
    pub(crate) async fn run(&self, call: Call<'_>, deadline: Instant) -> ReadReply {
        let began = Instant::now();
        let silent_cap = self.family.silent_cap(self.question, call.to, call.address);
        let incoming = match self.cuts.unless_cut(self.open(call, deadline)).await {
            Ok(incoming) => incoming,
            Err(failure) => return ReadReply { result: Err(failure), notes: Notes::default() },
        };
        self.endpoint.keys.told(self.key, incoming.head());
        let asked = Asked {
            most_tokens: self.question.request.max_output_tokens,
            silent_cap,
            stream: self.endpoint.address.stream,
            prompt: &self.question.prompt,
        };
        let growth = Box::new(Collected::default());
        let mut reading = Reading::new(self.family, asked, incoming.head(), growth);
        let pulled = self.pull(incoming, began, &mut reading);
        let transfer = self.cuts.unless_cut(pulled).await;
        reading.end(transfer)
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
        mut incoming: Incoming,
        began: Instant,
        reading: &mut Reading<'_>,
    ) -> Result<(), Failure> {
        if !self.endpoint.address.stream || !incoming.head().status.is_success() {
            let reply = incoming.whole().await?;
            reading.feed(&reply.body, began.elapsed());
            return Ok(());
        }
        while let Some(piece) = incoming.next().await? {
            match reading.feed(&piece, began.elapsed()) {
                Progress::Waiting => {}
                Progress::Begun => {
                    incoming.first_token();
                    self.cuts.signals.begun();
                }
                Progress::Tail => incoming.tail(),
                Progress::Over => {
                    incoming.release();
                    break;
                }
            }
        }
        Ok(())
    }
}
