/**
 * A transfer of a key that landed with an error stayed written down: every rerun of `keys rotate`, `fund` and `sweep`
 * found it, asked the chain and failed for it again. What is over is forgotten; what may still land is not.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SigningKey } from '../src/keys/signing-key.js';
import { StepFile } from '../src/keys/step-file.js';
import { TransactionLander } from '../src/keys/transaction-lander.js';
import { asAddress } from '../src/model/brands.js';
import { ChainReader } from '../src/send/chain-reader.js';
import { RpcPool } from '../src/send/rpc-pool.js';
import { transferLamports } from '../src/transaction/transfer.js';
import { ManualClock } from './support/manual-clock.js';

const LAST_VALID = 150;
const STEP = { signature: '5'.repeat(88), lastValidBlockHeight: LAST_VALID, wire: 'AQ==' };
const LANDED = { slot: 9, confirmations: 1, confirmationStatus: 'confirmed', err: null };
const FAILED = { ...LANDED, err: { InstructionError: [2, { Custom: 17 }] } };

let directory: string;
let steps: StepFile;
let key: SigningKey;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-transfer-ends-'));
  steps = new StepFile(directory, 'fund-trading-key-1');
  key = SigningKey.generate('master');
  steps.begin(key.address);
});
afterEach(() => {
  key.wipe();
  rmSync(directory, { recursive: true, force: true });
});

/** On a node whose simulations are clean. @param status throws where it is an Error */
function lander(status: unknown, height = LAST_VALID): TransactionLander {
  const answers: { readonly [method: string]: () => unknown } = {
    getLatestBlockhash: () => ({
      value: { blockhash: '1'.repeat(32), lastValidBlockHeight: LAST_VALID },
    }),
    simulateTransaction: () => ({ context: { slot: 8 }, value: { err: null, logs: [] } }),
    sendTransaction: () => 'sent',
    getBlockHeight: () => height,
    getSignatureStatuses: () => {
      if (status instanceof Error) throw status;
      return { context: { slot: 9 }, value: [status] };
    },
  };
  const node = { host: 'node', call: async (method: string) => answers[method]!() };
  const rpc = new RpcPool([node], new ManualClock());
  return new TransactionLander({
    rpc,
    reader: new ChainReader(rpc),
    steps,
    computeUnitPriceMicroLamports: 0n,
    sleep: async () => undefined,
  });
}

const land = (on: TransactionLander) =>
  on.land(key, [transferLamports(key.address, asAddress('1'.repeat(32)), 1n)]);

describe('a transfer of a key', () => {
  it.each([
    ['landed', LANDED, LAST_VALID],
    ['failed on the chain', FAILED, LAST_VALID],
    ['expired', null, LAST_VALID + 1],
  ])('that an earlier run signed and that %s is over, and the run goes on', async (_end, status, height) => {
    steps.write(STEP);
    await lander(status, height).finishPending();
    expect(steps.read()).toBeUndefined();
    expect(steps.oldAddress).toBe(key.address);
  });

  it('that fails on the chain is told once, and the next run lands another', async () => {
    await expect(land(lander(FAILED))).rejects.toMatchObject({ code: 'TRANSACTION_FAILED' });
    expect(steps.read()).toBeUndefined();
    await lander(FAILED).finishPending();
    await land(lander(LANDED));
    expect(steps.read()).toBeUndefined();
  });

  it.each([
    ['no node answers', new Error('reset'), 'reset'],
    ['the chain does not know it and its height is not past', null, 'RPC_TIMEOUT'],
    ['it is on a fork that may be lost', { ...FAILED, confirmationStatus: 'processed' }, 'RPC_TIMEOUT'],
  ])('stays written down while %s', async (_why, status, fault) => {
    const expected = fault === 'reset' ? { message: fault } : { code: fault };
    await expect(land(lander(status))).rejects.toMatchObject(expected);
    const written = steps.read();
    expect(written?.lastValidBlockHeight).toBe(LAST_VALID);
    await expect(lander(status).finishPending()).rejects.toMatchObject(expected);
    expect(steps.read()).toEqual(written);
  });
});
