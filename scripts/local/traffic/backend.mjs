// A backend that tells of what happens.

import { randomUUID } from 'node:crypto';

/** Tells of events of a key, or of everybody, and changes the key as an operator does. */
export function backend(address, masterKey, virtualKeyId, signal) {
  const ask = async (method, path, contentType, body) => {
    const headers = { 'content-type': contentType, 'x-master-key': masterKey };
    const response = await fetch(address + path, { method, signal, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path} answers ${response.status}: ${await response.text()}`);
    await response.body?.cancel();
  };
  const publish = (type, data, attributes) => {
    const event = { specversion: '1.0', id: randomUUID(), source: '/made-up-traffic', type, ...attributes, data };
    return ask('POST', '/v1/events', 'application/cloudevents+json', event);
  };
  return {
    tell: (type, data) => publish(type, data, { virtualkeyid: virtualKeyId }),
    announce: (type, data) => publish(type, data, {}),
    changeKey: (patch) => ask('PATCH', `/v1/admin/keys/${virtualKeyId}`, 'application/json', patch),
  };
}

/** One of several. */
export function oneOf(list) {
  return list[Math.floor(Math.random() * list.length)];
}

/** A number between two. */
export function between(least, most) {
  return least + Math.random() * (most - least);
}
