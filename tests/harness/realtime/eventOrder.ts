// The order of server events that a client of OpenAI's realtime protocol relies on, checked one event after another: of the
// GA protocol, and of its beta, whose names are taken for GA's.

type Event = Record<string, any>;

/** What was told out of order to any client of this process, until somebody takes it away. */
export const brokenRules: string[] = [];

/** Names of the beta that GA has otherwise. */
const BETA_NAMES: Record<string, string> = {
  'response.text.delta': 'response.output_text.delta',
  'response.text.done': 'response.output_text.done',
  'response.audio.delta': 'response.output_audio.delta',
  'response.audio.done': 'response.output_audio.done',
  'response.audio_transcript.delta': 'response.output_audio_transcript.delta',
  'response.audio_transcript.done': 'response.output_audio_transcript.done',
};

const STATUSES = ['completed', 'cancelled', 'incomplete', 'failed'];

interface Part {
  index: number;
  isAudio: boolean;
  text: string;
  textDone: boolean;
  audioDone: boolean;
}

interface OpenItem {
  id: string;
  type: string;
  parts: number;
  part?: Part | undefined;
  arguments: string;
  argumentsDone: boolean;
}

interface OpenResponse {
  isOutOfBand: boolean;
  item?: OpenItem | undefined;
  done: string[];
}

/** One client's events. What breaks a rule is written down in `broken` and in `brokenRules`. */
export class EventOrder {
  readonly broken: string[] = [];
  readonly #dialect: 'ga' | 'beta';
  readonly #eventIds = new Set<string>();
  #isCreated = false;
  /** Items in the order of the conversation. */
  readonly #items: string[] = [];
  readonly #done = new Set<string>();
  readonly #spoken = new Set<string>();
  readonly #transcribed = new Set<string>();
  readonly #responses = new Map<string, OpenResponse>();
  readonly #finished = new Set<string>();
  #speech: { id: string; start: number; end?: number } | undefined;
  #lastSpeechEnd = 0;
  /** What must come next, if something must. */
  #next: { type: string; id: string } | undefined;

  constructor(dialect: 'ga' | 'beta' = 'ga') {
    this.#dialect = dialect;
  }

  /** Whether nothing that was begun is open. */
  get isAtRest(): boolean {
    const isDone = (id: string) => this.#done.has(id) || this.#dialect === 'beta';
    return this.#responses.size === 0 && this.#next === undefined && this.#items.every(isDone);
  }

  check(event: Event): void {
    try {
      this.#check({ ...event, type: this.#name(event.type) });
    } catch (error) {
      const rule = `${error instanceof Error ? error.message : error}: ${JSON.stringify(event).slice(0, 300)}`;
      this.broken.push(rule);
      brokenRules.push(rule);
    }
  }

  #name(type: string): string {
    if (this.#dialect === 'ga') return type;
    if (type === 'conversation.item.created') return 'conversation.item.added';
    if (type in BETA_NAMES) return BETA_NAMES[type] as string;
    const isGa = Object.values(BETA_NAMES).includes(type) || /^conversation\.item\.(added|done)$/.test(type);
    return isGa ? `${type} (of GA)` : type;
  }

  #check(event: Event): void {
    const { type } = event;
    must(typeof event.event_id === 'string' && !this.#eventIds.has(event.event_id), 'each event has an id of its own');
    this.#eventIds.add(event.event_id);
    if (type !== 'error') must(this.#isCreated === (type !== 'session.created'), 'session.created is the first');
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined)
      must(type === next.type && event.item?.id === next.id, `${next.type} of ${next.id} is next`);
    const rule = RULES[type];
    must(rule !== undefined, 'the event is one of OpenAI’s');
    rule?.call(this, event);
  }

  sessionCreated({ session }: Event): void {
    this.#isCreated = true;
    must(typeof session.model === 'string', 'a session has a model');
  }

  error({ error }: Event): void {
    must(typeof error.type === 'string' && typeof error.message === 'string', 'an error has a type and a message');
  }

  speechStarted({ item_id: id, audio_start_ms: start }: Event): void {
    must(this.#speech === undefined || this.#speech.end !== undefined, 'no speech in a speech');
    must(!this.#items.includes(id), 'speech becomes a new item');
    must(start >= this.#lastSpeechEnd, 'speech does not begin before the last one ended');
    this.#speech = { id, start };
  }

  speechStopped({ item_id: id, audio_end_ms: end }: Event): void {
    const speech = this.#speech;
    must(speech !== undefined && speech.end === undefined && speech.id === id, 'speech stops that has started');
    must(end >= (speech?.start ?? 0), 'speech stops after it started');
    if (speech !== undefined) speech.end = end;
    this.#lastSpeechEnd = end;
  }

  committed({ item_id: id, previous_item_id: previous }: Event): void {
    if (this.#speech !== undefined) {
      must(this.#speech.end !== undefined && this.#speech.id === id, 'what is committed was spoken to its end');
      this.#speech = undefined;
    }
    must(!this.#items.includes(id), 'it is committed once');
    must((previous ?? undefined) === this.#items.at(-1), 'previous_item_id is the last item');
    this.#spoken.add(id);
    this.#next = { type: 'conversation.item.added', id };
  }

  itemAdded({ item, previous_item_id: previous }: Event): void {
    must(item.object === 'realtime.item', 'object is realtime.item');
    must(!this.#items.includes(item.id), 'an item is added once');
    must(previous == null || this.#items.includes(previous), 'the item before is there');
    this.#items.splice(previous == null ? 0 : this.#items.indexOf(previous) + 1, 0, item.id);
  }

  itemDone({ item }: Event): void {
    must(this.#items.includes(item.id), 'an item is added before it is done');
    // What an assistant said is corrected by being done again.
    must(!this.#done.has(item.id) || item.role === 'assistant', 'an item is done once');
    this.#done.add(item.id);
  }

  itemKnown({ item, item_id: id }: Event): void {
    must(this.#items.includes(item?.id ?? id), 'the item is there');
  }

  itemDeleted(event: Event): void {
    this.itemKnown(event);
    this.#items.splice(this.#items.indexOf(event.item_id), 1);
  }

  transcriptDelta({ item_id: id }: Event): void {
    must(this.#spoken.has(id) && !this.#transcribed.has(id), 'what is transcribed was spoken, and is not yet complete');
  }

  transcriptDone(event: Event): void {
    this.transcriptDelta(event);
    this.#transcribed.add(event.item_id);
  }

  responseCreated({ response }: Event): void {
    const isOutOfBand = this.#dialect === 'ga' && response.conversation_id === null;
    must(!this.#responses.has(response.id) && !this.#finished.has(response.id), 'a response is created once');
    const inBand = [...this.#responses.values()].filter((other) => !other.isOutOfBand);
    must(isOutOfBand || inBand.length === 0, 'one response at a time');
    must(response.status === 'in_progress' && response.output.length === 0, 'a new response is empty');
    this.#responses.set(response.id, { isOutOfBand, done: [] });
  }

  responseDone({ response }: Event): void {
    const open = this.#responses.get(response.id);
    must(open !== undefined, 'a response is created before it is done');
    must(open?.item === undefined, 'its items are done before it is');
    must(STATUSES.includes(response.status), 'its status is final');
    must(
      (response.status_details == null) === (response.status === 'completed'),
      'status_details say why, if not completed',
    );
    const ids = response.output.map((item: Event) => item.id);
    must(JSON.stringify(ids) === JSON.stringify(open?.done), 'its output are its items');
    must(response.usage == null || Number.isInteger(response.usage.total_tokens), 'usage is counted in tokens');
    this.#responses.delete(response.id);
    this.#finished.add(response.id);
  }

  outputItemAdded({ item, response_id: id, output_index: index }: Event): void {
    const response = this.#response(id);
    must(response.item === undefined, 'no item in an item');
    must(index === response.done.length, 'output_index counts the items');
    must(!this.#items.includes(item.id), 'the item is new');
    response.item = { id: item.id, type: item.type, parts: 0, arguments: '', argumentsDone: false };
    if (!response.isOutOfBand) this.#next = { type: 'conversation.item.added', id: item.id };
  }

  outputItemDone({ item, response_id: id, output_index: index }: Event): void {
    const response = this.#response(id);
    const open = response.item;
    must(open !== undefined && open.id === item.id, 'an item is added before it is done');
    must(open?.part === undefined, 'its parts are done before it is');
    must(index === response.done.length, 'output_index counts the items');
    if (item.type === 'message') must(item.content.length === open?.parts, 'its content are its parts');
    if (item.type === 'function_call') {
      must(open?.argumentsDone === true && open.arguments === item.arguments, 'its arguments are those of the deltas');
    }
    must(['completed', 'incomplete'].includes(item.status), 'its status is final');
    response.item = undefined;
    response.done.push(item.id);
    if (!response.isOutOfBand && this.#dialect === 'ga') this.#next = { type: 'conversation.item.done', id: item.id };
  }

  partAdded(event: Event): void {
    const item = this.#item(event);
    must(item.type === 'message', 'only messages have parts');
    must(item.part === undefined && event.content_index === item.parts, 'one part after another');
    const isAudio = event.part.type === 'audio';
    item.part = { index: event.content_index, isAudio, text: '', textDone: false, audioDone: false };
  }

  partDone(event: Event): void {
    const item = this.#item(event);
    const part = this.#part(event);
    must((event.part.type === 'audio') === part.isAudio, 'a part stays what it is');
    must(part.textDone && part.audioDone === part.isAudio, 'its text and its audio are done before it is');
    must((part.isAudio ? event.part.transcript : event.part.text) === part.text, 'its text is that of the deltas');
    item.part = undefined;
    item.parts += 1;
  }

  audioDelta(event: Event): void {
    const part = this.#part(event);
    must(part.isAudio && !part.audioDone, 'audio comes within its part');
    must(Buffer.from(event.delta, 'base64').length > 0, 'a delta has audio');
  }

  audioDone(event: Event): void {
    const part = this.#part(event);
    must(part.isAudio && !part.audioDone, 'audio is done once');
    part.audioDone = true;
  }

  textDelta(event: Event): void {
    const part = this.#part(event);
    must(part.isAudio === event.type.includes('transcript') && !part.textDone, 'text comes within its part');
    part.text += event.delta;
  }

  textDone(event: Event): void {
    const part = this.#part(event);
    must(part.isAudio === event.type.includes('transcript') && !part.textDone, 'text is done once');
    part.textDone = true;
    must((event.transcript ?? event.text) === part.text, 'the text is that of the deltas');
  }

  argumentsDelta(event: Event): void {
    const item = this.#item(event);
    must(item.type === 'function_call' && !item.argumentsDone, 'arguments come within their call');
    item.arguments += event.delta;
  }

  argumentsDone(event: Event): void {
    const item = this.#item(event);
    must(item.type === 'function_call' && !item.argumentsDone, 'arguments are done once');
    must(item.arguments === event.arguments, 'the arguments are those of the deltas');
    must(typeof event.call_id === 'string', 'a call has an id');
    item.argumentsDone = true;
  }

  #response(id: string): OpenResponse {
    const response = this.#responses.get(id);
    if (response === undefined) throw new Error('the response is going on');
    return response;
  }

  #item(event: Event): OpenItem {
    const response = this.#response(event.response_id);
    const { item } = response;
    if (item === undefined || item.id !== event.item_id) throw new Error('the item is open');
    must(event.output_index === response.done.length, 'output_index counts the items');
    return item;
  }

  #part(event: Event): Part {
    const { part } = this.#item(event);
    if (part === undefined || part.index !== event.content_index) throw new Error('the part is open');
    return part;
  }
}

type Rule = (this: EventOrder, event: Event) => void;

const nothing: Rule = () => {};
const { prototype: rules } = EventOrder;

/** What is checked of each event. */
const RULES: Record<string, Rule> = {
  error: rules.error,
  'session.created': rules.sessionCreated,
  'session.updated': nothing,
  'conversation.created': nothing,
  'rate_limits.updated': nothing,
  'input_audio_buffer.cleared': nothing,
  'input_audio_buffer.speech_started': rules.speechStarted,
  'input_audio_buffer.speech_stopped': rules.speechStopped,
  'input_audio_buffer.committed': rules.committed,
  'conversation.item.added': rules.itemAdded,
  'conversation.item.done': rules.itemDone,
  'conversation.item.retrieved': rules.itemKnown,
  'conversation.item.truncated': rules.itemKnown,
  'conversation.item.deleted': rules.itemDeleted,
  'conversation.item.input_audio_transcription.delta': rules.transcriptDelta,
  'conversation.item.input_audio_transcription.completed': rules.transcriptDone,
  'conversation.item.input_audio_transcription.failed': rules.transcriptDone,
  'response.created': rules.responseCreated,
  'response.done': rules.responseDone,
  'response.output_item.added': rules.outputItemAdded,
  'response.output_item.done': rules.outputItemDone,
  'response.content_part.added': rules.partAdded,
  'response.content_part.done': rules.partDone,
  'response.output_audio.delta': rules.audioDelta,
  'response.output_audio.done': rules.audioDone,
  'response.output_audio_transcript.delta': rules.textDelta,
  'response.output_audio_transcript.done': rules.textDone,
  'response.output_text.delta': rules.textDelta,
  'response.output_text.done': rules.textDone,
  'response.function_call_arguments.delta': rules.argumentsDelta,
  'response.function_call_arguments.done': rules.argumentsDone,
};

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(rule);
}
