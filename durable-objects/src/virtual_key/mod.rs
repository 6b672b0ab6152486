//! The object of one virtual key: its connections, its tasks, its money, and what it may do. Nothing of another key
//! is ever in its memory or storage.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

pub(crate) mod admission;
mod broadcasts;
pub(crate) mod calls;
mod draft;
mod history;
mod hubs;
mod key_state;
mod letters;
mod line;
mod navigation;
pub(crate) mod operations;
mod outbox;
mod preferences;
mod presence;
mod publish;
mod queued;
mod retention;
mod services;
pub(crate) mod session_money;
pub(crate) mod session_store;
mod sessions;
mod spend;
mod task_store;
mod tasks;
mod webhooks;

use std::{panic::RefUnwindSafe, rc::Rc};

use signalr_durable::{RELAYED_PATH, Server, edge::CONNECTIONS_PATH};
use worker::{
    DurableObject, Env, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

use self::{
    calls::{
        ApplyKey, ApplyOperation, Arrive, BeginAttempt, Deliver, Disconnect, EndSession, FinishAttempt, FinishInquiry,
        FinishSession, GiveUp, Inspect, ListPastSessions, ListSessions, ListTasks, Ping, Publish, ReadHistory,
        ReadKeyAudit, ReadSpend, ReadTask, ReadWebhooks, Redeliver, Reserve, RotateWebhookSecret, TakeNumbers,
        UseRecording, Watch,
    },
    services::Services,
};
use crate::{
    call::{self, Answering, ObjectCall},
    configuration,
    lease::{LEASE_PATH, LeaseEnd, Leases},
    relay, server_options,
};

/// The object of one virtual key.
#[durable_object]
pub struct VirtualKey {
    server: Rc<Server>,
    services: Rc<Services>,
    leases: Leases,
}

// A panic leaves no half-done state behind: what is stored is written in transactions, and what memory
// holds beside it is a cache or belongs to the call that panicked.
impl RefUnwindSafe for VirtualKey {}

impl DurableObject for VirtualKey {
    fn new(state: State, env: Env) -> Self {
        let configuration = configuration::read(&env);
        let options = configuration.as_ref().map(server_options::of).unwrap_or_default();
        let (relay_env, name) = (env.clone(), state.id().name().unwrap_or_default());
        let connections_each = configuration.as_ref().map_or(0, |configuration| configuration.relay_after_connections);
        let services = Rc::new(Services::new(|| state.storage(), env, configuration));
        let (trail, limits) = (Rc::downgrade(&services), Rc::downgrade(&services));
        let builder = Server::builder(&state, options)
            .refresh_policy(server_options::keeps_permissions)
            .group_policy(operations::may_be_in)
            .relays(usize::try_from(connections_each).unwrap_or(0), move |number, region| {
                relay::named(&relay_env, &name, number, region)
            })
            .own_invocation_rate(move || limits.upgrade()?.own_invocation_rate())
            .on_end(move |ended| {
                if let Some(services) = trail.upgrade() {
                    services.desk.note_ended(ended);
                }
            });
        let server = hubs::register(builder, &services).build();
        services.desk.attach(&server);
        if let Ok(configuration) = services.configuration() {
            services.desk.notifier.set_limits(configuration.hub_limits.clone());
        }
        Self { server, services, leases: Leases::new(&state) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let answer: Answering<'_> = match request.path().as_str() {
            Publish::PATH => call::serve(request, async |call: Publish| self.publish(call).await),
            CONNECTIONS_PATH => Box::pin(self.serve_client(request)),
            RELAYED_PATH => Box::pin(self.serve_relay(request)),
            TakeNumbers::PATH => call::serve(request, async |call: TakeNumbers| self.take_numbers(&call).await),
            Arrive::PATH => call::serve(request, async |call: Arrive| self.arrive(&call).await),
            GiveUp::PATH => call::serve(request, async |call: GiveUp| self.give_up(&call).await),
            Reserve::PATH => call::serve(request, async |call: Reserve| self.reserve(&call).await),
            ApplyKey::PATH => call::serve(request, async |call: ApplyKey| self.apply(call).await),
            ApplyOperation::PATH => call::serve(request, async |call: ApplyOperation| self.apply_operation(call).await),
            Deliver::PATH => call::serve(request, async |call: Deliver| self.deliver(call).await),
            Watch::PATH => call::serve(request, async |call: Watch| self.watch(&call).await),
            Disconnect::PATH => call::serve(request, async |call: Disconnect| self.disconnect(&call).await),
            Inspect::PATH => call::serve(request, async |call: Inspect| self.inspect(&call)),
            ReadHistory::PATH => call::serve(request, async |call: ReadHistory| self.history(&call).await),
            ListTasks::PATH => call::serve(request, async |call: ListTasks| self.list_tasks(&call).await),
            ReadTask::PATH => call::serve(request, async |call: ReadTask| self.read_task(&call).await),
            ReadSpend::PATH => call::serve(request, async |call: ReadSpend| self.read_spend(&call).await),
            ReadWebhooks::PATH => call::serve(request, async |call: ReadWebhooks| self.webhooks(&call).await),
            BeginAttempt::PATH => call::serve(request, async |call: BeginAttempt| self.begin_attempt(&call).await),
            FinishAttempt::PATH => call::serve(request, async |call: FinishAttempt| self.finish_attempt(&call).await),
            Redeliver::PATH => call::serve(request, async |call: Redeliver| self.redeliver(&call).await),
            RotateWebhookSecret::PATH => {
                call::serve(request, async |call: RotateWebhookSecret| self.rotate_webhook_secret(&call).await)
            }
            ReadKeyAudit::PATH => call::serve(request, async |call: ReadKeyAudit| self.read_audit(&call)),
            LEASE_PATH => Box::pin(self.lease(request)),
            ListSessions::PATH => call::serve(request, async |call: ListSessions| self.sessions(&call).await),
            EndSession::PATH => {
                call::serve(request, async |call: EndSession| self.end_session(&call.connection_id, LeaseEnd::Owner))
            }
            FinishSession::PATH => call::serve(request, async |call: FinishSession| self.finish_session(call).await),
            FinishInquiry::PATH => call::serve(request, async |call: FinishInquiry| self.finish_inquiry(call).await),
            ListPastSessions::PATH => {
                call::serve(request, async |call: ListPastSessions| self.past_sessions(&call).await)
            }
            UseRecording::PATH => call::serve(request, async |call: UseRecording| self.use_recording(call).await),
            Ping::PATH => call::serve(request, async |_: Ping| Ok(())),
            _ => return Response::error("no such call", 404),
        };
        answer.await
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.server.receive(&socket, message).await;
        self.note_activity().await
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, reason: String, _was_clean: bool) -> Result<()> {
        if self.lease_closed(&socket, code, &reason).await? {
            return Ok(());
        }
        self.server.closed(&socket, code, &reason).await;
        self.note_activity().await
    }

    async fn websocket_error(&self, socket: WebSocket, _error: worker::Error) -> Result<()> {
        if self.lease_closed(&socket, 1_006, "").await? {
            return Ok(());
        }
        self.server.broken(&socket).await;
        self.note_activity().await
    }

    async fn alarm(&self) -> Result<Response> {
        self.services.alarm_clock.rang();
        self.server.check();
        self.server.check_relays_if_due().await;
        self.ring().await?;
        self.wind_check().await?;
        Response::empty()
    }
}
