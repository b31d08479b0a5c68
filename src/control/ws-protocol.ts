/** The frames of `/ws`: what a client may send, and the commands' answers. Topics' data: ws-data.ts. */
import { z } from 'zod';
import { HotslotError } from '../errors/hotslot-error.js';
import { parseBody } from './requests.js';
import {
  ALERT_DATA,
  ALERTS_SNAPSHOT,
  LATENCY_DATA,
  QUEUE_DATA,
  SLOTS_DATA,
  TRADE_DATA,
  TRADES_SNAPSHOT,
} from './ws-data.js';

/** The subprotocol; a browser must offer it, other clients may. */
export const SUBPROTOCOL = 'hotslot.v1';
/** The same with MessagePack for both directions. */
export const MSGPACK_SUBPROTOCOL = 'hotslot.v1.msgpack';
/** Before a token in base64url, for browsers: they cannot set a header, and an address is logged. */
export const BEARER_SUBPROTOCOL = 'bearer.';

export const TOPICS = ['trades', 'slots', 'latency', 'alerts', 'queue'] as const;
export type Topic = (typeof TOPICS)[number];

const requestId = z.string().min(1).max(64).describe("The client's own; the answer carries it.");
const topics = z
  .array(z.enum(TOPICS, `must be one of ${TOPICS.join(', ')}`))
  .min(1)
  .max(TOPICS.length)
  .describe(`Some of ${TOPICS.join(', ')}.`);

export const CLIENT_FRAMES = {
  subscribe: z
    .strictObject({ type: z.literal('subscribe'), requestId: requestId.optional(), topics })
    .describe('Answered `subscribed`, then a snapshot of each topic, then its events.'),
  unsubscribe: z
    .strictObject({ type: z.literal('unsubscribe'), requestId: requestId.optional(), topics })
    .describe('Answered `unsubscribed`.'),
  submit: z
    .strictObject({
      type: z.literal('submit'),
      requestId,
      trade: z.record(z.string(), z.unknown()).describe('The body of `POST /api/trades`.'),
    })
    .describe('Needs the role trade. Answered `accepted`, or `error` with the codes of `POST /api/trades`.'),
  cancel: z
    .strictObject({ type: z.literal('cancel'), requestId, tradeId: z.string().min(1).max(64) })
    .describe('Needs the role trade. Answered `cancel` like `POST /api/trades/:id/cancel`.'),
  ping: z
    .strictObject({ type: z.literal('ping'), requestId: requestId.optional() })
    .describe('Answered `pong`; ping frames of the WebSocket itself are answered too.'),
} as const;

const clientFrameSchema = z.discriminatedUnion(
  'type',
  [
    CLIENT_FRAMES.subscribe,
    CLIENT_FRAMES.unsubscribe,
    CLIENT_FRAMES.submit,
    CLIENT_FRAMES.cancel,
    CLIENT_FRAMES.ping,
  ],
  `must be one of ${Object.keys(CLIENT_FRAMES).join(', ')}`,
);

export type ClientFrame = z.output<typeof clientFrameSchema>;

/** @throws HotslotError INTENT_MALFORMED, INTENT_UNKNOWN_FIELD, INTENT_FIELD_INVALID */
export function parseClientFrame(value: unknown): ClientFrame {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new HotslotError('INTENT_MALFORMED', { detail: 'A frame is an object with a `type`.' });
  return parseBody(clientFrameSchema, value);
}

/** The request id of a frame that may be at fault otherwise, so that its error finds the one who asked. */
export function requestIdOf(value: unknown): string | undefined {
  const parsed = z.object({ requestId }).safeParse(value);
  return parsed.success ? parsed.data.requestId : undefined;
}

const sequence = z
  .int()
  .min(0)
  .describe('Rises by one with each event of the topic, from the start of the process.');
const answersTo = requestId.optional().describe("The request's own, where it had one.");
const epochMs = z.number().describe('Epoch milliseconds.');

const snapshotOf = <Name extends Topic, Data extends z.ZodType>(topic: Name, data: Data) =>
  z.object({
    type: z.literal('snapshot'),
    topic: z.literal(topic),
    sequence,
    knownAtMs: epochMs,
    data: data.nullable().describe('Null before there is anything; another one follows then.'),
  });

const eventOf = <Name extends Topic, Data extends z.ZodType>(topic: Name, data: Data) =>
  z.object({
    type: z.literal('event'),
    topic: z.literal(topic),
    sequence,
    atMs: epochMs.describe('When it happened, epoch milliseconds.'),
    knownAtMs: epochMs.describe('When the executor learned of it, epoch milliseconds.'),
    conflated: z
      .int()
      .min(1)
      .optional()
      .describe('Earlier events that this one stands for; absent for none.'),
    data,
  });

export const TOPIC_FRAMES = {
  trades: { snapshot: snapshotOf('trades', TRADES_SNAPSHOT), event: eventOf('trades', TRADE_DATA) },
  slots: { snapshot: snapshotOf('slots', SLOTS_DATA), event: eventOf('slots', SLOTS_DATA) },
  latency: {
    snapshot: snapshotOf('latency', LATENCY_DATA),
    event: eventOf('latency', LATENCY_DATA),
  },
  alerts: { snapshot: snapshotOf('alerts', ALERTS_SNAPSHOT), event: eventOf('alerts', ALERT_DATA) },
  queue: { snapshot: snapshotOf('queue', QUEUE_DATA), event: eventOf('queue', QUEUE_DATA) },
} as const;

export const ANSWER_FRAMES = {
  welcome: z
    .object({
      type: z.literal('welcome'),
      version: z.string().describe("The executor's."),
      startedAtMs: epochMs.describe('Start of the process: another one counts sequences anew.'),
      mayTrade: z.boolean().describe('Whether submit and cancel are allowed.'),
      atMs: epochMs,
    })
    .describe('The first frame of a connection.'),
  subscribed: z.object({ type: z.literal('subscribed'), requestId: answersTo, topics }),
  unsubscribed: z.object({ type: z.literal('unsubscribed'), requestId: answersTo, topics }),
  accepted: z
    .object({ type: z.literal('accepted'), requestId, id: z.string(), state: z.string() })
    .describe('The trade is in the journal. The same request again gives the same id.'),
  cancel: z
    .object({
      type: z.literal('cancel'),
      requestId,
      id: z.string(),
      state: z.string(),
      outcome: z.enum(['cancelled', 'noResends', 'over']),
      mayStillLand: z
        .object({ signature: z.string(), lastValidBlockHeight: z.number() })
        .optional()
        .describe('With `noResends`: the attempt that is out.'),
    })
    .describe('A signed trade gets no more resends, and may still land.'),
  pong: z.object({ type: z.literal('pong'), requestId: answersTo, atMs: epochMs }),
  error: z
    .object({
      type: z.literal('error'),
      requestId: answersTo,
      status: z.int().describe('As over HTTP.'),
      code: z.string(),
      detail: z.string(),
      field: z.string().optional(),
      context: z.record(z.string(), z.unknown()).optional(),
    })
    .describe('The frame did nothing. The connection stays.'),
} as const;

export type AnswerFrame = {
  [Name in keyof typeof ANSWER_FRAMES]: z.output<(typeof ANSWER_FRAMES)[Name]>;
}[keyof typeof ANSWER_FRAMES];
type TopicFrame<Kind extends 'snapshot' | 'event'> = {
  [Name in Topic]: z.output<(typeof TOPIC_FRAMES)[Name][Kind]>;
}[Topic];
export type SnapshotFrame = TopicFrame<'snapshot'>;
export type EventFrame = TopicFrame<'event'>;
/** Whatever the server sends. */
export type ServerFrame = AnswerFrame | SnapshotFrame | EventFrame;

/** With which the server ends a connection. */
export const CLOSE_CODES = {
  goingAway: { code: 1001, reason: 'the executor ends' },
  tooManyMessages: { code: 1008, reason: 'too many messages a second' },
  frameTooLarge: { code: 1009, reason: 'the frame is too large' },
  tooSlow: { code: 1013, reason: 'the reader is too slow' },
} as const;
