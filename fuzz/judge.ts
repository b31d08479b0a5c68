/** What an answer says of the server: a class for the tally, and a finding where it is one that nobody promised. */
import { ERROR_CODES, type ErrorCode } from '../src/errors/codes.js';
import type { Message, Outcome, TargetName } from './message.js';

export interface Verdict {
  /** For the tally: a status, a code, or how the connection ended. */
  readonly answer: string;
  /** What is wrong with it, in words. */
  readonly fault?: string;
}

/** 5xx that say what they should: the executor cannot sign now, and which figure says so. */
const HONEST_5XX: ReadonlySet<string> = new Set<ErrorCode>([
  'RECONCILING',
  'POOL_STALE',
  'BLOCKHASH_STALE',
  'STREAM_STALE',
  'POOL_NOT_READY',
  'BREAKER_OPEN',
  'NOT_READY',
  'REFERENCE_UNKNOWN',
]);
/** These ask the cluster, which is flooded at the same time. */
const RPC_5XX: ReadonlySet<string> = new Set<ErrorCode>(['RPC_FAILED', 'RPC_TIMEOUT']);
/** uWebSockets' own answers to bytes that are no HTTP/1.1 request, and Node's of the admin port. */
const PARSER_STATUSES: ReadonlySet<number> = new Set([400, 408, 413, 414, 417, 426, 431, 501, 505]);
const RPC_STATUSES: ReadonlySet<number> = new Set([200, 400, 405, 413, 415, 429]);
/** Of the two servers on Node's own HTTP; 408 is its word for a head that took too long to come. */
const ADMIN_STATUSES: ReadonlySet<number> = new Set([200, 400, 403, 404, 405, 408, 413]);
/** Statuses of gRPC that the interface's server gives; 1 is what our own cancelling makes of a call. */
const GRPC_STATUSES: ReadonlySet<number> = new Set([0, 1, 2, 3, 5, 8, 11, 12, 13, 14]);
/** Close code of a connection that sent more messages a second than the executor takes. */
const TOO_MANY_MESSAGES = 1008;
/** Codes of an `error` frame that no client can be the cause of, in JSON or in MessagePack. */
const DISHONEST = /WORKER_FAILED|ROUTE_UNKNOWN|JOURNAL_UNWRITABLE|JOURNAL_CORRUPT/;
const INTERNAL_ERROR = '"code":-32603';
/** With the id of the call that it answers. */
const INTERNAL_ERROR_ANSWER = /"code":-32603,"message":"[^"]*"\},"id":(null|[\d.e+]+|"(?:[^"\\]|\\.)*")/g;
const HEAD_END = '\r\n\r\n';

export function judge(target: TargetName, message: Message, outcome: Outcome): Verdict {
  if (outcome.type === 'silence') return { answer: 'silence', fault: 'no answer in time' };
  if (outcome.type === 'closed') return judgeClosed(target, message, outcome.code);
  if (outcome.type === 'frames') return judgeFrames(outcome.texts);
  if (outcome.type === 'grpc') return judgeGrpc(outcome, message);
  switch (target) {
    case 'control':
    case 'kestra':
      return judgeControl(outcome, message);
    case 'rpc':
      return judgeRpc(outcome, message);
    case 'admin':
    case 'jupiter':
      return within(ADMIN_STATUSES, outcome);
    default:
      return judgeRaw(outcome);
  }
}

/** A connection of its own may end without a word; one on which whole requests go may not. */
function judgeClosed(target: TargetName, message: Message, code: number | undefined): Verdict {
  const answer = code === undefined ? 'closed' : `closed ${code}`;
  const isAllowed = target.endsWith('Raw') || message.mayClose === true || code === TOO_MANY_MESSAGES;
  return isAllowed ? { answer } : { answer, fault: 'ended without an answer' };
}

function judgeControl({ status, body }: { status: number; body: string }, { kind }: Message): Verdict {
  if (status < 400) return { answer: String(status) };
  // Readiness and health tell their facts in the body, whatever the status.
  const isReport = kind.endsWith(' /readyz') || kind.endsWith(' /health');
  if (status === 503 && isReport && body.startsWith('{"')) return { answer: '503 report' };
  const code = problemCode(body);
  if (code === undefined) {
    return PARSER_STATUSES.has(status)
      ? { answer: `${status} parser` }
      : { answer: String(status), fault: `${status} without a code: ${body.slice(0, 200)}` };
  }
  const answer = `${status} ${code}`;
  if (ERROR_CODES[code].http !== status) return { answer, fault: `${code} is not ${status}` };
  const asksCluster = kind.includes('/api/accounts/') || kind.includes('/api/keys/');
  const isHonest = status < 500 || HONEST_5XX.has(code) || (asksCluster && RPC_5XX.has(code));
  return isHonest ? { answer } : { answer, fault: body.slice(0, 300) };
}

function problemCode(body: string): ErrorCode | undefined {
  const code = /"code":"([A-Z_]+)"/.exec(body)?.[1];
  return code !== undefined && code in ERROR_CODES ? (code as ErrorCode) : undefined;
}

function judgeRpc(outcome: { status: number; body: string }, { bytes }: Message): Verdict {
  if (outcome.status !== 200) return within(RPC_STATUSES, outcome);
  const { body } = outcome;
  if (!areRefusedAirdrops(body, bytes)) {
    return { answer: '200 -32603', fault: body.slice(0, 300) };
  }
  if (body === '') return { answer: '200 empty' };
  const code = /"error":\{"code":(-\d+)/.exec(body)?.[1];
  if (code !== undefined) return { answer: body.startsWith('[') ? '200 batch' : `200 ${code}` };
  const isAnswer = body.startsWith('{"jsonrpc"') || body.startsWith('[') || /^(ok|behind|unknown)/.test(body);
  return isAnswer ? { answer: '200' } : { answer: '200', fault: `no JSON-RPC answer: ${body.slice(0, 200)}` };
}

/** An airdrop that the engine refuses is an internal error on real nodes too; nothing else may be one. */
function areRefusedAirdrops(body: string, request: Buffer): boolean {
  const faults = body.split(INTERNAL_ERROR).length - 1;
  if (faults === 0) return true;
  const airdrops = airdropIds(request);
  const refused = [...body.matchAll(INTERNAL_ERROR_ANSWER)].filter(([, id = '']) => airdrops.has(id));
  return refused.length === faults;
}

/** Ids in JSON, `null` where it has none that an answer could repeat. */
function airdropIds(request: Buffer): ReadonlySet<string> {
  const text = request.toString('utf8');
  try {
    const asked: unknown = JSON.parse(text.slice(text.indexOf(HEAD_END) + HEAD_END.length));
    const calls = (Array.isArray(asked) ? asked : [asked]) as (Partial<Record<string, unknown>> | null)[];
    return new Set(calls.filter((call) => call?.method === 'requestAirdrop').map((call) => idOf(call?.id)));
  } catch {
    return new Set();
  }
}

function idOf(id: unknown): string {
  const isRepeated = typeof id === 'string' || (Number.isInteger(id) && (id as number) >= 0);
  return isRepeated ? JSON.stringify(id) : 'null';
}

function judgeFrames(texts: readonly string[]): Verdict {
  const wrong = texts.find((text) => text.includes(INTERNAL_ERROR) || DISHONEST.test(text));
  return wrong === undefined ? { answer: 'taken' } : { answer: 'taken', fault: wrong.slice(0, 300) };
}

function judgeGrpc(
  { status, http }: { status: number | undefined; http: number },
  message: Message,
): Verdict {
  if (status === undefined) {
    // Reset or cancelled by the client: there is no status to come. Anything else should have one.
    const isOurs =
      message.kind.endsWith('reset') ||
      message.path?.endsWith('Subscribe') === true ||
      message.mayClose === true;
    const answer = isOurs ? 'cancelled' : `HTTP ${http}`;
    return isOurs || http === 0 || http >= 400 ? { answer } : { answer, fault: 'ended without a status' };
  }
  const answer = `status ${status}`;
  return GRPC_STATUSES.has(status)
    ? { answer }
    : { answer, fault: `status ${status} is none of the interface's` };
}

function judgeRaw({ status, body }: { status: number; body: string }): Verdict {
  const answer = `HTTP ${status}`;
  if (status < 500 || PARSER_STATUSES.has(status)) return { answer };
  const code = problemCode(body);
  const isHonest = code !== undefined && HONEST_5XX.has(code);
  return isHonest ? { answer } : { answer, fault: `${status}: ${body.slice(0, 200)}` };
}

function within(statuses: ReadonlySet<number>, { status, body }: { status: number; body: string }): Verdict {
  const answer = String(status);
  return statuses.has(status) ? { answer } : { answer, fault: `${status}: ${body.slice(0, 300)}` };
}
