//! What an edge does with actions, without sockets: it writes down what would be sent.

use super::Validator;
use realtime::client::ClientProtocol;
use realtime::close::Close;
use realtime::ledger::Row;
use realtime::model::Problem;
use realtime::provider::Provider;
use realtime::session::{Action, EndReason, LinkId, Recorded, Session, SessionOptions, Side, Summary};
use realtime::transport::{Frame, HttpRequest, HttpResponse, SocketRequest};
use serde_json::Value;

pub(crate) const START_MILLIS: u64 = 1_800_000_000_000;

pub(crate) struct Edge {
    pub(crate) session: Session,
    pub(crate) now_millis: u64,
    /// What the client was sent since it was last asked.
    client: Vec<Value>,
    provider: Vec<Frame>,
    pub(crate) calls: Vec<HttpRequest>,
    pub(crate) sockets: Vec<SocketRequest>,
    pub(crate) link: LinkId,
    pub(crate) closed_links: Vec<LinkId>,
    pub(crate) client_close: Option<Close>,
    pub(crate) next_provider_wanted: Option<Problem>,
    pub(crate) rows: Vec<Row>,
    pub(crate) usage_inquiry: Option<HttpRequest>,
    pub(crate) summary: Option<Summary>,
    pub(crate) paused: Vec<(Side, bool)>,
    pub(crate) recorded: Vec<Recorded>,
    validator: Option<Validator>,
}

impl Edge {
    /// A client of OpenAI's protocol, whose events are validated.
    pub(crate) fn new(provider: impl Provider + 'static) -> Self {
        Self::with(ClientProtocol::OpenAi, provider, |_| {})
    }

    pub(crate) fn with(
        protocol: ClientProtocol,
        provider: impl Provider + 'static,
        change: impl FnOnce(&mut SessionOptions),
    ) -> Self {
        let mut options = SessionOptions::new("connection-1", protocol, "voice-model", Box::new(provider));
        change(&mut options);
        let mut edge = Self {
            session: Session::new(options),
            now_millis: START_MILLIS,
            client: Vec::new(),
            provider: Vec::new(),
            calls: Vec::new(),
            sockets: Vec::new(),
            link: LinkId(0),
            closed_links: Vec::new(),
            client_close: None,
            next_provider_wanted: None,
            rows: Vec::new(),
            usage_inquiry: None,
            summary: None,
            paused: Vec::new(),
            recorded: Vec::new(),
            validator: (protocol == ClientProtocol::OpenAi).then(Validator::default),
        };
        let actions = edge.session.start(edge.now_millis);
        edge.act(actions);
        edge
    }

    pub(crate) fn client(&mut self, message: Value) {
        self.client_text(&message.to_string());
    }

    pub(crate) fn client_text(&mut self, text: &str) {
        self.client_frame(Frame::Text(text.to_owned()));
    }

    pub(crate) fn client_frame(&mut self, frame: Frame) {
        let actions = self.session.on_client(frame, self.now_millis);
        self.act(actions);
    }

    /// The client speaks, PCM16 at 24 kHz, 100 ms a message.
    pub(crate) fn client_speaks(&mut self, millis: usize) {
        for _ in 0..millis / 100 {
            let audio = super::base64(&super::pcm(100));
            self.client(serde_json::json!({"type": "input_audio_buffer.append", "audio": audio}));
        }
    }

    pub(crate) fn client_leaves(&mut self) {
        let actions = self.session.on_client_closed(self.now_millis);
        self.act(actions);
    }

    pub(crate) fn end(&mut self, reason: EndReason) {
        let actions = self.session.end(reason, self.now_millis);
        self.act(actions);
    }

    pub(crate) fn provider(&mut self, message: Value) {
        self.provider_frame(&Frame::Text(message.to_string()));
    }

    pub(crate) fn provider_frame(&mut self, frame: &Frame) {
        let actions = self.session.on_provider(self.link, frame, self.now_millis);
        self.act(actions);
    }

    pub(crate) fn open(&mut self) {
        let actions = self.session.on_provider_open(self.link, self.now_millis);
        self.act(actions);
    }

    pub(crate) fn respond(&mut self, status: u16, body: Value) {
        let response = HttpResponse { status, body: body.to_string() };
        let actions = self.session.on_provider_response(self.link, &response, self.now_millis);
        self.act(actions);
    }

    pub(crate) fn refuse(&mut self, status: u16, body: &str) {
        let response = HttpResponse { status, body: body.to_owned() };
        let actions = self.session.on_provider_refused(self.link, &response, self.now_millis);
        self.act(actions);
    }

    pub(crate) fn provider_closes(&mut self, code: u16, reason: &str) {
        let actions = self.session.on_provider_closed(self.link, code, reason, self.now_millis);
        self.act(actions);
    }

    pub(crate) fn next_provider(&mut self, provider: Option<Box<dyn Provider>>) {
        self.next_provider_wanted = None;
        let actions = self.session.replace_provider(provider, self.now_millis);
        self.act(actions);
    }

    /// Time passes, with a tick whenever the session wants one.
    pub(crate) fn wait(&mut self, millis: u64) {
        let end = self.now_millis + millis;
        while let Some(at) = self.session.next_tick_millis().filter(|&at| at <= end) {
            assert!(at > self.now_millis, "a tick that is due when nothing has happened since the last");
            self.now_millis = at;
            let actions = self.session.on_tick(self.now_millis);
            self.act(actions);
        }
        self.now_millis = end.max(self.now_millis);
    }

    /// What the client was sent since it was last asked.
    pub(crate) fn heard(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.client)
    }

    /// Whether there is an event of that type in what the client was sent since it was last asked.
    pub(crate) fn heard_contains(&self, kind: &str) -> bool {
        self.client.iter().any(|event| event["type"] == kind)
    }

    /// Whether the client knows of nothing that was begun and is not over.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.validator.as_ref().is_none_or(Validator::is_at_rest)
    }

    /// The types of that.
    pub(crate) fn heard_types(&mut self) -> Vec<String> {
        super::types(&self.heard())
    }

    /// The JSON that the provider was sent since it was last asked; audio in binary frames is left out.
    pub(crate) fn told(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.provider)
            .into_iter()
            .filter_map(|frame| match frame {
                Frame::Text(text) => Some(serde_json::from_str(&text).expect("JSON")),
                Frame::Binary(_) => None,
            })
            .collect()
    }

    /// The binary frames that the provider was sent since it was last asked; JSON is left out.
    pub(crate) fn told_audio(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.provider)
            .into_iter()
            .flat_map(|frame| match frame {
                Frame::Binary(audio) => audio,
                Frame::Text(_) => Vec::new(),
            })
            .collect()
    }

    pub(crate) fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            assert!(self.summary.is_none(), "after its end: {action:?}");
            match action {
                Action::SendToClient(Frame::Text(text)) => {
                    assert!(self.client_close.is_none(), "after the close: {text}");
                    let event: Value = serde_json::from_str(&text).expect("JSON");
                    if let Some(validator) = &mut self.validator {
                        validator.check(&event);
                    }
                    self.client.push(event);
                }
                Action::SendToClient(Frame::Binary(_)) => panic!("clients are sent text"),
                Action::CloseClient(close) => self.client_close = Some(close),
                Action::CallProvider { link, request } => {
                    self.link = link;
                    self.calls.push(request);
                }
                Action::OpenProvider { link, request } => {
                    self.link = link;
                    self.sockets.push(request);
                }
                Action::SendToProvider { link, frame } => {
                    assert!(!self.closed_links.contains(&link), "a closed link: {frame:?}");
                    self.provider.push(frame);
                }
                Action::CloseProvider { link, .. } => self.closed_links.push(link),
                Action::TryNextProvider { problem } => self.next_provider_wanted = Some(problem),
                Action::Pause(side) => self.paused.push((side, true)),
                Action::Resume(side) => self.paused.push((side, false)),
                Action::Bill(row) => self.rows.push(row),
                Action::AskForUsage { request } => self.usage_inquiry = Some(request),
                Action::Record(recorded) => self.recorded.push(recorded),
                Action::Ended(summary) => self.summary = Some(*summary),
            }
        }
    }
}
