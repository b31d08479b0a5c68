import {
  type handleUnaryCall,
  type ServiceError,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Commitment } from '../engine/messages.js';
import type { Ledger } from '../ledger/types.js';
import { CORE_VERSION } from '../rpc/context.js';
import { COMMITMENTS } from './compiled-filter.js';

/** A failed call as grpc-js sends it. */
type CallFailure = Pick<ServiceError, 'code' | 'details'>;

class UnaryFailure extends Error implements CallFailure {
  readonly code: status;
  readonly details: string;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

interface UnaryRequest {
  readonly count: number;
  readonly commitment: number | null;
  readonly blockhash: string;
}

export interface UnaryOptions {
  readonly ledger: Ledger;
  /** Oldest slot for `from_slot`; undefined before the first block. */
  readonly firstAvailable: () => number | undefined;
}

/** What `GetVersion` answers, as JSON in a string: the real server's shape. */
const VERSION = JSON.stringify({
  version: {
    package: 'hotslot-localnet',
    version: '0.1.0',
    proto: '12.7.0',
    solana: CORE_VERSION,
    git: '',
    rustc: '',
    buildts: '',
  },
  extra: { hostname: null },
});

/** The calls that have one answer. Commitment is processed unless asked otherwise. */
export function unaryMethods({ ledger, firstAvailable }: UnaryOptions): UntypedServiceImplementation {
  const block = (request: UnaryRequest) => readyBlock(ledger, commitmentOf(request));
  return {
    SubscribeReplayInfo: unary(() => ({ firstAvailable: firstAvailable() })),
    Ping: unary(({ count }) => ({ count })),
    GetLatestBlockhash: unary((request) => {
      const { slot, blockhash, lastValidBlockHeight } = block(request);
      return { slot, blockhash, lastValidBlockHeight };
    }),
    GetBlockHeight: unary((request) => ({ blockHeight: block(request).blockHeight })),
    GetSlot: unary((request) => ({ slot: block(request).slot })),
    IsBlockhashValid: unary((request) => {
      const commitment = commitmentOf(request);
      const { slot } = readyBlock(ledger, commitment);
      return { slot, valid: ledger.isBlockhashValid(request.blockhash, commitment) };
    }),
    GetVersion: unary(() => ({ version: VERSION })),
  };
}

function unary(answer: (request: UnaryRequest) => object): handleUnaryCall<UnaryRequest, object> {
  return (call, callback) => {
    try {
      callback(null, answer(call.request));
    } catch (error) {
      if (!(error instanceof UnaryFailure)) throw error;
      callback(error);
    }
  };
}

function commitmentOf({ commitment }: UnaryRequest): Commitment {
  const known = COMMITMENTS[commitment ?? 0];
  if (known !== undefined) return known;
  throw new UnaryFailure(status.UNKNOWN, `failed to create CommitmentLevel from ${commitment}`);
}

function readyBlock(ledger: Ledger, commitment: Commitment) {
  const info = ledger.latestBlockhash(commitment) as ReturnType<Ledger['latestBlockhash']> | undefined;
  if (info === undefined) throw new UnaryFailure(status.INTERNAL, 'block is not available yet');
  return info;
}
