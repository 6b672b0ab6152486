"""Tells Conduit Edge how a task of a virtual key goes, with `pip install cloudevents`:

CONDUIT_URL=http://127.0.0.1:8787 CONDUIT_TOKEN=condtsvc_… python send.py VIRTUAL_KEY_ID
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

URL = os.environ["CONDUIT_URL"] + "/v1/events"
AUTHORIZATION = "Bearer " + os.environ["CONDUIT_TOKEN"]


def send(event, to_message):
    """Sends an event until it is taken. It keeps its id, so that it counts once however often it is sent."""
    message = to_message(event)
    headers = {**message.headers, "Authorization": AUTHORIZATION}
    for attempt in range(1, 6):
        retry_after = 2**attempt
        try:
            with urllib.request.urlopen(urllib.request.Request(URL, message.body, headers), timeout=30) as response:
                return json.load(response)["results"][0]
        except urllib.error.HTTPError as error:
            if attempt == 5 or (error.code != 429 and error.code < 500):
                raise SystemExit(f"{error.code}: {error.read().decode()}")
            retry_after = float(error.headers.get("Retry-After", retry_after))
        except OSError:
            if attempt == 5:
                raise
        time.sleep(retry_after)


def happened(event_type, data):
    attributes = {
        "source": "/examples/python",
        "type": event_type,
        "virtualkeyid": sys.argv[1],
        # Binary mode says with it what the body is.
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, data)


task_id = str(uuid.uuid4())
# Structured mode: the body is the event. Binary mode: the body is its data, the rest are headers.
events = [
    (happened("TaskStarted", {"taskId": task_id, "taskType": "example"}), to_structured_event),
    (happened("TaskProgress", {"taskId": task_id, "percentComplete": 50, "message": "halfway"}), to_binary_event),
    (happened("TaskCompleted", {"taskId": task_id, "result": {"answer": 42}}), to_binary_event),
]
for event, to_message in events:
    print(json.dumps(send(event, to_message)))
