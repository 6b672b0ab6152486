// What ElevenLabs Agents refuse: of an agent that is made, of overrides, and of messages.

type Json = Record<string, any>;

/** The members of each message of a client, beside `type`; those with `!` must be there. */
const CLIENT_MESSAGES: Record<string, string[]> = {
  conversation_initiation_client_data: [
    'conversation_config_override',
    'custom_llm_extra_body',
    'dynamic_variables',
    'user_id',
    'source_info',
  ],
  pong: ['event_id!'],
  user_message: ['text!'],
  user_activity: [],
  contextual_update: ['text!', 'context_id'],
  client_tool_result: ['tool_call_id!', 'result!', 'is_error!'],
};

/** What is wrong with a client's message, if anything is. */
export function faultOfMessage(message: Json, isInitiated: boolean): string | undefined {
  const { type, ...rest } = message;
  if ((type === 'conversation_initiation_client_data') === isInitiated) {
    return isInitiated ? 'initiated twice' : 'not initiated';
  }
  if (type === undefined) return faultOfAudio(rest);
  const members = CLIENT_MESSAGES[type];
  if (members === undefined) return `unknown message ${type}`;
  const unknown = Object.keys(rest).find((member) => !members.includes(member) && !members.includes(`${member}!`));
  if (unknown !== undefined) return `unknown member ${type}.${unknown}`;
  const missing = members.find((member) => member.endsWith('!') && rest[member.slice(0, -1)] === undefined);
  if (missing !== undefined) return `no ${type}.${missing.slice(0, -1)}`;
  const text = rest.text ?? rest.result ?? '';
  return typeof text === 'string' ? undefined : `${type} is no text`;
}

function faultOfAudio(message: Json): string | undefined {
  const { user_audio_chunk: chunk, ...rest } = message;
  if (typeof chunk !== 'string' || Object.keys(rest).length > 0) return 'a message without a type';
  const audio = Buffer.from(chunk, 'base64');
  if (audio.toString('base64') !== chunk) return 'audio is no base64';
  return audio.length % 2 === 0 ? undefined : 'audio has half a sample';
}

/** The first member of the overrides that the agent does not allow. */
export function refusedOverride(overrides: Json, allowed: Json): string | undefined {
  for (const [name, value] of Object.entries(overrides)) {
    if (allowed[name] === true) continue;
    const isGroup = typeof value === 'object' && value !== null && typeof allowed[name] === 'object';
    const refused = isGroup ? refusedOverride(value, allowed[name]) : name;
    if (refused !== undefined) return refused;
  }
  return undefined;
}

const AGENT_MEMBERS = ['name', 'conversation_config', 'platform_settings'];
const CONFIG_MEMBERS = ['agent', 'asr', 'tts', 'conversation', 'turn'];
const FORMATS = ['pcm_8000', 'pcm_16000', 'pcm_22050', 'pcm_24000', 'pcm_44100', 'pcm_48000', 'ulaw_8000'];
const CLIENT_EVENTS = [
  'conversation_initiation_metadata',
  'ping',
  'audio',
  'interruption',
  'user_transcript',
  'tentative_user_transcript',
  'agent_response',
  'agent_response_correction',
  'agent_response_complete',
  'agent_chat_response_part',
  'client_tool_call',
  'vad_score',
];

/** What is wrong with an agent that is to be made, if anything is. */
export function faultOfAgent(body: Json): string | undefined {
  const config = body.conversation_config ?? {};
  const unknown =
    Object.keys(body).find((member) => !AGENT_MEMBERS.includes(member)) ??
    Object.keys(config).find((member) => !CONFIG_MEMBERS.includes(member)) ??
    config.conversation?.client_events?.find((event: string) => !CLIENT_EVENTS.includes(event));
  if (unknown !== undefined) return `unknown ${unknown}`;
  const formats = [config.asr?.user_input_audio_format, config.tts?.agent_output_audio_format];
  if (!formats.every((format) => format === undefined || FORMATS.includes(format))) return `formats ${formats}`;
  for (const tool of config.agent?.prompt?.tools ?? []) {
    if (tool.type !== 'client' || !tool.name || !tool.description) return 'a tool of no client';
    const fault = faultOfSchema(tool.parameters);
    if (fault !== undefined) return `${tool.name}: ${fault}`;
  }
  return undefined;
}

function faultOfSchema(schema: Json): string | undefined {
  if (schema.$ref !== undefined) return '$ref';
  if (schema.enum !== undefined && schema.type !== 'string') return `enum of ${schema.type}`;
  const children: Json[] = [...Object.values<Json>(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])];
  if (children.length === 0 && schema.type !== 'object' && !schema.description) return 'a leaf without a description';
  return children.map(faultOfSchema).find((fault) => fault !== undefined);
}
