/** JSON-RPC errors with the codes and texts of a real node. */
import type { Json } from './encode/json.js';

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
export const BLOCK_CLEANED_UP = -32001;
export const PREFLIGHT_FAILURE = -32002;
export const SIGNATURE_VERIFICATION_FAILURE = -32003;
export const BLOCK_NOT_AVAILABLE = -32004;
export const NODE_UNHEALTHY = -32005;
export const SLOT_SKIPPED = -32007;
export const NO_SNAPSHOT = -32008;
export const LONG_TERM_STORAGE_SLOT_SKIPPED = -32009;
export const UNSUPPORTED_TRANSACTION_VERSION = -32015;
export const MIN_CONTEXT_SLOT_NOT_REACHED = -32016;

export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  readonly data: Json;
  constructor(code: number, message: string, data?: Json) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export function invalidParams(message: string, data?: Json): RpcError {
  return new RpcError(INVALID_PARAMS, message, data);
}

export function invalidRequest(message = 'Invalid request'): RpcError {
  return new RpcError(INVALID_REQUEST, message);
}

export function internalError(message = 'Internal error'): RpcError {
  return new RpcError(INTERNAL_ERROR, message);
}

export function methodNotFound(): RpcError {
  return new RpcError(METHOD_NOT_FOUND, 'Method not found');
}

export function blockCleanedUp(slot: number, firstAvailableBlock: number): RpcError {
  return new RpcError(
    BLOCK_CLEANED_UP,
    `Block ${slot} cleaned up, does not exist on node. First available block: ${firstAvailableBlock}`,
  );
}

export function preflightFailure(message: string, data: Json): RpcError {
  return new RpcError(PREFLIGHT_FAILURE, message, data);
}

export function signatureVerificationFailure(): RpcError {
  return new RpcError(SIGNATURE_VERIFICATION_FAILURE, 'Transaction signature verification failure');
}

export function blockNotAvailable(slot: number): RpcError {
  return new RpcError(BLOCK_NOT_AVAILABLE, `Block not available for slot ${slot}`);
}

export function nodeUnhealthy(numSlotsBehind: number | null): RpcError {
  const message = numSlotsBehind === null ? 'Node is unhealthy' : `Node is behind by ${numSlotsBehind} slots`;
  return new RpcError(NODE_UNHEALTHY, message, { numSlotsBehind });
}

export function slotSkipped(slot: number): RpcError {
  return new RpcError(
    SLOT_SKIPPED,
    `Slot ${slot} was skipped, or missing due to ledger jump to recent snapshot`,
  );
}

export function longTermStorageSlotSkipped(slot: number): RpcError {
  return new RpcError(
    LONG_TERM_STORAGE_SLOT_SKIPPED,
    `Slot ${slot} was skipped, or missing in long-term storage`,
  );
}

export function unsupportedTransactionVersion(version: number): RpcError {
  return new RpcError(
    UNSUPPORTED_TRANSACTION_VERSION,
    `Transaction version (${version}) is not supported by the requesting client. Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": ${version}`,
  );
}

export function minContextSlotNotReached(contextSlot: number): RpcError {
  return new RpcError(MIN_CONTEXT_SLOT_NOT_REACHED, 'Minimum context slot has not been reached', {
    contextSlot,
  });
}
