//! The figures of the whole system: what every shard of the directory added up, and the master key's own hubs.

use contract::MetricsSnapshot;
use futures::{StreamExt, stream};
use worker::Result;

use super::services::Services;
use crate::{
    call::{self, REQUESTS_AT_ONCE},
    directory::calls::{ReadShard, SHARDS},
    identifiers::now_millis,
    queue::{self, Queue},
};

impl Services {
    /// The figures, now.
    pub(super) async fn figures(&self) -> Result<MetricsSnapshot> {
        let mut all = MetricsSnapshot::new(now_millis());
        let shards =
            stream::iter(0..SHARDS).map(|shard| async move { call::ask(&self.env, &ReadShard { shard }).await });
        let mut answers = shards.buffer_unordered(REQUESTS_AT_ONCE);
        while let Some(answer) = answers.next().await {
            all.add(&answer?);
        }
        all.add(&self.desk.notifier.figures());
        all.reconnections += self.desk.resumption.resumed();
        for queue in [Queue::Events, Queue::Webhooks] {
            all.queue_depth += queue::backlog(&self.env, queue).await?.messages;
        }
        all.dead_letters = u64::try_from(self.dead_letters.count()?).unwrap_or(0);
        Ok(all)
    }
}
