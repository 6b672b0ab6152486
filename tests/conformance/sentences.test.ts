// What is true of an answer, in the words of the cases.

import { expect, test } from 'vitest';
import { Skip } from './problems.ts';
import { judge } from './sentences.ts';

const ID = 'abcdefghijklmnopqrstuv';

const SUBJECT = {
  status: 200,
  elapsedMs: 5,
  headers: { 'access-control-allow-methods': 'GET, POST,DELETE', 'content-length': '92' },
  body: Buffer.from(`{"connectionId":"${ID}","connectionToken":"${ID}${ID}","n":{"seconds":597}}`),
};

test.each([
  'no property of the JSON is null',
  'body is a JSON object without trailing newline or BOM',
  'allow-methods contains DELETE',
  'allow-methods contains GET, POST and DELETE',
  'no Sec-WebSocket-Protocol response header',
  'no compression / buffering; response starts before any message exists',
  '595 <= n.seconds <= 600',
  'connectionId != connectionToken',
  'connectionId and connectionToken differ',
  'connectionToken is 22 characters of base64url',
  'properties in this order: connectionId, connectionToken',
])('true: %s', (sentence) => {
  expect(judge(sentence, SUBJECT)).toBeUndefined();
});

test.each([
  'Content-Length equals body length',
  'allow-methods contains PATCH',
  'no Content-Length response header',
  '1 <= n.seconds <= 2',
  'properties in this order: connectionToken, connectionId',
  'empty body',
])('untrue: %s', (sentence) => {
  expect(judge(sentence, SUBJECT)).toEqual(expect.any(String));
});

test('a sentence that nobody knows is not taken as true', () => {
  expect(() => judge('the answer is pleasant', SUBJECT)).toThrow(Skip);
});
