// A call to a double of a provider, straight and through Conduit Edge: the same 100 ms of sound in each message.

import { once } from 'node:events';
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { LOCAL_VARS } from '../miniflare.config.js';
import { GEMINI_KEY, GeminiProvider } from '../tests/harness/realtime/geminiProvider.ts';
import { OPENAI_KEY, OpenAiProvider } from '../tests/harness/realtime/openAiProvider.ts';

/** @import { ProviderConnection, ProviderDouble, Sent } from '../tests/harness/realtime/providerServer.ts' */

/**
 * @typedef {object} Line a provider
 * @property {string} name
 * @property {ProviderDouble} provider
 * @property {object} settings of `REALTIME_PROVIDERS`
 * @property {Record<string, string>} vars
 * @property {string} url its socket
 * @property {Record<string, string>} headers
 * @property {object[]} first what a client says first
 * @property {(sound: string) => object} up a message to it with that sound
 * @property {(connection: ProviderConnection) => (sound: Buffer) => void} speak begins an answer, and gives what says more of it
 * @property {() => void} check fails if a message was refused
 */

/**
 * @typedef {object} Call
 * @property {() => Promise<number>} up milliseconds from the client to the provider
 * @property {() => Promise<number>} down milliseconds from the provider to the client
 * @property {() => void} close
 */

const MODEL = 'voice';
const WITHIN_MILLIS = 10_000;

/** 100 ms of PCM16 at 24 kHz. */
const SOUND = Buffer.from(Int16Array.from({ length: 2_400 }, (_, at) => 8_000 * Math.sin(at / 8)).buffer);

/** One that speaks the client's protocol, and one that is translated to, with another sample rate. @returns {Promise<Line[]>} */
export async function lines() {
  const openai = new OpenAiProvider(['gpt-realtime']);
  const gemini = new GeminiProvider();
  for (const provider of [openai, gemini]) await provider.start();
  const check = (/** @type {ProviderDouble} */ provider) => () => {
    if (provider.faults.length > 0) throw new Error(`the provider would have refused ${provider.faults[0]}`);
  };
  const { WebSocketUrl } = /** @type {{ WebSocketUrl: string }} */ (gemini.settings([]));
  return [
    {
      name: 'openai',
      provider: openai,
      settings: openai.settings({ [`openai-${MODEL}`]: 'gpt-realtime' }),
      vars: { PROVIDER_KEY_OPENAI: OPENAI_KEY },
      url: `ws://${openai.host}/v1/realtime?model=gpt-realtime`,
      headers: { authorization: `Bearer ${OPENAI_KEY}` },
      first: [],
      up: (audio) => ({ type: 'input_audio_buffer.append', audio }),
      speak: (connection) => {
        const answer = openai.beginAnswer(connection);
        return (sound) => answer.say('', 100, sound);
      },
      check: check(openai),
    },
    {
      name: 'gemini',
      provider: gemini,
      settings: gemini.settings({ [`gemini-${MODEL}`]: 'gemini-live' }),
      vars: { PROVIDER_KEY_GEMINI: GEMINI_KEY },
      url: WebSocketUrl,
      headers: { 'x-goog-api-key': GEMINI_KEY },
      first: [{ setup: { model: 'models/gemini-live', generationConfig: { responseModalities: ['AUDIO'] } } }],
      up: (data) => ({ realtimeInput: { audio: { mimeType: 'audio/pcm;rate=24000', data } } }),
      speak: (connection) => (sound) => {
        const inlineData = { mimeType: 'audio/pcm;rate=24000', data: sound.toString('base64') };
        gemini.tell(connection, { serverContent: { modelTurn: { parts: [{ inlineData }] } } });
      },
      check: check(gemini),
    },
  ];
}

/** A client that speaks the provider's protocol to the provider. @param {Line} line @returns {Promise<Call>} */
export async function straightCall(line) {
  const socket = new WebSocket(line.url, { headers: line.headers, perMessageDeflate: false });
  const connection = await line.provider.next();
  if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open');
  for (const message of line.first) socket.send(JSON.stringify(message));
  return call(line, socket, connection, line.up);
}

/** A client that speaks OpenAI's protocol to Conduit. @param {Line} line @param {string} origin @returns {Promise<Call>} */
export async function throughConduit(line, origin) {
  const made = await fetch(`${origin}/v1/admin/keys`, {
    method: 'POST',
    headers: { 'x-master-key': LOCAL_VARS.MASTER_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', realtime: true }),
  });
  const { key } = /** @type {{ key: string }} */ (await made.json());
  const url = `${origin.replace(/^http/, 'ws')}/v1/realtime?model=${line.name}-${MODEL}`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` }, perMessageDeflate: false });
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'session.update', session: { type: 'realtime' } }));
  const connection = await line.provider.next();
  await told(socket, (text) => text.includes('"session.updated"'));
  return call(line, socket, connection, (audio) => ({ type: 'input_audio_buffer.append', audio }));
}

/**
 * @param {Line} line
 * @param {WebSocket} socket
 * @param {ProviderConnection} connection
 * @param {(sound: string) => object} message
 * @returns {Promise<Call>}
 */
async function call({ provider, speak }, socket, connection, message) {
  const sound = SOUND.toString('base64');
  const text = JSON.stringify(message(sound));
  const say = speak(connection);
  // The first brings what comes before it.
  const first = told(socket, (heard) => heard.includes(sound));
  say(SOUND);
  await first;
  return {
    up: async () => {
      const arrived = new Promise((resolve) => {
        provider.onMessage = (where, sent) => {
          if (where === connection && isSound(sent)) resolve(undefined);
        };
      });
      const before = performance.now();
      socket.send(text);
      await within(arrived, 'a message to the provider');
      return performance.now() - before;
    },
    down: async () => {
      const arrived = told(socket, (heard) => heard.includes(sound));
      const before = performance.now();
      say(SOUND);
      await arrived;
      return performance.now() - before;
    },
    close: () => socket.close(),
  };
}

/** @param {Sent} sent */
function isSound(sent) {
  return !Buffer.isBuffer(sent) && (sent.audio ?? sent.realtimeInput?.audio) !== undefined;
}

/** The next message that is as described. @param {WebSocket} socket @param {(text: string) => boolean} isIt */
function told(socket, isIt) {
  const heard = new Promise((resolve) => {
    /** @param {import('ws').RawData} data */
    const listen = (data) => {
      if (!isIt(String(data))) return;
      socket.off('message', listen);
      resolve(undefined);
    };
    socket.on('message', listen);
  });
  return within(heard, 'a message to the client');
}

/** @param {Promise<unknown>} promise @param {string} what */
async function within(promise, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not arrive`)), WITHIN_MILLIS);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
