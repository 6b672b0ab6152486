//! Drives one session: what happens on its sockets and on the clock goes in, what it decides is done.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    future::pending,
    time::Duration,
};

use durable_objects::{log, now_millis};
use futures::{
    FutureExt, Stream, StreamExt,
    channel::mpsc,
    future::{LocalBoxFuture, select},
    pin_mut,
    stream::FuturesUnordered,
};
use realtime::{
    close::{Close, INTERNAL_ERROR, NORMAL},
    ledger::{Prices, Row},
    session::{Action, EndReason, LinkId, Session, Side, Summary},
    transport::{Frame, HttpRequest, HttpResponse},
};
use serde_json::json;
use worker::{Delay, Env, Result, WebSocket};

use super::{
    bill::{self, Biller},
    leases::{Leases, Word},
    providers::Candidate,
    purse::{Purse, Verdict},
    recorder::Recorder,
    socket::{Incoming, Socket},
    summary,
    upstream::{self, Additions},
};

/// What is kept of a client that is not read from; more than this, and its session ends.
const MAX_HELD_BYTES: usize = 4 * 1024 * 1024;

/// Something that happened.
enum Happening {
    Client(Incoming),
    Provider(LinkId, Incoming),
    Word(Word),
    Opened(LinkId, std::result::Result<WebSocket, HttpResponse>),
    Answered(LinkId, HttpResponse),
    /// Something that went on beside is done.
    Done,
    Tick,
}

/// What one session is driven with. Dropping it closes every socket of it, the leases' too.
pub(super) struct Pump {
    env: Env,
    session: Session,
    biller: Biller,
    /// Who is called if the provider fails before it has answered.
    candidates: VecDeque<Candidate>,
    additions: Additions,
    sender: mpsc::UnboundedSender<Happening>,
    happenings: mpsc::UnboundedReceiver<Happening>,
    /// What goes on beside: sockets being opened, requests, bills.
    tasks: FuturesUnordered<LocalBoxFuture<'static, Happening>>,
    client: Option<Socket>,
    leases: Leases,
    purse: Purse,
    recorder: Option<Recorder>,
    prices: Prices,
    providers: HashMap<LinkId, Socket>,
    opening: HashSet<LinkId>,
    /// Messages of a client that is not read from.
    held: VecDeque<Frame>,
    held_bytes: usize,
    is_client_paused: bool,
    usage_inquiry: Option<HttpRequest>,
    /// What the session was, once it is over.
    summary: Option<Box<Summary>>,
}

/// What a session is made of, beside itself.
pub(super) struct Parts {
    pub(super) env: Env,
    pub(super) session: Session,
    pub(super) biller: Biller,
    /// Of the provider that the session begins with.
    pub(super) additions: Additions,
    pub(super) candidates: VecDeque<Candidate>,
    pub(super) leases: Leases,
    pub(super) purse: Purse,
    pub(super) recorder: Option<Recorder>,
    pub(super) prices: Prices,
}

impl Pump {
    /// Makes a pump of a session that has not begun.
    pub(super) fn new(parts: Parts) -> Self {
        let (sender, happenings) = mpsc::unbounded();
        let Parts { env, session, biller, additions, candidates, leases, purse, recorder, prices } = parts;
        Self {
            env,
            session,
            biller,
            candidates,
            additions,
            sender,
            happenings,
            tasks: FuturesUnordered::new(),
            client: None,
            leases,
            purse,
            recorder,
            prices,
            providers: HashMap::new(),
            opening: HashSet::new(),
            held: VecDeque::new(),
            held_bytes: 0,
            is_client_paused: false,
            usage_inquiry: None,
            summary: None,
        }
    }

    /// Takes up the client's socket.
    ///
    /// # Errors
    ///
    /// The platform refuses it.
    pub(super) fn attend(&mut self, client: &WebSocket) -> Result<()> {
        let at_last = Close::new(INTERNAL_ERROR, "the session failed");
        self.client = Some(Socket::accept(client, &self.sender, at_last, Happening::Client)?);
        Ok(())
    }

    /// Runs the session to its end, and until everything is billed.
    pub(super) async fn run(mut self) {
        let actions = self.session.start(now());
        self.act(actions);
        let summary = loop {
            if let Some(summary) = self.summary.take() {
                break summary;
            }
            let happening = self.next().await;
            self.take(happening);
            self.mind_the_purse();
            self.put_down(false);
        };
        // The session is over: whoever waits for its place may have it.
        self.leases.give_back(summary.end_reason.as_ref());
        self.providers.clear();
        self.client = None;
        self.put_down(true);
        while let Some(happening) = self.tasks.next().await {
            // A socket that was opened too late is closed.
            if let Happening::Opened(link, outcome) = happening {
                self.opened(link, outcome);
            }
        }
        let finish = summary::of(&summary, &self.biller, self.usage_inquiry.take(), self.prices.session_per_minute);
        summary::send(&self.env, finish).await;
    }

    /// Waits for what happens next. What is ready is taken in this order: time, what went on beside, words of those who
    /// have a say in the session, messages; so no storm of messages holds up a bill. A session that has cost all that it
    /// was lent hears no messages until it is lent more.
    async fn next(&mut self) -> Happening {
        let waits_for_credit = self.waits_for_credit();
        let due = if waits_for_credit {
            self.purse.waits_until_millis()
        } else {
            [self.session.next_tick_millis(), self.purse.next_look_millis()].into_iter().flatten().min()
        };
        if due.is_some_and(|at| at <= now()) {
            return Happening::Tick;
        }
        let timer = async {
            match due {
                Some(at) => Delay::from(Duration::from_millis(at.saturating_sub(now()))).await,
                None => pending().await,
            }
            Happening::Tick
        };
        // Nothing may go on beside, and then nothing comes of it; the channel never ends, as its sender is here.
        let beside = next_of(&mut self.tasks);
        let words = self.leases.next().map(Happening::Word);
        let messages = async { if waits_for_credit { pending().await } else { next_of(&mut self.happenings).await } };
        pin_mut!(beside, words, messages, timer);
        let messages_or_timer = select(messages, timer).map(|first| first.factor_first().0);
        let words_or_less = select(words, messages_or_timer).map(|first| first.factor_first().0);
        select(beside, words_or_less).await.factor_first().0
    }

    fn waits_for_credit(&self) -> bool {
        self.session.is_open() && self.purse.is_empty()
    }

    /// Compares what the session costs with what it was lent.
    fn mind_the_purse(&mut self) {
        if !self.session.is_open() {
            return;
        }
        let actions = match self.purse.look(|| self.session.cost(), now()) {
            Verdict::Enough => return,
            Verdict::Ask => self.session.bill_now(now()),
            Verdict::Spent => self.session.end(EndReason::BudgetSpent, now()),
        };
        self.act(actions);
    }

    fn take(&mut self, happening: Happening) {
        let actions = match happening {
            Happening::Client(Incoming::Message(frame)) => return self.take_from_client(frame),
            Happening::Client(Incoming::Closed { .. }) => {
                self.client = None;
                self.session.on_client_closed(now())
            }
            Happening::Provider(link, Incoming::Message(frame)) => self.session.on_provider(link, &frame, now()),
            Happening::Provider(link, Incoming::Closed { code, reason }) => {
                self.providers.remove(&link);
                self.session.on_provider_closed(link, code, &reason, now())
            }
            Happening::Word(Word::Credit(credit)) => {
                self.purse.lend(credit, self.session.cost());
                Vec::new()
            }
            Happening::Word(Word::End(reason)) => self.session.end(reason, now()),
            Happening::Opened(link, outcome) => self.opened(link, outcome),
            Happening::Answered(link, response) => self.session.on_provider_response(link, &response, now()),
            // Nobody lends it any more, or says that there is no more.
            Happening::Tick if self.waits_for_credit() => self.session.end(EndReason::Restart, now()),
            Happening::Tick => self.session.on_tick(now()),
            Happening::Done => Vec::new(),
        };
        self.act(actions);
    }

    /// A client that is not read from keeps its messages here, since the platform would not keep them.
    fn take_from_client(&mut self, frame: Frame) {
        let actions = if !self.is_client_paused {
            self.session.on_client(frame, now())
        } else if self.held_bytes + frame.len() > MAX_HELD_BYTES {
            self.session.end(EndReason::TooManyMessages, now())
        } else {
            self.held_bytes += frame.len();
            self.held.push_back(frame);
            Vec::new()
        };
        self.act(actions);
    }

    fn opened(&mut self, link: LinkId, outcome: std::result::Result<WebSocket, HttpResponse>) -> Vec<Action> {
        let is_wanted = self.opening.remove(&link);
        let accepted = outcome.map(|socket| {
            let at_last = Close::new(NORMAL, "session ended");
            Socket::accept(&socket, &self.sender, at_last, move |incoming| Happening::Provider(link, incoming))
        });
        match accepted {
            // Dropped, and so closed.
            _ if !is_wanted => Vec::new(),
            Ok(Ok(socket)) => {
                self.providers.insert(link, socket);
                self.session.on_provider_open(link, now())
            }
            Ok(Err(error)) => {
                let response = HttpResponse { status: 0, body: error.to_string() };
                self.session.on_provider_refused(link, &response, now())
            }
            Err(response) => self.session.on_provider_refused(link, &response, now()),
        }
    }

    /// Does what the session decided, in order, and what follows from that.
    fn act(&mut self, actions: Vec<Action>) {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            let further = match action {
                Action::TryNextProvider { problem } => {
                    log::warn(
                        "a realtime provider failed",
                        json!({
                            "provider": self.biller.provider, "connectionId": self.biller.connection_id,
                            "code": problem.code, "cause": problem.message,
                        }),
                    );
                    let next = self.candidates.pop_front().map(|candidate| {
                        self.additions = candidate.additions;
                        self.biller.provider = candidate.name;
                        candidate.provider
                    });
                    self.session.replace_provider(next, now())
                }
                Action::Resume(Side::Client) => {
                    self.is_client_paused = false;
                    self.read_held()
                }
                action => {
                    self.do_one(action);
                    continue;
                }
            };
            actions.extend(further);
        }
    }

    /// Hands over what was held, until the session wants no more.
    fn read_held(&mut self) -> Vec<Action> {
        let mut actions = Vec::new();
        while let Some(frame) = self.held.pop_front() {
            self.held_bytes -= frame.len();
            let further = self.session.on_client(frame, now());
            let pauses = further.contains(&Action::Pause(Side::Client));
            actions.extend(further);
            if pauses {
                break;
            }
        }
        actions
    }

    fn do_one(&mut self, action: Action) {
        match action {
            Action::SendToClient(frame) => {
                if let Some(client) = &self.client {
                    client.send(&frame);
                }
            }
            Action::CloseClient(close) => {
                if let Some(client) = self.client.take() {
                    client.close(close);
                }
            }
            Action::CallProvider { link, request } => {
                let additions = self.additions.clone();
                self.tasks.push(
                    async move { Happening::Answered(link, upstream::send(request, &additions).await) }.boxed_local(),
                );
            }
            Action::OpenProvider { link, request } => {
                self.opening.insert(link);
                let additions = self.additions.clone();
                self.tasks.push(
                    async move { Happening::Opened(link, upstream::open(request, &additions).await) }.boxed_local(),
                );
            }
            Action::SendToProvider { link, frame } => {
                if let Some(provider) = self.providers.get(&link) {
                    provider.send(&frame);
                }
            }
            Action::CloseProvider { link, close } => {
                self.opening.remove(&link);
                if let Some(provider) = self.providers.remove(&link) {
                    provider.close(close);
                }
            }
            Action::Pause(Side::Client) => self.is_client_paused = true,
            Action::Bill(row) => self.bill(&row),
            Action::AskForUsage { request } => self.usage_inquiry = Some(request),
            Action::Record(recorded) => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.take(recorded, now());
                }
            }
            Action::Ended(summary) => self.ended(summary),
            // How much waits in a client's socket, the platform does not say, so no session asks for the first two; the
            // others are done before this is called.
            Action::Pause(Side::Provider)
            | Action::Resume(Side::Provider | Side::Client)
            | Action::TryNextProvider { .. } => {}
        }
    }

    fn bill(&mut self, row: &Row) {
        let Some(event) = self.biller.event(row) else { return };
        let env = self.env.clone();
        self.tasks.push(
            async move {
                bill::send(&env, event).await;
                Happening::Done
            }
            .boxed_local(),
        );
    }

    /// Has what was recorded written, once there is enough of it, or all of it.
    fn put_down(&mut self, is_last: bool) {
        let Some(recorder) = &mut self.recorder else { return };
        for writing in recorder.segments(now(), is_last) {
            self.tasks.push(writing.map(|()| Happening::Done).boxed_local());
        }
    }

    fn ended(&mut self, summary: Box<Summary>) {
        log::info(
            "a realtime session ended",
            json!({
                "connectionId": self.biller.connection_id,
                "model": summary.model,
                "provider": self.biller.provider,
                "reason": summary.end_reason.as_ref().map(EndReason::name),
                "durationMs": now().saturating_sub(summary.started_at_millis),
            }),
        );
        self.summary = Some(summary);
    }
}

/// What a stream has next; of one that is empty, nothing, ever.
async fn next_of<T>(stream: &mut (impl Stream<Item = T> + Unpin)) -> T {
    match stream.next().await {
        Some(item) => item,
        None => pending().await,
    }
}

/// In milliseconds since the epoch.
fn now() -> u64 {
    u64::try_from(now_millis()).unwrap_or(0)
}
