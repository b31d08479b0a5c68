/** `/ws` as docs/WEBSOCKET.md shows it: frames and topics from their schemas, bounds from their constants. */
import { z } from 'zod';
import { QUEUE_LOOK_MS } from '../control/state-feeds.js';
import { MAX_SNAPSHOT_TRADES } from '../control/trades-feed.js';
import { IDLE_TIMEOUT_S, MAX_FRAME_BYTES, MAX_WS_CONNECTIONS } from '../control/websocket.js';
import {
  CONFLATE_ABOVE_BYTES,
  DROP_ABOVE_MESSAGES_A_SECOND,
  MAX_BACKLOG_EVENTS,
  MAX_BUFFERED_BYTES,
  MAX_MESSAGES_A_SECOND,
} from '../control/ws-client.js';
import { ALERTS_SNAPSHOT } from '../control/ws-data.js';
import {
  ANSWER_FRAMES,
  CLIENT_FRAMES,
  CLOSE_CODES,
  TOPIC_FRAMES,
  TOPICS,
  type Topic,
} from '../control/ws-protocol.js';
import { fieldTable, type JsonSchema } from './schema-fields.js';

/** What a client may send. */
export const requestFrames = (): string => frameSections(CLIENT_FRAMES);

/** What it is answered. */
export const answerFrames = (): string => frameSections(ANSWER_FRAMES);

/** What a snapshot holds instead of one event's data. */
const OTHER_SNAPSHOTS: { readonly [Name in Topic]?: () => string } = {
  trades: () => '`data` of a snapshot: `trades`, the newest ones in the same form, the newest first.',
  alerts: () => `\`data\` of a snapshot:\n\n${tableOf(ALERTS_SNAPSHOT)}`,
};

export function topicSections(): string {
  const { data: _data, ...shared } = TOPIC_FRAMES.trades.event.shape;
  const envelope = [
    '### Every event',
    '',
    fieldTable(schemaOf(z.object({ ...shared, topic: z.enum(TOPICS) }))),
  ];
  return [envelope.join('\n'), ...TOPICS.map(topicSection)].join('\n\n');
}

function topicSection(topic: Topic): string {
  const { data } = TOPIC_FRAMES[topic].event.shape;
  const told = OTHER_SNAPSHOTS[topic]?.() ?? 'A snapshot has the same `data`.';
  return [
    `### ${topic}`,
    '',
    data.description ?? '',
    '',
    '`data` of an event:',
    '',
    tableOf(data),
    '',
    told,
  ].join('\n');
}

function frameSections(frames: { readonly [type: string]: z.ZodType }): string {
  return Object.entries(frames)
    .map(([type, frame]) => {
      const { description } = frame;
      const said = description === undefined ? [] : ['', description];
      return [`### ${type}`, ...said, '', tableOf(frame)].join('\n');
    })
    .join('\n\n');
}

/** One table, or one for each kind that there is. */
function tableOf(type: z.ZodType): string {
  const schema = schemaOf(type);
  const kinds = schema.anyOf ?? schema.oneOf;
  return kinds === undefined ? fieldTable(schema) : kinds.map(fieldTable).join('\n\nor\n\n');
}

function schemaOf(type: z.ZodType): JsonSchema {
  return z.toJSONSchema(type, { override: ({ jsonSchema }) => dropSafeRange(jsonSchema) }) as JsonSchema;
}

/** That an integer is one of JSON's goes without saying. */
function dropSafeRange(schema: { minimum?: number; maximum?: number }): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

export function boundsTable(): string {
  const rows: readonly (readonly [string, string, string])[] = [
    ['connections', integer(MAX_WS_CONNECTIONS), 'the upgrade is answered 429 `TOO_MANY_CONNECTIONS`'],
    ['bytes of a frame', integer(MAX_FRAME_BYTES), closed('frameTooLarge')],
    [
      'frames of a client within a second',
      integer(MAX_MESSAGES_A_SECOND),
      'each one more is answered `RATE_LIMITED` and does nothing',
    ],
    ['the same, before it is dropped', integer(DROP_ABOVE_MESSAGES_A_SECOND), closed('tooManyMessages')],
    [
      'bytes that wait in its socket',
      integer(CONFLATE_ABOVE_BYTES),
      'events are conflated until it has read on',
    ],
    ['events that wait, once conflated', integer(MAX_BACKLOG_EVENTS), closed('tooSlow')],
    ['bytes that wait, answers included', integer(MAX_BUFFERED_BYTES), closed('tooSlow')],
    [
      'seconds without a sign of it, pings answered included',
      integer(IDLE_TIMEOUT_S),
      'the connection is cut',
    ],
    ['trades in a snapshot', integer(MAX_SNAPSHOT_TRADES), 'older ones: `GET /api/trades`'],
    [
      'milliseconds between two looks at the queue',
      integer(QUEUE_LOOK_MS),
      'what changes in between is told once',
    ],
  ];
  return [
    '| bound | at most | past it |',
    '|---|---|---|',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

const closed = (why: keyof typeof CLOSE_CODES) =>
  `closed with ${CLOSE_CODES[why].code}, "${CLOSE_CODES[why].reason}"`;

const integer = (value: number) => value.toLocaleString('en-US');
