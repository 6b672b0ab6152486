//! `MetricsHub`: the figures of `/metrics`, again and again.

use std::{rc::Rc, time::Duration};

use contract::{
    MetricsSnapshot,
    hub::METRICS_HUB,
    metrics_hub::{GROUP, STREAM_METRICS, interval_seconds},
};
use futures::{Stream, stream};
use signalr_durable::{Caller, Hub, HubError, Methods};
use worker::Delay;

use crate::{
    administration::services::Services,
    desk::{Desk, DeskHub, with_resume},
};

/// The hub at `/hubs/metrics`.
pub(crate) struct MetricsHub(pub(super) Rc<Services>);

impl Hub for MetricsHub {
    fn methods(methods: &mut Methods<Self>) {
        with_resume(methods).stream(STREAM_METRICS.name, Self::stream_metrics);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        self.0.desk.join(&caller, GROUP)
    }
}

impl DeskHub for MetricsHub {
    const HUB: &'static contract::Hub = &METRICS_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }
}

impl MetricsHub {
    /// The figures at once, and then at each interval.
    async fn stream_metrics(
        self: Rc<Self>,
        _caller: Caller,
        interval: i64,
    ) -> Result<impl Stream<Item = Result<MetricsSnapshot, HubError>>, HubError> {
        let pause = Duration::from_secs(interval_seconds(interval).unsigned_abs());
        Ok(stream::unfold((self, false), move |(hub, is_later)| async move {
            if is_later {
                Delay::from(pause).await;
            }
            let figures = hub.0.figures().await.map_err(HubError::internal);
            Some((figures, (hub, true)))
        }))
    }
}
