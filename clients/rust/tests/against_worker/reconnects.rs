//! Connections that outlive their sockets, and managers whose programs miss nothing: through cut lines and a killed server.

use std::time::Duration;

use crate::world::{Inbox, Proxy, Worker, create_key, patient, start_tasks, within};
use conduit_client::{
    ConnectionOptions, ConnectionState, HubConnection, ManagerOptions, Protocol, SignalRConnectionManager,
};

#[tokio::test]
#[ignore = "needs the built Worker: node scripts/test.mjs --only=rust-client"]
async fn with_stateful_reconnect_nobody_notices_that_a_line_was_cut() {
    let worker = Worker::start("edge").await;
    let proxy = Proxy::start(worker.port()).await;
    for protocol in [Protocol::Json, Protocol::MessagePack] {
        let key = create_key(&worker.url).await;
        let options = ConnectionOptions {
            protocol,
            access_token: key.key.as_str().into(),
            stateful_reconnect: true,
            ..ConnectionOptions::default()
        };
        let hub = HubConnection::new(&format!("{}/hubs/tasks", proxy.url), options).unwrap();
        let mut started = Inbox::of(&hub, "TaskStarted");
        hub.start().await.unwrap();
        hub.invoke::<()>("SubscribeToTaskType", ("*",)).await.unwrap();
        let before = hub.status();
        let mut next = 0;
        for cut in 1..=3 {
            start_tasks(&worker.url, &key, next..next + 5).await;
            started.expect_tasks(next..next + 5).await;
            // These leave the server, and reach nobody before the line is cut.
            proxy.swallow();
            start_tasks(&worker.url, &key, next + 5..next + 10).await;
            let call = tokio::spawn({
                let hub = hub.clone();
                async move { hub.invoke::<()>("SubscribeToTask", ("t0",)).await }
            });
            tokio::time::sleep(Duration::from_millis(50)).await;
            proxy.cut();
            start_tasks(&worker.url, &key, next + 10..next + 15).await;
            started.expect_tasks(next + 5..next + 10).await;
            // A call that was under way ends as if nothing had been; the snapshot that it brings may be anywhere behind.
            within("the call", call).await.unwrap().unwrap();
            let mut rest = Vec::new();
            while rest.len() < 5 {
                let task = started.next().await;
                if task != "t0" {
                    rest.push(task);
                }
            }
            assert_eq!(rest, (next + 10..next + 15).map(|number| format!("t{number}")).collect::<Vec<_>>());
            let after = hub.status();
            assert_eq!((after.state, after.generation), (ConnectionState::Connected, 1));
            assert_eq!((after.connection_id, after.resumed), (before.connection_id.clone(), cut));
            next += 15;
            while !started.is_empty() {}
        }
        hub.stop().await;
    }
}

#[tokio::test]
#[ignore = "needs the built Worker: node scripts/test.mjs --only=rust-client"]
async fn a_manager_gets_every_event_once_through_a_kill_of_the_server() {
    let mut worker = Worker::start("edge").await;
    for protocol in [Protocol::Json, Protocol::MessagePack] {
        let key = create_key(&worker.url).await;
        let conduit = SignalRConnectionManager::new(ManagerOptions {
            api_base_url: worker.url.clone(),
            virtual_key: Some(key.key.as_str().into()),
            connection: ConnectionOptions { protocol, ..patient() },
            ..ManagerOptions::default()
        })
        .unwrap();
        let (take, mut started) = Inbox::pair();
        conduit.on("TaskHub", "TaskStarted", take).unwrap();
        let info = conduit.connect_to_hub("tasks").await.unwrap();
        assert!(info.is_connected());
        conduit.invoke::<()>("tasks", "SubscribeToTaskType", ("*",)).await.unwrap();
        start_tasks(&worker.url, &key, 0..10).await;
        started.expect_tasks(0..10).await;

        let mut changes = conduit.changes();
        worker.kill().await;
        // What is called meanwhile waits its turn.
        let late = async { conduit.invoke::<()>("task-notifications", "SubscribeToTask", ("t3",)).await };
        let (again, ()) = tokio::join!(
            async {
                let again = worker.start_again().await;
                start_tasks(&again.url, &key, 10..20).await;
                again
            },
            async { within("a late call", late).await.unwrap() }
        );
        worker = again;
        let mut states = Vec::new();
        let recovered = loop {
            let change = within("a change", changes.recv()).await.unwrap();
            states.push(change.status.state);
            if change.status.state == ConnectionState::Connected {
                break change.recovered;
            }
        };
        assert_eq!(states.first(), Some(&ConnectionState::Reconnecting));
        assert_eq!(recovered, Some(true));
        start_tasks(&worker.url, &key, 20..30).await;
        // In order and without a gap, whenever the connection came back; the late subscription may repeat what it is about.
        let mut tasks = Vec::new();
        while tasks.len() < 20 {
            let task = started.next().await;
            if task != "t3" {
                tasks.push(task);
            }
        }
        assert_eq!(tasks, (10..30).map(|number| format!("t{number}")).collect::<Vec<_>>());
        let metrics = conduit.hub_metrics("tasks").unwrap();
        assert_eq!(metrics.reconnects, 1);
        assert!(metrics.latency.count >= 2 && metrics.messages_received >= 30);
        conduit.disconnect_all().await;
        assert_eq!(conduit.connection_state("tasks").unwrap(), ConnectionState::Disconnected);
    }
}

#[tokio::test]
#[ignore = "needs the built Worker: node scripts/test.mjs --only=rust-client"]
async fn a_manager_misses_nothing_while_its_line_is_cut_again_and_again() {
    let worker = Worker::start("edge").await;
    let proxy = Proxy::start(worker.port()).await;
    let key = create_key(&worker.url).await;
    let conduit = SignalRConnectionManager::new(ManagerOptions {
        api_base_url: proxy.url.clone(),
        virtual_key: Some(key.key.as_str().into()),
        connection: patient(),
        ..ManagerOptions::default()
    })
    .unwrap();
    let (take, mut started) = Inbox::pair();
    conduit.on("tasks", "TaskStarted", take).unwrap();
    let (one, other) = tokio::join!(conduit.connect_to_hub("tasks"), conduit.connect_to_hub("TaskHub"));
    assert_eq!(one.unwrap().status.connection_id, other.unwrap().status.connection_id);
    conduit.invoke::<()>("tasks", "SubscribeToTaskType", ("test",)).await.unwrap();
    for round in 0..8 {
        start_tasks(&worker.url, &key, round * 10..round * 10 + 5).await;
        proxy.cut();
        start_tasks(&worker.url, &key, round * 10 + 5..round * 10 + 10).await;
    }
    started.expect_tasks(0..80).await;
    assert!(started.is_empty());

    // The last word ends it: nothing comes any more.
    conduit.invoke::<()>("tasks", "UnsubscribeFromTaskType", ("test",)).await.unwrap();
    start_tasks(&worker.url, &key, 80..81).await;
    conduit.invoke::<()>("tasks", "SubscribeToTask", ("t80",)).await.unwrap();
    started.expect_tasks(80..81).await;
    assert!(started.is_empty());
}
