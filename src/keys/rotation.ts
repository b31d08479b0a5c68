/**
 * The rotation of one key. Where it stands is read from the keystore's names, the chain and the step file, never from
 * memory, so that it can be run again after a crash at any point:
 *
 * 1. `next-NAME` is made and saved before anything is sent to it.
 * 2. It is funded, and gets a token account for everything that the old one holds.
 * 3. In one replacement of the keystore's file `next-NAME` becomes `NAME`, and the old key `retiring-NAME`. The
 *    executor reads the keystore again: new trades sign with the new key.
 * 4. When the old key's last trade is over, all it holds moves to the new one.
 * 5. It is kept as `retired-NAME-1`, should something still come in.
 */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address } from '../model/brands.js';
import { MASTER_KEY, nextName, retiredName, retiringName } from './key-names.js';
import { drainKey, fundKey, type KeyTransfers, openAccounts } from './key-transfers.js';
import type { Keystore } from './keystore.js';
import type { StepFile } from './step-file.js';

export interface RotationOptions extends KeyTransfers {
  /** `trading-key-…` or `master`. */
  readonly name: string;
  readonly keystore: Keystore;
  /** The lander's own. */
  readonly steps: StepFile;
  /** Lets the executor read the keystore again; nothing where none runs. */
  readonly reloadExecutor: () => Promise<void>;
  /** Whether no trade of this wallet is live any more; waits for it within a bound. */
  readonly isTradingOver: (wallet: Address) => Promise<boolean>;
}

export interface RotationResult {
  readonly name: string;
  readonly oldAddress: Address;
  readonly newAddress: Address;
  /** False: trades of the old key are live; run it again. */
  readonly done: boolean;
  readonly retiredAs?: string;
  /** Token accounts that could not be emptied, because they are frozen. */
  readonly left: readonly Address[];
}

/** @throws HotslotError KEY_UNKNOWN, KEYSTORE_INVALID, INSUFFICIENT_FUNDS, TRANSACTION_FAILED, RPC_FAILED */
export async function rotateKey(options: RotationOptions): Promise<RotationResult> {
  const { name, keystore, lander, steps } = options;
  const current = addressOf(keystore, name);
  if (current === undefined) throw new HotslotError('KEY_UNKNOWN', { detail: name });
  await lander.finishPending();
  const oldAddress = steps.oldAddress ?? addressOf(keystore, retiringName(name)) ?? current;
  if (steps.oldAddress === undefined) steps.begin(oldAddress);
  if (current === oldAddress) await succeed(options);
  await options.reloadExecutor();
  const newAddress = addressOf(keystore, name)!;
  const told = { name, oldAddress, newAddress };
  let left: readonly Address[] = [];
  if (addressOf(keystore, retiringName(name)) !== undefined) {
    options.onStep(`waiting for the last trade of ${oldAddress}`);
    if (!(await options.isTradingOver(oldAddress))) return { ...told, done: false, left };
    left = await drainRetiring(options, newAddress);
    const taken = new Set(keystore.entries().map((entry) => entry.name));
    keystore.rename(retiringName(name), retiredName(name, taken));
    await keystore.save();
    await options.reloadExecutor();
  }
  // Without this, one that was cut off after its last step would be taken for none, and begin another rotation.
  steps.finish();
  const retiredAs = keystore.entries().find((entry) => entry.address === oldAddress)?.name;
  return { ...told, done: true, left, ...(retiredAs === undefined ? {} : { retiredAs }) };
}

function addressOf(keystore: Keystore, name: string): Address | undefined {
  return keystore.entries().find((entry) => entry.name === name)?.address;
}

/** Steps 1 to 3. */
async function succeed(options: RotationOptions): Promise<void> {
  const { name, keystore, onStep } = options;
  const next = nextName(name);
  if (!keystore.entries().some((entry) => entry.name === next)) {
    onStep('making the successor');
    keystore.generate(next).wipe();
    await keystore.save();
  }
  const old = keystore.load(name);
  const payer = name === MASTER_KEY ? old : keystore.load(MASTER_KEY);
  try {
    const successor = keystore.entries().find((entry) => entry.name === next)!.address;
    await fundKey(options, payer, successor);
    await openAccounts(options, payer, old.address, successor);
  } finally {
    old.wipe();
    payer.wipe();
  }
  keystore.rename(name, retiringName(name));
  keystore.rename(next, name);
  await keystore.save();
  onStep('the successor has the name');
}

/** Step 4. @returns what could not be emptied */
async function drainRetiring(options: RotationOptions, to: Address): Promise<readonly Address[]> {
  const old = options.keystore.load(retiringName(options.name));
  try {
    return await drainKey(options, old, to);
  } finally {
    old.wipe();
  }
}
