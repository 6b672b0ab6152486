//! The object of the operator: the registry of virtual keys, the providers, what everybody is told, and the master key's
//! hubs.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

pub(crate) mod admission;
mod broadcasts;
pub(crate) mod calls;
mod dead_letters;
mod events;
mod figures;
mod health;
mod hubs;
mod keys;
mod provider_calls;
mod providers;
mod registry;
mod service_token_calls;
mod service_tokens;
mod services;

use std::{panic::RefUnwindSafe, rc::Rc};

use signalr_durable::{Server, edge::CONNECTIONS_PATH};
use worker::{
    DurableObject, Env, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

use self::{
    admission::PROBE_CLAIMS,
    calls::{
        CountChanged, CountDeadLetters, CreateKey, CreateServiceToken, DeleteKey, DeleteProvider, FindKey,
        FindServiceToken, ListDeadLetters, ListKeys, ListProviders, ListServiceTokens, PatchKey, PingAdministration,
        PublishBroadcasts, PutProvider, Raise, ReadAudit, ReadBroadcasts, ReadDeadLetter, ReadFigures, ReadKey,
        ReadKeyForObject, ReadProvider, ReadServiceToken, RecordAudit, RecordDeadLetters, RemoveDeadLetters,
        ReserveMaster, RevokeServiceToken, RotateKey,
    },
    services::Services,
};
use crate::{
    call::{self, Answering, ObjectCall},
    configuration,
    desk::JournalLimits,
    identifiers::now_millis,
    server_options,
};

/// The one object of its class: source of truth for which virtual keys there are.
#[durable_object]
pub struct Administration {
    server: Rc<Server>,
    services: Rc<Services>,
}

// A panic leaves no half-done state behind: rows are written in one turn, and what memory holds is a cache.
impl RefUnwindSafe for Administration {}

impl DurableObject for Administration {
    fn new(state: State, env: Env) -> Self {
        let configuration = configuration::read(&env);
        let options = configuration.as_ref().map(server_options::of).unwrap_or_default();
        let services = Rc::new(Services::new(|| state.storage(), env, configuration));
        let builder = Server::builder(&state, options).refresh_policy(server_options::keeps_permissions);
        let trail = Rc::downgrade(&services);
        let builder = builder.on_end(move |ended| {
            if let Some(services) = trail.upgrade().filter(|_| ended.claims != PROBE_CLAIMS) {
                services.desk.note_ended(ended);
            }
        });
        let server = hubs::register(builder, &services).build();
        services.desk.attach(&server);
        if let Ok(configuration) = services.configuration() {
            services.desk.notifier.set_limits(configuration.hub_limits.clone());
        }
        Self { server, services }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let services = &self.services;
        let answer: Answering<'_> = match request.path().as_str() {
            CONNECTIONS_PATH => Box::pin(self.serve_client(request)),
            ReserveMaster::PATH => call::serve(request, async |_: ReserveMaster| self.reserve()),
            CreateKey::PATH => call::serve(request, async |call: CreateKey| services.create(&call).await),
            ReadKey::PATH => call::serve(request, async |call: ReadKey| services.read_key(&call)),
            ReadKeyForObject::PATH => {
                call::serve(request, async |call: ReadKeyForObject| services.read_for_object(&call))
            }
            FindKey::PATH => call::serve(request, async |call: FindKey| services.find(&call)),
            ListKeys::PATH => call::serve(request, async |call: ListKeys| services.list(&call)),
            PatchKey::PATH => call::serve(request, async |call: PatchKey| services.patch(&call).await),
            RotateKey::PATH => call::serve(request, async |call: RotateKey| services.rotate(&call).await),
            DeleteKey::PATH => call::serve(request, async |call: DeleteKey| services.delete(&call).await),
            CreateServiceToken::PATH => {
                call::serve(request, async |call: CreateServiceToken| services.create_service_token(&call))
            }
            ListServiceTokens::PATH => {
                let list = |call: ListServiceTokens| services.service_tokens.list(call.after.as_deref(), call.limit);
                call::serve(request, async move |call| list(call))
            }
            ReadServiceToken::PATH => {
                call::serve(request, async |call: ReadServiceToken| services.service_tokens.read(&call.id))
            }
            RevokeServiceToken::PATH => {
                call::serve(request, async |call: RevokeServiceToken| services.revoke_service_token(&call))
            }
            FindServiceToken::PATH => {
                call::serve(request, async |call: FindServiceToken| services.find_service_token(&call))
            }
            PublishBroadcasts::PATH => {
                call::serve(request, async |call: PublishBroadcasts| services.publish(call).await)
            }
            ReadBroadcasts::PATH => {
                let read = |call: ReadBroadcasts| services.broadcasts.read(call.after, call.through);
                call::serve(request, async move |call| read(call))
            }
            Raise::PATH => call::serve(request, async |call: Raise| services.raise(&call)),
            CountChanged::PATH => {
                call::serve(request, async |call: CountChanged| services.count_changed(&call.into_event()?))
            }
            ListProviders::PATH => call::serve(request, async |_: ListProviders| services.providers.list()),
            ReadProvider::PATH => call::serve(request, async |call: ReadProvider| services.providers.read(&call.name)),
            PutProvider::PATH => call::serve(request, async |call: PutProvider| services.put(&call).await),
            DeleteProvider::PATH => call::serve(request, async |call: DeleteProvider| services.delete_provider(&call)),
            ReadAudit::PATH => {
                let list = |call: ReadAudit| services.desk.audit.list(call.before.as_deref(), call.limit);
                call::serve(request, async move |call| list(call))
            }
            RecordAudit::PATH => call::serve(request, async |call: RecordAudit| services.desk.audit.record(call.entry)),
            RecordDeadLetters::PATH => {
                call::serve(request, async |call: RecordDeadLetters| services.record_dead_letters(&call))
            }
            ListDeadLetters::PATH => {
                call::serve(request, async |call: ListDeadLetters| services.dead_letters.list(&call))
            }
            ReadDeadLetter::PATH => {
                call::serve(request, async |call: ReadDeadLetter| services.dead_letters.read(&call.id))
            }
            RemoveDeadLetters::PATH => {
                call::serve(request, async |call: RemoveDeadLetters| services.remove_dead_letters(&call))
            }
            CountDeadLetters::PATH => call::serve(request, async |_: CountDeadLetters| services.dead_letters.count()),
            ReadFigures::PATH => call::serve(request, async |_: ReadFigures| services.figures().await),
            PingAdministration::PATH => call::serve(request, async |_: PingAdministration| Ok(())),
            _ => return Response::error("no such call", 404),
        };
        answer.await
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.server.receive(&socket, message).await;
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, reason: String, _was_clean: bool) -> Result<()> {
        self.server.closed(&socket, code, &reason).await;
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: worker::Error) -> Result<()> {
        self.server.broken(&socket).await;
        Ok(())
    }

    /// Tells the objects and shards that could not be told, asks the providers, and drops what is past its time.
    async fn alarm(&self) -> Result<Response> {
        let services = &self.services;
        services.alarm_clock.rang();
        self.server.check();
        services.tell_untold().await?;
        services.announce_broadcasts().await?;
        services.check_due_providers().await?;
        services.sweep(JournalLimits::of(services.configuration()?), now_millis())?;
        self.wind().await?;
        Response::empty()
    }
}
