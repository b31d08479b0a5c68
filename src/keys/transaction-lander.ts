/**
 * Lands the few transactions of a key's rotation, one after the other and each once: simulated, signed, written down,
 * sent until the chain has it or its blockhash has provably died.
 */
import { base58 } from '@scure/base';
import { HotslotError } from '../errors/hotslot-error.js';
import { asBlockhash, asSignature } from '../model/brands.js';
import type { ChainReader } from '../send/chain-reader.js';
import type { RpcPool } from '../send/rpc-pool.js';
import { setComputeUnitLimit, setComputeUnitPrice } from '../transaction/compute-budget.js';
import type { Instruction } from '../transaction/instruction.js';
import { compileMessage } from '../transaction/message.js';
import type { SigningKey } from './signing-key.js';
import type { PendingStep, StepFile } from './step-file.js';

const COMPUTE_UNITS = 200_000;
const LAMPORTS_A_SIGNATURE = 5_000n;
const MICRO = 1_000_000n;
const SIGNATURE_BYTES = 64;
const POLL_MS = 250;
/** Every this many polls the bytes are sent again. */
const POLLS_A_SEND = 8;
/** A blockhash lives a minute or so; past this the nodes themselves are in trouble. */
const GIVE_UP_MS = 300_000;

export interface LanderOptions {
  readonly rpc: RpcPool;
  readonly reader: ChainReader;
  readonly steps: StepFile;
  readonly computeUnitPriceMicroLamports: bigint;
  readonly sleep: (ms: number) => Promise<void>;
}

/** What became of a transaction; `failed` landed too, with an error and without effect save its fee. */
type StepEnd =
  | { readonly state: 'landed' | 'expired' }
  | { readonly state: 'failed'; readonly error: unknown };

export class TransactionLander {
  readonly #options: LanderOptions;

  constructor(options: LanderOptions) {
    this.#options = options;
  }

  /** What one transaction of these many signers costs, in lamports. */
  feeLamports(signers = 1): bigint {
    const price = this.#options.computeUnitPriceMicroLamports;
    return BigInt(signers) * LAMPORTS_A_SIGNATURE + (price * BigInt(COMPUTE_UNITS) + MICRO - 1n) / MICRO;
  }

  /**
   * Sees to its end what an earlier run had signed, whichever end that is: what is left to do is read from the chain.
   * @throws HotslotError RPC_FAILED, RPC_TIMEOUT; then the step stays written down
   */
  async finishPending(): Promise<void> {
    const step = this.#options.steps.read();
    if (step !== undefined) await this.#finish(step);
  }

  /**
   * @param payer pays, and signs whatever the instructions want signed in its name
   * @throws HotslotError TRANSACTION_FAILED with what the simulation or the chain says; SEND_REFUSED where it expired;
   *   RPC_FAILED, RPC_TIMEOUT, with which the step stays written down
   */
  async land(payer: SigningKey, instructions: readonly Instruction[]): Promise<void> {
    const { rpc, reader, steps, computeUnitPriceMicroLamports } = this.#options;
    const { result } = await rpc.call('getLatestBlockhash', [{ commitment: 'confirmed' }]);
    const { value } = result as { value: { blockhash: string; lastValidBlockHeight: number } };
    const message = compileMessage({
      payer: payer.address,
      instructions: [
        setComputeUnitLimit(COMPUTE_UNITS),
        setComputeUnitPrice(computeUnitPriceMicroLamports),
        ...instructions,
      ],
      blockhash: asBlockhash(value.blockhash),
      version: 'legacy',
    });
    if (message.signatureCount !== 1) throw new Error('a step of a rotation has one signer');
    const wire = new Uint8Array(1 + SIGNATURE_BYTES + message.bytes.length);
    wire[0] = 1;
    wire.set(message.bytes, 1 + SIGNATURE_BYTES);
    const run = await reader.simulate(wire);
    if (run.error !== undefined) throw failed(run.error, run.logs);
    payer.signInto(wire, 1 + SIGNATURE_BYTES, message.bytes.length, wire, 1);
    payer.seal();
    const step: PendingStep = {
      signature: base58.encode(wire.subarray(1, 1 + SIGNATURE_BYTES)),
      lastValidBlockHeight: value.lastValidBlockHeight,
      wire: Buffer.from(wire).toString('base64'),
    };
    steps.write(step);
    const end = await this.#finish(step);
    if (end.state === 'failed') throw failed(end.error, []);
    if (end.state === 'expired')
      throw new HotslotError('SEND_REFUSED', { detail: 'It expired before it landed; run it again.' });
  }

  /** Only what is proven to be over is no longer written down. */
  async #finish(step: PendingStep): Promise<StepEnd> {
    const end = await this.#see(step);
    this.#options.steps.clear();
    return end;
  }

  /** @returns `expired` only where a finalized block above its last valid height proves it */
  async #see(step: PendingStep): Promise<StepEnd> {
    const { rpc, reader, sleep } = this.#options;
    const signature = asSignature(step.signature);
    const polls = GIVE_UP_MS / POLL_MS;
    for (let poll = 0; poll < polls; poll++) {
      if (poll % POLLS_A_SEND === 0) {
        await rpc
          .call('sendTransaction', [step.wire, { encoding: 'base64', skipPreflight: true, maxRetries: 0 }])
          // A node that refuses bytes may have them already: only the chain's word counts.
          .catch(() => undefined);
      }
      await sleep(POLL_MS);
      // The height first: a status that is asked for after it cannot be older than it.
      const height = await reader.blockHeight('finalized');
      const { statuses } = await reader.statuses([signature], true);
      const [status] = statuses;
      if (status !== undefined && status.commitment !== 'processed') {
        const isClean = status.error === null || status.error === undefined;
        return isClean ? { state: 'landed' } : { state: 'failed', error: status.error };
      }
      if (status === undefined && height > step.lastValidBlockHeight) return { state: 'expired' };
    }
    throw new HotslotError('RPC_TIMEOUT', { detail: 'The chain does not tell what became of a transfer.' });
  }
}

function failed(error: unknown, logs: readonly string[]): HotslotError {
  const last = logs.findLast((line) => /failed|error/i.test(line)) ?? '';
  return new HotslotError('TRANSACTION_FAILED', { detail: `${JSON.stringify(error)} ${last}`.trim() });
}
