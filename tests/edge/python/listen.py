"""Connects signalrcore to a hub and writes what it hears, a line of JSON for each thing.

Usage: listen.py URL KEY json|messagepack WebSockets|ServerSentEvents|LongPolling. Reads what to invoke from its standard input, a line each: `["Method", [arguments]]`,
and ends with it.
"""

import json
import sys

from signalrcore.hub_connection_builder import HubConnectionBuilder
from signalrcore.protocol.json_hub_protocol import JsonHubProtocol
from signalrcore.protocol.messagepack_protocol import MessagePackHubProtocol
from signalrcore.types import HttpTransportType

EVENTS = ["TaskStarted", "TaskProgress", "TaskCompleted"]
TRANSPORTS = {
    "WebSockets": HttpTransportType.web_sockets,
    "ServerSentEvents": HttpTransportType.server_sent_events,
    "LongPolling": HttpTransportType.long_polling,
}
PROTOCOLS = {"json": JsonHubProtocol, "messagepack": MessagePackHubProtocol}


def tell(what, *values):
    print(json.dumps([what, *values]), flush=True)


def connect(url, key, protocol, transport):
    connection = (
        HubConnectionBuilder()
        .with_url(url, options={"access_token_factory": lambda: key, "transport": TRANSPORTS[transport]})
        .with_hub_protocol(PROTOCOLS[protocol]())
        # Only to have a ping each second.
        .with_automatic_reconnect({"type": "raw", "keep_alive_interval": 1, "reconnect_interval": 1, "max_attempts": 1})
        .build()
    )
    for event in EVENTS:
        connection.on(event, lambda arguments, event=event: tell("event", event, *arguments))
    connection.on_open(lambda: tell("open"))
    connection.on_close(lambda: tell("close"))
    connection.on_error(lambda completion: tell("error", completion.error))
    # It has no callback for the answer to a ping.
    connection._BaseHubConnection__on_ping_message = lambda _: tell("pong")
    connection.start()
    return connection


def main(url, key, protocol, transport):
    connection = connect(url, key, protocol, transport)
    for line in sys.stdin:
        method, arguments = json.loads(line)
        connection.send(method, arguments, lambda _, method=method: tell("completed", method))
    connection.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
