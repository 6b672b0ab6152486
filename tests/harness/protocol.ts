// The two hub protocols, read and written by the official codecs.

import { type HubMessage, type IHubProtocol, JsonHubProtocol, MessageType, NullLogger } from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';

export type ProtocolName = 'json' | 'messagepack';

export const PROTOCOLS = ['json', 'messagepack'] as const;

/** What ends a JSON record. */
export const SEPARATOR = '\x1e';

/** The JSON ping as every official client sends it. */
export const JSON_PING = `{"type":6}${SEPARATOR}`;

/** The MessagePack ping, its length in front. */
export const MESSAGEPACK_PING = Buffer.from([0x02, 0x91, 0x06]);

/** A protocol of the official client. */
export function hubProtocol(name: ProtocolName): IHubProtocol {
  return name === 'json' ? new JsonHubProtocol() : new MessagePackHubProtocol();
}

/** The handshake record; both protocols begin with it. */
export function handshake(protocol: string, version = 1): string {
  return JSON.stringify({ protocol, version }) + SEPARATOR;
}

/** Framed records, as they go into a WebSocket message. */
export function encode(name: ProtocolName, ...messages: HubMessage[]): Buffer {
  const protocol = hubProtocol(name);
  return Buffer.concat(messages.map((message) => Buffer.from(protocol.writeMessage(message) as string)));
}

/** An invocation; without an id no answer is awaited. */
export function invocation(target: string, args: unknown[], invocationId?: string): HubMessage {
  const call = { type: MessageType.Invocation as const, target, arguments: args };
  return invocationId === undefined ? call : { ...call, invocationId };
}

/** Reads a WebSocket message that holds whole records. */
export function decode(name: ProtocolName, message: Buffer): HubMessage[] {
  const input = name === 'json' ? message.toString('utf8') : new Uint8Array(message).buffer;
  return hubProtocol(name).parseMessages(input, NullLogger.instance);
}
