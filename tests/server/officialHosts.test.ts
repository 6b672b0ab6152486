// The hosts that the suites of official clients expect (`tests/worker/src/official`): what those suites ask of them, by
// every transport and in every protocol.

import { createRequire } from 'node:module';
import {
  DefaultHttpClient,
  type HttpRequest,
  type HttpResponse,
  HttpTransportType,
  type IStreamResult,
  NullLogger,
  Subject,
  TransferFormat,
} from '@microsoft/signalr';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { within } from '../harness/deadline.ts';
import { type ClientOptions, OfficialClient } from '../harness/officialClient.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { WorkerInstance } from '../harness/workerInstance.ts';

let instance: WorkerInstance | undefined;
let base = '';

beforeAll(async () => {
  instance = await WorkerInstance.start('tests/worker', 'test-worker', {});
  base = instance.url;
});
afterAll(() => instance?.stop());

const TRANSPORTS = ['WebSockets', 'ServerSentEvents', 'LongPolling'] as const;

const WAYS = [
  ['WebSockets', 'json'],
  ['WebSockets', 'messagepack'],
  ['ServerSentEvents', 'json'],
  ['LongPolling', 'json'],
  ['LongPolling', 'messagepack'],
] as const;

const TEXT = '你好，世界！';

/** Ends a connection as a time-out of the server does: clients that reconnect begin to. */
function loseServer({ connection }: OfficialClient): void {
  (connection as unknown as { serverTimeout(): void }).serverTimeout();
}

/** All items of a stream, once it has ended. */
function collect<T>(stream: IStreamResult<T>): Promise<T[]> {
  const items: T[] = [];
  const ended = new Promise<T[]>((resolve, reject) => {
    stream.subscribe({ next: (item) => items.push(item), complete: () => resolve(items), error: reject });
  });
  return within(ended, 'the end of a stream');
}

/** What the client's HTTP client reads at a path. */
async function get(path: string): Promise<string> {
  const { content } = await new DefaultHttpClient(NullLogger.instance).get(base + path);
  return `${content}`;
}

/** The connection below a hub's, which the package does not export. */
interface RawConnection {
  onreceive: ((data: unknown) => void) | null;
  onclose: ((error?: Error) => void) | null;
  start(format: TransferFormat): Promise<void>;
  send(data: string | ArrayBuffer): Promise<void>;
  stop(): Promise<void>;
}

const folder = createRequire(import.meta.url)
  .resolve('@microsoft/signalr')
  .replace(/index\.js$/, '');
const { HttpConnection } = createRequire(import.meta.url)(`${folder}HttpConnection.js`) as {
  HttpConnection: new (url: string, options: object) => RawConnection;
};

describe.each(WAYS)('/testhub by %s, in %s', (name, protocol) => {
  const transport = HttpTransportType[name];
  const connect = (options: ClientOptions = {}, path = '/testhub') =>
    OfficialClient.connect(base + path, { transport, protocol, ...options });

  test('a method is invoked with and without an answer', async () => {
    const client = await connect();
    await expect(client.invoke('Echo', TEXT)).resolves.toBe(TEXT);
    await client.connection.send('Echo', TEXT);
    await client.stop();
    await expect(client.end()).resolves.toBeUndefined();
  });

  test('the client is called, under names of any case', async () => {
    const client = await connect({ events: ['mEssage', 'CustomObject'] });
    await client.invoke('InvokeWithString', TEXT);
    await expect(client.events.next()).resolves.toEqual(['mEssage', TEXT]);
    await client.connection.send('SendCustomObject', { Name: 'test', Value: 42 });
    await expect(client.events.next()).resolves.toEqual(['CustomObject', { Name: 'test', Value: 42 }]);
    await client.stop();
  });

  test('streams come to their end, or are cancelled', async () => {
    const client = await connect({ events: ['StreamCanceled'] });
    await expect(collect(client.connection.stream('Stream'))).resolves.toEqual(['a', 'b', 'c']);
    await expect(collect(client.connection.stream('EmptyStream'))).resolves.toEqual([]);
    const infinite = client.connection.stream('InfiniteStream').subscribe({ next() {}, complete() {}, error() {} });
    infinite.dispose();
    await expect(client.events.next()).resolves.toEqual(['StreamCanceled']);
    await client.stop();
  });

  test('failures have the texts of ASP.NET Core', async () => {
    const client = await connect();
    const failed = (target: string) =>
      `An unexpected error occurred invoking '${target}' on the server. InvalidOperationException: An error occurred.`;
    const { connection } = client;
    await expect(client.invoke('ThrowException', 'An error occurred.')).rejects.toThrow(failed('ThrowException'));
    await expect(collect(connection.stream('StreamThrowException', 'An error occurred.'))).rejects.toThrow(
      failed('StreamThrowException'),
    );
    for (const target of ['EmptyStream', 'Stream']) {
      const text = `The client attempted to invoke the streaming '${target}' method with a non-streaming invocation.`;
      await expect(client.invoke(target)).rejects.toThrow(text);
    }
    await expect(collect(connection.stream('Echo', '42'))).rejects.toThrow(
      "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.",
    );
    await client.stop();
  });

  test('uploads are read to their end, or to their failure', async () => {
    const client = await connect();
    const upload = (end: (subject: Subject<string>) => void) => {
      const subject = new Subject<string>();
      const concatenated = client.invoke('StreamingConcat', subject);
      for (const part of ['Hello ', 'world', '!']) subject.next(part);
      end(subject);
      return concatenated;
    };
    await expect(upload((subject) => subject.complete())).resolves.toBe('Hello world!');
    await expect(upload((subject) => subject.error(new Error('Something bad')))).rejects.toThrow(
      "An unexpected error occurred invoking 'StreamingConcat' on the server. HubException: Something bad",
    );
    await client.stop();
  });

  test('values of every type come and go', async () => {
    const client = await connect();
    const isJson = protocol === 'json';
    const value = (text: string, base64: string, time: string, numbers: number[]) => ({
      ByteArray: isJson ? base64 : new Uint8Array(Buffer.from(base64, 'base64')),
      DateTime: isJson ? time : new Date(time),
      Guid: '00010203-0405-0607-0706-050403020100',
      IntArray: numbers,
      String: text,
    });
    const ours = value('Hello, World!', 'aGVsbG8=', '2002-04-01T10:20:15Z', [1, 2, 3, 255]);
    await expect(client.invoke('EchoComplexObject', ours)).resolves.toEqual(ours);
    await expect(client.invoke('SendComplexObject')).resolves.toEqual(
      value('hello world', 'AQID', '2000-01-01T00:00:00Z', [1, 2, 3]),
    );
    await client.stop();
  });

  test('a client can be started again, and still hears', async () => {
    const client = await connect({ events: ['Message'] });
    for (const round of [1, 2]) {
      await client.invoke('InvokeWithString', TEXT);
      await expect(client.events.next()).resolves.toEqual(['Message', TEXT]);
      await client.stop();
      if (round === 1) await within(client.connection.start(), 'the client to connect again');
    }
    expect(client.life.all).toEqual(['closed', 'closed']);
  });

  test('a hub that cannot be made ends the connection', async () => {
    const client = new OfficialClient(`${base}/uncreatable`, { transport, protocol });
    const error = await client.connection.start().then(
      () => client.end(),
      (error: Error) => error,
    );
    expect(error?.message).toBe(
      'Server returned an error on close: Connection closed with an error. InvalidOperationException: Unable to resolve ' +
        "service for type 'System.Object' while attempting to activate 'FunctionalTests.UncreatableHub'.",
    );
  });

  test('a client gives the server a result, or an error', async () => {
    const client = await connect();
    const path = `/clientresult/${client.connection.connectionId}`;
    client.connection.on('Result', () => 10);
    await expect(get(path)).resolves.toBe('10');
    client.connection.off('Result');
    client.connection.on('Result', () => {
      throw new Error('from callback');
    });
    await expect(get(path)).resolves.toBe('Error: from callback');
    await client.stop();
  });
});

describe.each(TRANSPORTS)('by %s', (name) => {
  const transport = HttpTransportType[name];
  const connect = (path: string, options: ClientOptions = {}) =>
    OfficialClient.connect(base + path, { transport, ...options });

  test('a token lets in, and nobody comes in without one', async () => {
    const client = await connect('/authorizedhub', { accessTokenFactory: () => get('/generateJwtToken') });
    await expect(client.invoke('Echo', TEXT)).resolves.toBe(TEXT);
    await client.stop();
    await expect(connect('/authorizedhub')).rejects.toThrow(
      "Failed to complete negotiation with the server: Error: Unauthorized: Status code '401'",
    );
  });

  test('cookies of negotiation come back, but for one that has expired', async () => {
    const client = await connect('/testhub');
    await expect(client.invoke('GetCookie', 'testCookie')).resolves.toBe('testValue');
    await expect(client.invoke('GetCookie', 'testCookie2')).resolves.toBe('testValue2');
    await expect(client.invoke('GetCookie', 'fromNegotiate')).resolves.toBe('a value');
    await expect(client.invoke('GetCookie', 'expiredCookie')).resolves.toBe(null);
    await client.stop();
  });

  test('headers of the client arrive, and the transport is known', async () => {
    const client = await connect('/testhub', { headers: { 'X-HEADER': 'VALUE' } });
    await expect(client.invoke('GetHeader', 'X-HEADER')).resolves.toBe('VALUE');
    await expect(client.invoke('GetHeader', 'User-Agent')).resolves.toMatch('Microsoft SignalR/');
    await expect(client.invoke('GetHeader', 'x-other')).resolves.toBe(null);
    await expect(client.invoke('GetActiveTransportName')).resolves.toBe(name);
    await client.stop();
  });

  test('a client that loses the server comes back under another id', async () => {
    const client = await connect('/testhub', { reconnect: [0] });
    const id = client.connection.connectionId;
    await expect(client.invoke('GetCallerConnectionId')).resolves.toBe(id);
    loseServer(client);
    await client.life.take(2);
    expect(client.life.all).toEqual(['reconnecting', 'reconnected']);
    expect(client.connection.connectionId).not.toBe(id);
    await expect(client.invoke('GetCallerConnectionId')).resolves.toBe(client.connection.connectionId);
    await client.stop();
  });

  // To a long-polling client every poll that is answered is a sign of life.
  test.skipIf(name === 'LongPolling')('a client that waits too little for the server gives up', async () => {
    const client = await connect('/testhub');
    client.connection.serverTimeoutInMilliseconds = 1;
    client.connection.invoke('Echo', '').catch(() => {});
    const error = await client.end();
    expect(error?.message).toBe('Server timeout elapsed without receiving a message from the server.');
  });

  // No client lets a WebSocket be redirected.
  const echoes = name === 'WebSockets' ? ['/echo'] : ['/echo', '/echoredirect'];
  test.each(echoes)('%s sends back what it is sent', async (path) => {
    const connection = new HttpConnection(base + path, { transport, logger: NullLogger.instance });
    const closed = new Promise((resolve) => {
      connection.onclose = resolve;
    });
    const received = new Promise((resolve) => {
      connection.onreceive = resolve;
    });
    await within(connection.start(TransferFormat.Text), 'the connection');
    await connection.send('Hello World!');
    await expect(within(received, 'the echo')).resolves.toBe('Hello World!');
    await connection.stop();
    await expect(within(closed, 'the end')).resolves.toBeUndefined();
  });
});

describe('without a choice of transport', () => {
  test('a redirected client reconnects by way of the redirect', async () => {
    const url = `${base}/redirect?numRedirects=0&baseUrl=${base}`;
    const client = await OfficialClient.connect(url, { transport: undefined as never, reconnect: [0] });
    const before = await client.invoke<number>('GetNumRedirects');
    loseServer(client);
    await client.life.take(2);
    await expect(client.invoke('GetCallerConnectionId')).resolves.toBe(client.connection.connectionId);
    await expect(client.invoke<number>('GetNumRedirects')).resolves.toBeGreaterThan(before);
    await client.stop();
  });

  test.each([
    ['json', 'ServerSentEvents'],
    ['messagepack', 'LongPolling'],
  ] as const)('%s without WebSockets goes by %s', async (protocol, transport) => {
    const options = { transport: undefined as never, protocol };
    const client = await OfficialClient.connect(`${base}/TestHub-NoWebSockets`, options);
    await expect(client.invoke('GetActiveTransportName')).resolves.toBe(transport);
    await client.stop();
  });

  test('a client that skips negotiation has no id, and can reconnect', async () => {
    const client = await OfficialClient.connect(`${base}/testhub`, { skipNegotiation: true, reconnect: [0] });
    expect(client.connection.connectionId).toBe(null);
    loseServer(client);
    await client.life.take(2);
    await expect(client.invoke('Echo', 'test')).resolves.toBe('test');
    await client.stop();
  });

  test('a failed negotiation is reported with what the server said', async () => {
    await expect(OfficialClient.connect(`${base}/bad-negotiate`)).rejects.toThrow(
      "Failed to complete negotiation with the server: Error: Some response from server: Status code '400'",
    );
  });

  test('a stopped long-polling client deletes its connection, and its poll ends', async () => {
    const client = new DefaultHttpClient(NullLogger.instance);
    const methods: unknown[] = [];
    let poll: Promise<unknown> | undefined;
    class Watching extends DefaultHttpClient {
      override send(request: HttpRequest): Promise<HttpResponse> {
        const answer = client.send(request);
        methods.push(request.method);
        if (request.method === 'GET') poll = answer;
        return answer;
      }
    }
    const transport = HttpTransportType.LongPolling;
    const httpClient = new Watching(NullLogger.instance);
    const polling = await OfficialClient.connect(`${base}/testhub`, { transport, httpClient });
    const stopped = polling.stop();
    await within(
      Promise.resolve(poll).catch(() => {}),
      'the end of the poll',
    );
    await stopped;
    expect(methods).toContain('DELETE');
  });

  test('a WebSocket of its own is answered, and closes cleanly', async () => {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/echo`);
    const answer = new Promise((resolve) => socket.once('message', (data) => resolve(`${data}`)));
    const code = new Promise((resolve) => socket.once('close', resolve));
    socket.once('open', () => socket.send('message'));
    await expect(within(answer, 'the echo')).resolves.toBe('message');
    socket.close(1000);
    await expect(within(code, 'the close')).resolves.toBe(1000);
  });
});

describe.each(WAYS)('/default by %s, in %s', (name, protocol) => {
  const transport = HttpTransportType[name];
  const connect = (options: ClientOptions = {}, path = '/default') =>
    OfficialClient.connect(base + path, { transport, protocol, ...options });

  test('what the .NET suite calls is there', async () => {
    const client = await connect({ events: ['Echo', 'NoClientHandler'] });
    const { connection } = client;
    await expect(client.invoke('HelloWorld')).resolves.toBe('Hello World!');
    await client.invoke('CallEcho', TEXT);
    await client.invoke('CallHandlerThatDoesntExist');
    await expect(client.events.take(2)).resolves.toEqual([['Echo', TEXT], ['NoClientHandler']]);
    await expect(client.invoke('InvokeException')).rejects.toThrow("'InvokeException' on the server.");
    await expect(collect(connection.stream('Stream', 3))).resolves.toEqual([0, 1, 2]);
    await expect(collect(connection.stream('StreamException'))).rejects.toThrow(
      "'StreamException' on the server. InvalidOperationException: Error occurred while streaming.",
    );
    await expect(collect(connection.stream('StreamBroken'))).rejects.toThrow(
      "The value returned by the streaming method 'StreamBroken' is not a ChannelReader<> or IAsyncEnumerable<>.",
    );
    await client.stop();
  });

  test.each(['StreamEcho', 'StreamEchoInt', 'StreamIAsyncConsumer'])('%s hands a stream back', async (target) => {
    const client = await connect();
    const items = target === 'StreamEcho' ? ['a', 'b', 'c'] : [1, 2, 3];
    const subject = new Subject();
    const echoed = collect(client.connection.stream(target, subject));
    for (const item of items) subject.next(item);
    subject.complete();
    await expect(echoed).resolves.toEqual(items);
    await client.stop();
  });

  test('the request that connected is known', async () => {
    const headers = { 'Super-Insecure-UserName': 'SuperAdmin', 'X-test': '42' };
    const client = await connect({ headers });
    await expect(client.invoke('GetUserIdentifier')).resolves.toBe('SuperAdmin');
    await expect(client.invoke('GetHeaderValues', ['X-test', 'X-none'])).resolves.toEqual(['42', null]);
    await expect(client.invoke('GetCookieValue', 'fromNegotiate')).resolves.toBe('a value');
    await expect(client.invoke('GetHttpProtocol')).resolves.toBe('HTTP/1.1');
    const port = Number(new URL(base).port);
    await expect(client.invoke('GetIHttpConnectionFeatureProperties')).resolves.toEqual([
      port,
      expect.any(Number),
      '127.0.0.1',
      '127.0.0.1',
    ]);
    await client.stop();
  });

  test('a connection is closed by its hub, or because a result cannot be written', async () => {
    const aborted = await connect();
    await aborted.invoke('Abort').catch(() => {});
    await aborted.end();
    const broken = await connect();
    await expect(broken.invoke('GetUnserializableObject')).rejects.toThrow('Connection closed with an error.');
    expect((await broken.end())?.message).toContain('Connection closed with an error.');
  });

  test('a redirect brings its token along', async () => {
    const client = await connect({}, '/Redirect/anything');
    await expect(client.invoke('Echo', TEXT)).resolves.toBe(TEXT);
    await client.stop();
  });

  test('what the Swift suite calls is there', async () => {
    const client = await connect({ events: ['EchoBack'] }, '/test');
    const { connection } = client;
    for (const value of ['hello', 1, 1.5, true, [1, 2, 3], { key: 'value' }]) {
      await client.invoke('Echo', TEXT, value);
      await expect(client.events.next()).resolves.toEqual(['EchoBack', TEXT, value]);
      await expect(client.invoke('Invoke', TEXT, value)).resolves.toEqual(value);
    }
    await client.invoke('InvokeWithoutReturn', TEXT);
    connection.on('ClientResult', (text: string) => text);
    await client.invoke('InvokeWithClientResult', TEXT);
    connection.off('ClientResult');
    connection.on('ClientResult', () => null);
    await client.invoke('invokeWithEmptyClientResult', TEXT);
    await expect(client.events.take(2)).resolves.toEqual([
      ['EchoBack', TEXT],
      ['EchoBack', 'received'],
    ]);
    const numbers = () => {
      const subject = new Subject<number>();
      setTimeout(() => {
        for (const number of [1, 2, 3]) subject.next(number);
        subject.complete();
      });
      return subject;
    };
    await expect(client.invoke('AddNumbers', 10, numbers())).resolves.toBe(16);
    await expect(collect(connection.stream('Count', 10, numbers()))).resolves.toEqual([11, 12, 13]);
    await expect(collect(connection.stream('Stream'))).resolves.toEqual(['a', 'b', 'c']);
    await client.stop();
  });

  test('what the Python suite calls is there', async () => {
    const client = await connect({ events: ['ReceiveMessage'], reconnect: [0] }, `/@${name}-${protocol}/chatHub`);
    await client.invoke('SendMessage', 'user', TEXT);
    await expect(client.events.next()).resolves.toEqual(['ReceiveMessage', 'user', TEXT]);
    await expect(client.invoke('SendMessage', 'user')).rejects.toThrow('Invocation provides 1 argument(s)');
    await expect(client.invoke('ThrowException', 'msg')).rejects.toThrow('HubException: msg');
    await expect(collect(client.connection.stream('Counter', 3, 1))).resolves.toEqual([0, 1, 2]);
    await client.connection.send('DisconnectMe');
    await client.life.take(2);
    expect(client.life.all).toEqual(['reconnecting', 'reconnected']);
    await client.stop();
  });
});

describe('other hosts', () => {
  test('a user who logs in may chat', async () => {
    const login = async (password: string) => {
      const body = JSON.stringify({ username: 'test', password });
      return fetch(`${base}/users/authenticate`, { method: 'POST', body });
    };
    expect((await login('ff')).status).toBe(400);
    const { token } = (await (await login('test')).json()) as { token: string };
    const options = { events: ['ReceiveMessage'], accessTokenFactory: () => token };
    const client = await OfficialClient.connect(`${base}/authHub`, options);
    await client.invoke('SendMessage', TEXT);
    await expect(client.events.next()).resolves.toEqual(['ReceiveMessage', TEXT]);
    await client.stop();
    await expect(OfficialClient.connect(`${base}/authHub`)).rejects.toThrow("Status code '401'");
  });

  test('the version of negotiation has a minimum', async () => {
    await expect(OfficialClient.connect(`${base}/negotiateProtocolVersion12`)).rejects.toThrow(
      "The client requested version '1', but the server does not support this version.",
    );
    const client = await OfficialClient.connect(`${base}/negotiateProtocolVersionNegative`);
    await client.stop();
  });

  test.each(PROTOCOLS)('in %s: an event that cannot be written closes those it is for', async (protocol) => {
    const client = await OfficialClient.connect(`${base}/default`, { protocol });
    await client.invoke('CallWithUnserializableObject').catch(() => {});
    await expect(client.end()).resolves.toMatchObject({
      message: expect.stringContaining('Server returned an error on close: Connection closed with an error.'),
    });
  });

  test('a token has the name that is asked for', async () => {
    const [, claims = ''] = (await get('/generateJwtToken/somebody')).split('.');
    expect(JSON.parse(`${Buffer.from(claims, 'base64url')}`)).toMatchObject({ nameid: 'somebody' });
  });

  test('stateful reconnect is offered', async () => {
    const client = await OfficialClient.connect(`${base}/default`, { skipNegotiation: false, stateful: true });
    await expect(client.invoke('Echo', TEXT)).resolves.toBe(TEXT);
    await client.stop();
    const negotiated = await fetch(`${base}/default/negotiate?negotiateVersion=1&useStatefulReconnect=true`, {
      method: 'POST',
    });
    await expect(negotiated.json()).resolves.toMatchObject({ useStatefulReconnect: true });
    expect(negotiated.headers.getSetCookie().map((cookie) => cookie.split('=')[0])).toEqual([
      'testCookie',
      'testCookie2',
      'fromNegotiate',
      'expiredCookie',
    ]);
  });
});
