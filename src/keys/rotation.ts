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
import type { TokenHolding } from '../send/token-accounts.js';
import { associatedTokenAddress, createAssociatedTokenIdempotent } from '../transaction/associated-token.js';
import { TOKEN_PROGRAM } from '../transaction/program-ids.js';
import { closeTokenAccount, transferLamports, transferTokens } from '../transaction/transfer.js';
import { MASTER_KEY, nextName, retiredName, retiringName } from './key-names.js';
import type { Keystore } from './keystore.js';
import type { SigningKey } from './signing-key.js';
import type { StepFile } from './step-file.js';
import type { TransactionLander } from './transaction-lander.js';

/** Beside what a wallet must keep: fees, and rent of what its trades open. */
const START_LAMPORTS = 50_000_000n;
/** Token accounts opened in one transaction. */
const OPENED_AT_ONCE = 5;

export interface RotationOptions {
  /** `trading-key-…` or `master`. */
  readonly name: string;
  readonly keystore: Keystore;
  readonly lander: TransactionLander;
  /** The lander's own. */
  readonly steps: StepFile;
  /** Confirmed. */
  readonly lamportsOf: (address: Address) => Promise<bigint>;
  readonly holdingsOf: (address: Address) => Promise<TokenHolding[]>;
  readonly minWalletLamports: bigint;
  /** Lets the executor read the keystore again; nothing where none runs. */
  readonly reloadExecutor: () => Promise<void>;
  /** Whether no trade of this wallet is live any more; waits for it within a bound. */
  readonly isTradingOver: (wallet: Address) => Promise<boolean>;
  readonly onStep: (text: string) => void;
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

/** @throws HotslotError KEYSTORE_INVALID, INSUFFICIENT_FUNDS, TRANSACTION_FAILED, RPC_FAILED */
export async function rotateKey(options: RotationOptions): Promise<RotationResult> {
  const { name, keystore, lander, steps } = options;
  const current = addressOf(keystore, name);
  if (current === undefined)
    throw new HotslotError('KEYSTORE_INVALID', { detail: `It has no key named ${name}.` });
  await lander.finishPending();
  const oldAddress = steps.oldAddress ?? addressOf(keystore, retiringName(name)) ?? current;
  if (steps.oldAddress === undefined) steps.begin(oldAddress);
  if (current === oldAddress) await succeed(options);
  await options.reloadExecutor();
  const newAddress = addressOf(keystore, name)!;
  const told = { name, oldAddress, newAddress };
  let left: Address[] = [];
  if (addressOf(keystore, retiringName(name)) !== undefined) {
    options.onStep(`waiting for the last trade of ${oldAddress}`);
    if (!(await options.isTradingOver(oldAddress))) return { ...told, done: false, left };
    left = await drainKey(options, newAddress);
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
    await fund(options, payer, successor);
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

async function fund(options: RotationOptions, payer: SigningKey, successor: Address): Promise<void> {
  const target = options.minWalletLamports + START_LAMPORTS;
  const held = await options.lamportsOf(successor);
  if (held >= target) return;
  const missing = target - held;
  const available = await options.lamportsOf(payer.address);
  if (available < missing + options.lander.feeLamports()) {
    throw new HotslotError('INSUFFICIENT_FUNDS', {
      context: { key: payer.name, lamports: available.toString(), missing: missing.toString() },
    });
  }
  options.onStep(`funding ${successor}`);
  await options.lander.land(payer, [transferLamports(payer.address, successor, missing)]);
}

async function openAccounts(
  options: RotationOptions,
  payer: SigningKey,
  old: Address,
  successor: Address,
): Promise<void> {
  const has = new Set((await options.holdingsOf(successor)).map((holding) => holding.mint));
  const missing = (await options.holdingsOf(old)).filter((holding) => !has.has(holding.mint));
  for (let start = 0; start < missing.length; start += OPENED_AT_ONCE) {
    const batch = missing.slice(start, start + OPENED_AT_ONCE);
    options.onStep(`opening ${batch.length} token accounts`);
    await options.lander.land(
      payer,
      batch.map(({ mint, program }) =>
        createAssociatedTokenIdempotent(payer.address, successor, mint, program),
      ),
    );
  }
}

/** Step 4. @returns what could not be emptied */
async function drainKey(options: RotationOptions, to: Address): Promise<Address[]> {
  const { keystore, lander, onStep, name } = options;
  const old = keystore.load(retiringName(name));
  const left: Address[] = [];
  try {
    for (const holding of await options.holdingsOf(old.address)) {
      if (holding.isFrozen) left.push(holding.account);
      else await moveTokens(options, old, to, holding);
    }
    const lamports = (await options.lamportsOf(old.address)) - lander.feeLamports();
    if (lamports > 0n) {
      onStep('moving the rest of its SOL');
      await lander.land(old, [transferLamports(old.address, to, lamports)]);
    }
  } finally {
    old.wipe();
  }
  return left;
}

async function moveTokens(
  { lander, onStep }: RotationOptions,
  old: SigningKey,
  to: Address,
  { mint, program, account, amount, decimals }: TokenHolding,
): Promise<void> {
  const owner = old.address;
  const destination = associatedTokenAddress(to, mint, program);
  // Token-2022 accounts may hold withheld fees, with which they cannot be closed: they stay, empty.
  const closes = program === TOKEN_PROGRAM;
  if (amount === 0n && !closes) return;
  onStep(`moving ${amount} of ${mint}`);
  const moved =
    amount === 0n
      ? []
      : [
          createAssociatedTokenIdempotent(owner, to, mint, program, destination),
          transferTokens({ program, mint, decimals, source: account, destination, owner, amount }),
        ];
  const closed = closes ? [closeTokenAccount(program, account, to, owner)] : [];
  await lander.land(old, [...moved, ...closed]);
}
