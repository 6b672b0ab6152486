// Every operation of the cases, by name.

import type { Step } from '../cases.ts';
import type { Transcript } from '../transcript.ts';
import type { World } from '../world.ts';
import { connect } from './connect.ts';
import { loop, parallel, pausePolling, wait } from './flow.ts';
import { assertFrame, assertNone, expectSilence, recvCount, recvSequence, recvSet } from './observing.ts';
import { officialClient } from './officialClient.ts';
import { recv, recvRaw, recvRawAll } from './receiving.ts';
import { assertPending, awaitRequest, http, httpSized } from './requests.ts';
import { send, sendRaw, sendSized } from './sending.ts';
import { assertServer, autoReply, checkTranscript, externalSuite, serverApi, upstream } from './server.ts';
import { abort, expectClosed, expectOldSocketClosed, wsClose, wsKill, wsOpen, wsReopen } from './sockets.ts';
import { readStream, readStreamMsg } from './streams.ts';

export type Operation = (world: World, step: Step) => Promise<void>;

export function vocabulary(transcript: Transcript): Record<string, Operation> {
  return {
    abort,
    assertFrame,
    assertNone,
    assertPending,
    assertServer,
    autoReply,
    await: awaitRequest,
    checkTranscript: checkTranscript(transcript),
    connect,
    expectClosed,
    expectOldSocketClosed,
    expectSilence,
    externalSuite,
    http,
    httpSized,
    loop,
    officialClient,
    parallel,
    pausePolling,
    readStream,
    readStreamMsg,
    recv,
    recvCount,
    recvRaw,
    recvRawAll,
    recvSequence,
    recvSet,
    send,
    sendRaw,
    sendSized,
    serverApi,
    upstream,
    wait,
    wsClose,
    wsKill,
    wsOpen,
    wsReopen,
  };
}
