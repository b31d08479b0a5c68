/** What a client's frame does, and its answer. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Clock } from '../time/clock.js';
import type { Operations } from './operations.js';
import { cancelTrade, submitTrade } from './trade-actions.js';
import type { WsClient } from './ws-client.js';
import { decodeFrame } from './ws-format.js';
import { type AnswerFrame, type ClientFrame, parseClientFrame, requestIdOf } from './ws-protocol.js';

export interface WsCommandsOptions {
  readonly operations: Operations;
  readonly clock: Clock;
  /** A frame met something that has no code. */
  readonly onUnexpected: (error: unknown) => void;
}

export class WsCommands {
  readonly #options: WsCommandsOptions;

  constructor(options: WsCommandsOptions) {
    this.#options = options;
  }

  /** Does what the frame says and answers it; a fault is answered too. */
  handle(client: WsClient, bytes: Uint8Array): void {
    const receivedUs = this.#options.clock.monotonicUs();
    let value: unknown;
    try {
      if (!client.countMessage()) return;
      value = decodeFrame(client.format, bytes);
      this.#do(client, parseClientFrame(value), receivedUs);
    } catch (error) {
      client.answer(this.#errorFrame(error, requestIdOf(value)));
    }
  }

  #do(client: WsClient, frame: ClientFrame, receivedUs: number): void {
    const { operations, clock } = this.#options;
    const requestId = frame.requestId === undefined ? {} : { requestId: frame.requestId };
    switch (frame.type) {
      case 'subscribe':
        client.answer({ type: 'subscribed', ...requestId, topics: frame.topics });
        client.subscribe(frame.topics);
        break;
      case 'unsubscribe':
        client.unsubscribe(frame.topics);
        client.answer({ type: 'unsubscribed', ...requestId, topics: frame.topics });
        break;
      case 'submit': {
        assertMayTrade(client);
        const { requestId } = frame;
        client.answer({ type: 'accepted', requestId, ...submitTrade(operations, frame.trade, receivedUs) });
        break;
      }
      case 'cancel': {
        assertMayTrade(client);
        const { requestId } = frame;
        client.answer({ type: 'cancel', requestId, ...cancelTrade(operations, frame.tradeId) });
        break;
      }
      case 'ping':
        client.answer({ type: 'pong', ...requestId, atMs: clock.nowMs() });
        break;
    }
  }

  #errorFrame(thrown: unknown, requestId: string | undefined): AnswerFrame {
    const isCoded = thrown instanceof HotslotError;
    if (!isCoded) this.#options.onUnexpected(thrown);
    const error = isCoded
      ? thrown
      : new HotslotError('WORKER_FAILED', { detail: 'An unexpected fault; the log has it.' });
    return {
      type: 'error',
      ...(requestId === undefined ? {} : { requestId }),
      status: error.httpStatus,
      code: error.code,
      detail: error.message,
      ...(error.field === undefined ? {} : { field: error.field }),
      ...(error.context === undefined ? {} : { context: error.context }),
    };
  }
}

function assertMayTrade(client: WsClient): void {
  if (!client.mayTrade) throw new HotslotError('FORBIDDEN', { context: { needed: 'trade' } });
}
