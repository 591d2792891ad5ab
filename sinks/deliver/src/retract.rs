//! How a part is taken back: its result tells whether it was sent and which id it has, and Easemob recalls it.

use std::time::Duration;

use pipeline::call::{Done, Job};
use schemas::delivery::DeliveryResult;
use schemas::retract::Retract;
use tokio::time::{Instant, sleep_until};

use crate::client::AppClient;
use crate::outcome::{Ended, Subject};
use crate::recall::Recall;
use crate::results::Wanted;
use crate::send::{Call, PartSend, Sent, unretractable};
use crate::step::Step;

/// Wait before the log of results is asked again when it did not answer.
const AGAIN: Duration = Duration::from_secs(1);

impl Step {
    /// Takes a part back, or says why that cannot be.
    pub(crate) async fn take_back(&self, retract: &Retract, job: &Job) -> Done {
        let started_at = self.clock.now();
        let Sent { result, attempts } = self.recall(retract, job).await;
        let ended_at = self.clock.now();
        let ended = Ended { result, characters: 0, attempts, rerun: job.rerun, started_at, ended_at };
        self.write(&job.record, Subject::from(retract), ended)
    }

    async fn recall(&self, retract: &Retract, job: &Job) -> Sent {
        if self.clock.now() > retract.retract_by {
            return Sent::without_attempt(unretractable("expired"));
        }
        let Some(app) = self.apps.get(retract.lane.conversation.app()) else {
            return Sent::without_attempt(unretractable("unknown_app"));
        };
        let latest = self.latest(retract.retract_by, job);
        let easemob_id = match self.sent(app, retract, job, latest).await {
            Ok(easemob_id) => easemob_id,
            Err(end) => return Sent::without_attempt(end),
        };
        let recall = Recall::new(retract, &easemob_id);
        let part = PartSend {
            call: Call::Recall { recall: &recall, may_be_done: job.rerun },
            lane: &retract.lane,
            latest,
            called_back: &|| false,
        };
        app.send(&part).await
    }

    /// Easemob's id of the part, or how the retraction ends without a call.
    async fn sent(
        &self,
        app: &AppClient,
        retract: &Retract,
        job: &Job,
        latest: Instant,
    ) -> Result<String, DeliveryResult> {
        let wanted =
            Wanted { answer: retract.answer, partition: job.record.partition, since: retract.let_out_at };
        let result = loop {
            if let Some(result) = self.known.get(retract.answer) {
                break Some(result);
            }
            let found = {
                let _place = app.lookups.acquire().await;
                self.results.find(wanted).await
            };
            match found {
                Ok(found) => break found,
                Err(error) if Instant::now() < latest => {
                    tracing::warn!(%error, partition = wanted.partition, "look up the result of a send");
                    sleep_until(latest.min(Instant::now() + AGAIN)).await;
                }
                Err(_) => return Err(unretractable("lookup")),
            }
        };
        match result {
            Some(DeliveryResult::Sent { easemob_id }) if !easemob_id.is_empty() => Ok(easemob_id),
            Some(DeliveryResult::Sent { .. } | DeliveryResult::Unknown) => Err(unretractable("unknown_id")),
            // What was dropped while it ran, or was too large to be written, may have been sent.
            Some(DeliveryResult::Undelivered { reason }) if matches!(&*reason, "overdue" | "oversize") => {
                Err(unretractable("unknown_id"))
            }
            Some(DeliveryResult::Undelivered { .. }) => Err(DeliveryResult::NotSent),
            Some(_) | None => Err(unretractable("not_recorded")),
        }
    }
}
