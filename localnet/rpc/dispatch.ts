/**
 * The JSON-RPC 2.0 envelope: one call, a notification or a batch in, the text of the answer out. What can be
 * answered at once is answered at once, without a promise.
 */
import { encodeJson, type Json } from './encode/json.js';
import {
  INTERNAL_ERROR,
  INVALID_REQUEST,
  invalidRequest,
  methodNotFound,
  PARSE_ERROR,
  RpcError,
} from './errors.js';
import { TransportFault } from './transport-fault.js';

/** Nesting at which the nodes' JSON parser gives up. */
const DEPTH_MAX = 127;
const BATCH_CALLS_MAX = 1000;
/** A batch hands the thread back after this many calls. */
const BATCH_CALLS_AT_ONCE = 16;
/** When a batch's answers are longer than this, its remaining calls are answered with an error. */
const BATCH_ANSWER_CHARS_MAX = 64 * 1024 * 1024;
const MEMBERS: readonly string[] = ['jsonrpc', 'method', 'params', 'id'];

export type Execute = (method: string, params: unknown) => Json | Promise<Json>;
/** Undefined: nothing is answered (a notification). */
export type Answer = string | undefined;

type Id = string | number | null;

export interface Dispatcher {
  /** Runs one method; throws `RpcError` or `TransportFault`. */
  readonly execute: Execute;
  /** Told of what is neither: a fault of this server, which the client sees as an internal error. */
  readonly onError: (error: unknown) => void;
}

/** Throws or rejects with `TransportFault` only. */
export function dispatch(text: string, dispatcher: Dispatcher): Answer | Promise<Answer> {
  let request: unknown;
  try {
    request = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return failure(null, new RpcError(PARSE_ERROR, 'Parse error'));
    throw error;
  }
  if (isTooDeep(request, DEPTH_MAX)) return failure(null, new RpcError(PARSE_ERROR, 'Parse error'));
  if (!Array.isArray(request)) return dispatchCall(request, dispatcher);
  if (request.length === 0) return failure(null, invalidRequest());
  if (request.length > BATCH_CALLS_MAX) {
    return failure(null, invalidRequest(`Too many calls in a batch; max ${BATCH_CALLS_MAX}`));
  }
  return dispatchBatch(request, dispatcher);
}

async function dispatchBatch(calls: readonly unknown[], dispatcher: Dispatcher): Promise<Answer> {
  let text = '';
  for (const [index, call] of calls.entries()) {
    if (index > 0 && index % BATCH_CALLS_AT_ONCE === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const answer =
      text.length > BATCH_ANSWER_CHARS_MAX
        ? failure(idOf(call), new RpcError(INTERNAL_ERROR, 'Batch response is too large'))
        : await dispatchCall(call, dispatcher);
    if (answer !== undefined) text += (text === '' ? '' : ',') + answer;
  }
  return text === '' ? undefined : `[${text}]`;
}

function dispatchCall(call: unknown, dispatcher: Dispatcher): Answer | Promise<Answer> {
  const id = idOf(call);
  const request = readCall(call);
  if (request instanceof RpcError) return failure(id, request);
  const { method, params, notification } = request;
  let result: Json | Promise<Json>;
  try {
    result = dispatcher.execute(method, params);
  } catch (error) {
    const answer = explain(id, error, dispatcher);
    return notification ? undefined : answer;
  }
  if (!(result instanceof Promise)) return notification ? undefined : success(id, result);
  return result.then(
    (value) => (notification ? undefined : success(id, value)),
    (error: unknown) => {
      const answer = explain(id, error, dispatcher);
      return notification ? undefined : answer;
    },
  );
}

function readCall(
  call: unknown,
): RpcError | { readonly method: string; readonly params: unknown; readonly notification: boolean } {
  if (typeof call !== 'object' || call === null || Array.isArray(call)) return invalidRequest();
  const members = call as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(members)) if (!MEMBERS.includes(name)) return invalidRequest();
  const { jsonrpc, method, params, id } = members;
  if (typeof method !== 'string') return invalidRequest();
  if (jsonrpc === undefined || jsonrpc === null) {
    return new RpcError(INVALID_REQUEST, 'Unsupported JSON-RPC protocol version');
  }
  if (jsonrpc !== '2.0') return invalidRequest();
  if (params !== undefined && (typeof params !== 'object' || params === null)) return invalidRequest();
  if (id !== undefined && !isId(id)) return invalidRequest();
  return { method, params, notification: !('id' in members) };
}

function idOf(call: unknown): Id {
  const id = typeof call === 'object' && call !== null && 'id' in call ? call.id : null;
  return isId(id) ? id : null;
}

function isId(id: unknown): id is Id {
  return id === null || typeof id === 'string' || (typeof id === 'number' && Number.isInteger(id) && id >= 0);
}

function explain(id: Id, error: unknown, dispatcher: Dispatcher): string {
  if (error instanceof RpcError) return failure(id, error);
  if (error instanceof TransportFault) throw error;
  dispatcher.onError(error);
  return failure(id, new RpcError(INTERNAL_ERROR, 'Internal error'));
}

function success(id: Id, result: Json): string {
  return `{"jsonrpc":"2.0","result":${encodeJson(result)},"id":${JSON.stringify(id)}}`;
}

function failure(id: Id, error: RpcError): string {
  const body = encodeJson({ code: error.code, message: error.message, data: error.data });
  return `{"jsonrpc":"2.0","error":${body},"id":${JSON.stringify(id)}}`;
}

/** Runs a method by its name, for the answer's `Method not found`. */
export function lookUp<T>(table: ReadonlyMap<string, T>, name: string): T {
  const found = table.get(name);
  if (found === undefined) throw methodNotFound();
  return found;
}

function isTooDeep(value: unknown, depthLeft: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depthLeft === 0) return true;
  const members = Array.isArray(value) ? value : Object.values(value);
  for (const member of members) if (isTooDeep(member, depthLeft - 1)) return true;
  return false;
}
