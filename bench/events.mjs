// The events that are posted, and the very bytes that each must arrive as.

const SEPARATOR = '\u001e';

/**
 * Bytes of every record, its separator included: about those of a progress report with a short message. They are the
 * same for all kinds of event, so that what is compared differs in its making only.
 */
const RECORD_BYTES = 192;

/**
 * @typedef {object} BenchEvent
 * @property {string} type of the CloudEvent
 * @property {object} data of the CloudEvent
 * @property {string} record what a JSON connection must receive, and what the raw object is given to send
 */

/**
 * A new task: durable.
 *
 * @param {string} taskId
 * @returns {BenchEvent}
 */
export function taskStarted(taskId) {
  const taskType = 'benchmark';
  const { record, padding } = padded('TaskStarted', (note) => [taskId, taskType, { note }]);
  return { type: 'TaskStarted', data: { taskId, taskType, metadata: { note: padding } }, record };
}

/**
 * Progress of a task: ephemeral. It must grow, else it is stale.
 *
 * @param {string} taskId
 * @param {number} percentComplete
 * @returns {BenchEvent}
 */
export function taskProgress(taskId, percentComplete) {
  const { record, padding } = padded('TaskProgress', (message) => [taskId, percentComplete, message]);
  return { type: 'TaskProgress', data: { taskId, percentComplete, message: padding }, record };
}

/**
 * An invocation in SignalR's JSON protocol, with as much padding as makes it `RECORD_BYTES` long.
 *
 * @param {string} target
 * @param {(padding: string) => unknown[]} argumentsWith
 */
function padded(target, argumentsWith) {
  /** @param {string} padding */
  const invocation = (padding) => JSON.stringify({ type: 1, target, arguments: argumentsWith(padding) }) + SEPARATOR;
  const padding = 'x'.repeat(RECORD_BYTES - invocation('').length);
  return { record: invocation(padding), padding };
}
