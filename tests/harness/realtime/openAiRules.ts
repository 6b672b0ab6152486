// What OpenAI refuses of a client's events, and where ElevenLabs' door for the same protocol differs.

/** Who speaks OpenAI's protocol. */
export interface OpenAiDialect {
  protocol: string;
  path: string;
  /** The fields of a session. */
  sessionFields: string[];
  /** The formats of audio; PCM at 24 kHz is one always. */
  formats: string[];
  isToolChoice(choice: any): boolean;
}

const SESSION_FIELDS = [
  'type',
  'model',
  'instructions',
  'output_modalities',
  'audio',
  'tools',
  'tool_choice',
  'tracing',
];

export const OPENAI_DIALECT: OpenAiDialect = {
  protocol: 'openai',
  path: '/v1/realtime',
  sessionFields: [
    ...SESSION_FIELDS,
    'max_output_tokens',
    'parallel_tool_calls',
    'reasoning',
    'truncation',
    'prompt',
    'include',
  ],
  formats: ['audio/pcmu', 'audio/pcma'],
  isToolChoice: (choice) => typeof choice === 'string' || typeof choice.name === 'string',
};

export const ELEVENLABS_DIALECT: OpenAiDialect = {
  protocol: 'elevenlabs-realtime',
  path: '/v1/convai/realtime',
  sessionFields: [...SESSION_FIELDS, 'temperature', 'max_response_output_tokens', 'max_duration_seconds'],
  formats: ['audio/pcmu'],
  isToolChoice: (choice) => typeof choice === 'string' || typeof choice.function?.name === 'string',
};

/** The fields that each client event may have, beside `type` and `event_id`; those with `!` must be there. */
const CLIENT_EVENTS: Record<string, string[]> = {
  'session.update': ['session!'],
  'input_audio_buffer.append': ['audio!'],
  'input_audio_buffer.commit': [],
  'input_audio_buffer.clear': [],
  'conversation.item.create': ['item!', 'previous_item_id'],
  'conversation.item.retrieve': ['item_id!'],
  'conversation.item.truncate': ['item_id!', 'content_index!', 'audio_end_ms!'],
  'conversation.item.delete': ['item_id!'],
  'response.create': ['response'],
  'response.cancel': ['response_id'],
};

/** What is wrong with a client's event, if anything is. */
export function faultOfEvent(event: Record<string, any>, dialect: OpenAiDialect): string | undefined {
  const { type, event_id, ...rest } = event;
  const fields = CLIENT_EVENTS[type];
  if (fields === undefined) return `unknown event ${type}`;
  if (event_id !== undefined && (typeof event_id !== 'string' || event_id.length > 512)) return 'a wrong event_id';
  const known = fields.map((field) => field.replace('!', ''));
  const unknown = Object.keys(rest).find((field) => !known.includes(field));
  if (unknown !== undefined) return `unknown field ${unknown}`;
  const missing = fields.find((field) => field.endsWith('!') && rest[field.slice(0, -1)] === undefined);
  if (missing !== undefined) return `no ${missing.slice(0, -1)}`;
  if (type === 'session.update') return faultOfSession(rest.session, dialect);
  if (type === 'input_audio_buffer.append') return faultOfAudio(rest.audio);
  if (type === 'conversation.item.create') return faultOfItem(rest.item);
  return undefined;
}

function faultOfSession(session: Record<string, any>, dialect: OpenAiDialect): string | undefined {
  if (session.type !== 'realtime') return 'session.type must be realtime';
  const unknown = Object.keys(session).find((field) => !dialect.sessionFields.includes(field));
  if (unknown !== undefined) return `unknown field session.${unknown}`;
  for (const side of ['input', 'output']) {
    const format = session.audio?.[side]?.format;
    if (format === undefined) continue;
    const isPcm = format.type === 'audio/pcm' && format.rate === 24000;
    if (!isPcm && !dialect.formats.includes(format.type)) return `a wrong session.audio.${side}.format`;
  }
  if (session.tool_choice !== undefined && !dialect.isToolChoice(session.tool_choice)) return 'session.tool_choice';
  const modalities = session.output_modalities;
  return modalities === undefined || modalities.length === 1 ? undefined : 'one output modality at a time';
}

function faultOfAudio(text: unknown): string | undefined {
  if (typeof text !== 'string' || Buffer.from(text, 'base64').toString('base64') !== text) return 'audio is no base64';
  return Buffer.from(text, 'base64').length % 2 === 0 ? undefined : 'audio has half a sample';
}

function faultOfItem(item: Record<string, any>): string | undefined {
  if (item.id !== undefined && item.id.length > 32) return 'item.id is too long';
  if (item.type === 'function_call_output') return item.call_id === undefined ? 'no item.call_id' : undefined;
  if (item.type !== 'message') return `unknown item.type ${item.type}`;
  const kinds: Record<string, string[]> = {
    system: ['input_text'],
    user: ['input_text', 'input_audio', 'input_image'],
    assistant: ['output_text', 'output_audio'],
  };
  const allowed = kinds[item.role];
  if (allowed === undefined) return `unknown item.role ${item.role}`;
  const wrong = item.content?.find((part: { type: string }) => !allowed.includes(part.type));
  return wrong === undefined ? undefined : `item.content of ${wrong.type}`;
}
