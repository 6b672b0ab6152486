//! One connection against the hub of the test Worker: calls, streams both ways, what the hub asks, and errors.

use crate::world::{Inbox, Worker, within};
use conduit_client::{
    AccessToken, ConnectionOptions, ConnectionState, Error, HubConnection, Protocol, ReconnectPolicy,
};
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn options(protocol: Protocol) -> ConnectionOptions {
    ConnectionOptions { protocol, access_token: "a".into(), ..ConnectionOptions::default() }
}

#[tokio::test]
#[ignore = "needs the built Worker: node scripts/test.mjs --only=rust-client"]
async fn everything_that_a_client_says_and_hears_in_both_protocols() {
    let worker = Worker::start("tests/worker").await;
    for protocol in [Protocol::Json, Protocol::MessagePack] {
        let url = format!("{}/room-{}", worker.url, protocol.name());
        let hub = HubConnection::new(&url, options(protocol)).unwrap();
        hub.answer("Ask", |event| async move {
            let question: String = event.argument(0).map_err(|error| error.to_string())?;
            if question == "why" { Err("nobody knows".to_owned()) } else { Ok(format!("{question}!").into()) }
        });
        let mut told = Inbox::of(&hub, "Told");
        let mut flooded = Inbox::of(&hub, "Flooded");
        within("the start", hub.start()).await.unwrap();
        assert_eq!(hub.status().state, ConnectionState::Connected);

        assert_eq!(hub.invoke::<String>("Echo", ("ä \u{1e} z",)).await.unwrap(), "ä \u{1e} z");
        assert_eq!(hub.invoke::<String>("Id", ()).await.unwrap(), hub.status().connection_id.unwrap());
        hub.invoke::<()>("Void", ()).await.unwrap();
        let refused = hub.invoke::<()>("NoSuchMethod", ()).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Invocation { method, message }
            if method == "NoSuchMethod" && message.contains("Method does not exist")),
            "{refused}"
        );
        assert!(matches!(hub.invoke::<u32>("Echo", ("x",)).await, Err(Error::Decode(_))));

        // What a hub asks its client, while the client waits for the hub.
        assert_eq!(hub.invoke::<String>("AskMe", ("now",)).await.unwrap(), "now!");
        let refused = hub.invoke::<String>("AskMe", ("why",)).await.unwrap_err();
        assert!(refused.to_string().contains("nobody knows"), "{refused}");

        let counted: Vec<u32> = hub.stream::<u32>("Count", (500,)).await.unwrap().map(Result::unwrap).collect().await;
        assert_eq!(counted, (0..500).collect::<Vec<_>>());
        let wrong: Vec<_> = hub.stream::<u32>("Echo", ("x",)).await.unwrap().collect().await;
        assert!(matches!(wrong.as_slice(), [Err(Error::Invocation { .. })]), "{wrong:?}");
        // One that is dropped ends at the hub, and the connection goes on.
        let mut slow = hub.stream::<u32>("CountSlowly", (100_000, 1)).await.unwrap();
        assert_eq!(slow.next().await.unwrap().unwrap(), 0);
        drop(slow);
        let sum: f64 = hub.invoke_with_stream("Sum", (), stream::iter([1.0, 2.5, 3.5])).await.unwrap();
        assert!((sum - 7.0).abs() < f64::EPSILON);

        hub.invoke::<()>("Flood", (1_000, 100)).await.unwrap();
        for number in 0..1_000 {
            assert_eq!(flooded.next().await, number.to_string());
        }

        let other = HubConnection::new(&url, options(protocol)).unwrap();
        other.start().await.unwrap();
        other.send("TellOthers", ("hello",)).await.unwrap();
        assert_eq!(told.next().await, "others");

        // A server that ends a connection ends it for good.
        let mut statuses = other.statuses();
        other.send("Abort", ()).await.unwrap();
        let over = within("the end", statuses.wait_for(|status| status.state != ConnectionState::Connected)).await;
        assert_eq!(over.unwrap().state, ConnectionState::Disconnected);
        assert_eq!(other.invoke::<()>("Void", ()).await, Err(Error::NotConnected));
        within("another start", other.start()).await.unwrap();
        other.invoke::<()>("Void", ()).await.unwrap();

        hub.stop().await;
        assert_eq!(hub.status().state, ConnectionState::Disconnected);
    }
}

#[tokio::test]
#[ignore = "needs the built Worker: node scripts/test.mjs --only=rust-client"]
async fn what_will_not_work_is_said_at_once_and_what_may_is_tried_again() {
    let mut worker = Worker::start("edge").await;
    let base = worker.url.clone();
    let hub = move |path: &str, token: AccessToken| {
        let options = ConnectionOptions { access_token: token, ..crate::world::patient() };
        HubConnection::new(&format!("{base}{path}"), options).unwrap()
    };
    for (path, status) in [("/hubs/tasks", 401), ("/hubs/no-such-hub", 404)] {
        let connection = hub(path, "condt_wrong".into());
        let error = within("a refusal", connection.start()).await.unwrap_err();
        assert!(matches!(error, Error::Refused { status: said, .. } if said == status), "{error}");
        assert_eq!(connection.status().state, ConnectionState::Failed);
    }
    let wrong_hub =
        within("a refusal", hub("/hubs/metrics", crate::world::create_key(&worker.url).await.key.into()).start()).await;
    assert!(wrong_hub.unwrap_err().is_unauthorized());
    let page = within("a refusal", hub("/health/live", AccessToken::default()).start()).await.unwrap_err();
    assert!(page.is_permanent(), "{page}");

    // A provider that has a wrong token may have a right one next time.
    let key = crate::world::create_key(&worker.url).await;
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let provider = AccessToken::provider(move || {
        let attempt = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let token = if attempt < 2 { "condt_wrong".to_owned() } else { key.key.clone() };
        async move { Ok(token) }
    });
    within("the third token", hub("/hubs/tasks", provider).start()).await.unwrap();

    // A server that is not there yet is waited for, unless it is said not to.
    worker.kill().await;
    let key = "condt_any";
    let impatient =
        ConnectionOptions { reconnect: ReconnectPolicy::NEVER, access_token: key.into(), ..crate::world::patient() };
    let gone = HubConnection::new(&format!("{}/hubs/tasks", worker.url), impatient).unwrap();
    assert!(matches!(gone.start().await, Err(Error::Unreachable { .. })));
    let waiting = hub("/hubs/tasks", key.into());
    let start = tokio::spawn({
        let waiting = waiting.clone();
        async move { waiting.start().await }
    });
    let mut statuses = waiting.statuses();
    within("an attempt", statuses.wait_for(|status| status.attempt >= 2)).await.unwrap();
    let worker = worker.start_again().await;
    let answered = within("the server", start).await.unwrap().unwrap_err();
    assert!(answered.is_unauthorized(), "{answered}");
    drop(worker);
}

#[tokio::test]
#[ignore = "needs the built Worker: node scripts/test.mjs --only=rust-client"]
async fn a_client_goes_where_the_negotiation_sends_it_with_the_token_that_it_is_given() {
    let worker = Worker::start("edge").await;
    let key = crate::world::create_key(&worker.url).await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let door = format!("http://{}/hubs/tasks?meta=1", listener.local_addr().unwrap());
    let answer = json!({ "url": format!("{}/hubs/tasks?meta=1", worker.url), "accessToken": key.key }).to_string();
    let asked = tokio::spawn(async move {
        let (mut line, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(line.read_u8().await.unwrap());
        }
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", answer.len());
        line.write_all(format!("{head}{answer}").as_bytes()).await.unwrap();
        String::from_utf8(request).unwrap().to_lowercase()
    });
    let options = ConnectionOptions { access_token: "for-the-door".into(), ..ConnectionOptions::default() };
    let hub = HubConnection::new(&door, options).unwrap();
    let mut started = Inbox::of(&hub, "TaskStarted");
    within("the start", hub.start()).await.unwrap();
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("post /hubs/tasks/negotiate?meta=1&negotiateversion=1 "), "{asked}");
    assert!(asked.contains("authorization: bearer for-the-door\r\n"), "{asked}");
    hub.invoke::<()>("SubscribeToTaskType", ("*",)).await.unwrap();
    crate::world::start_tasks(&worker.url, &key, 0..1).await;
    started.expect_tasks(0..1).await;
}
