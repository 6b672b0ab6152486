//! `docs/hubs/README.md`: the hubs, and what they share.

use contract::KeyKind;

use crate::{
    catalogue::Catalogue,
    examples::EVENT_ID,
    markdown::{HEAD, code, inline_list, table},
    member_table, method_section,
};

const CONNECT: &str = "\
import { HubConnectionBuilder } from '@microsoft/signalr';

const address = 'http://127.0.0.1:8787'; // npm start prints it, and the keys
const connection = new HubConnectionBuilder()
  .withUrl(`${address}/hubs/tasks`, { accessTokenFactory: () => key })
  .withAutomaticReconnect()
  .build();
connection.on('TaskCompleted', (taskId, result) => console.log(taskId, result));
await connection.start();
await connection.invoke('SubscribeToTask', 'task-1');";

const RESUME: &str = "\
A client that was away comes back to where it was: `GetResumeToken` gives a secret that is good for one use, and on a new
connection `Resume` joins the old one's groups again and sends the durable events since `lastEventId` (left out: since the
token was given, some of them perhaps again), then the latest progress. Where `recovered` is false something was lost, and
the client must read its state anew. Another token takes the place of the one before.
";

const SNAPSHOTS: &str = "\
Who subscribes to a task, a video or images hears at once where it stands, before the invocation completes: its start,
then its latest progress if it runs, or its end. Some hubs do so on connecting: `SpendNotificationHub` (a `SpendUpdate`
with `delta` 0), `NavigationStateHub` (the last state) and `AdminNotificationHub` (`InitialProviderHealth`).
";

const METADATA: &str = "\
Events that are one object have these members among their own. With `?meta=1` in the address the others get them as one
more, last argument.
";

const DIALECTS: &str = "\
A connection to `/hubs/{hub}?dialect=conduit` gets events by the names and in the shapes of the original Conduit, one to
`?dialect=guide` by the few other names of Conduit's implementation guide. A connection has one dialect, so no event comes
twice; each hub's page shows what differs.
";

/// The page.
pub(crate) fn page(catalogue: &Catalogue) -> String {
    let rows = catalogue.hubs.iter().map(|entry| {
        let hub = entry.hub;
        let key = match hub.key {
            KeyKind::Virtual => "virtual",
            KeyKind::Master => "master",
        };
        let routes = [hub.route].into_iter().chain(hub.aliases.iter().copied());
        vec![
            format!("[{}]({}.md)", hub.name, hub.route),
            inline_list(routes),
            key.to_owned(),
            hub.summary.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned(),
        ]
    });
    let hubs = table(&["hub", "route below `/hubs/`", "key", "what it is for"], rows);
    let meta = member_table::of_object(&catalogue.meta, &catalogue.types);
    let resume = method_section::of(&catalogue.common_methods, &catalogue.types);
    format!(
        "{HEAD}\n# The hubs\n\n{hubs}\n\
         Backends say what happens by [domain events](domain-events.md). How connections work, with their limits and errors, \
         is in [hubs.md](../hubs.md); the same as below for programs is served at `/asyncapi.json`.\n\
         \n## Connect\n\n{}\n\
         \n## Resume\n\n{RESUME}\n{resume}\
         \n## Snapshots\n\n{SNAPSHOTS}\
         \n## Metadata\n\n{METADATA}\n{meta}\n{}\
         \n## Dialects\n\n{DIALECTS}",
        code("js", CONNECT).trim_end(),
        code("js", &format!("{{ timestamp: '2026-01-31T12:00:00.000Z', eventId: '{EVENT_ID}' }}")),
    )
}
