/** Moving what keys hold: the master key funds, a key that is given up is emptied. */
import { HotslotError } from '../errors/hotslot-error.js';
import type { Address } from '../model/brands.js';
import type { TokenHolding } from '../send/token-accounts.js';
import { associatedTokenAddress, createAssociatedTokenIdempotent } from '../transaction/associated-token.js';
import { TOKEN_PROGRAM } from '../transaction/program-ids.js';
import { closeTokenAccount, transferLamports, transferTokens } from '../transaction/transfer.js';
import type { SigningKey } from './signing-key.js';
import type { TransactionLander } from './transaction-lander.js';

/** Beside what a wallet must keep: fees, and rent of what its trades open. */
const START_LAMPORTS = 50_000_000n;
/** Token accounts opened in one transaction. */
const OPENED_AT_ONCE = 5;

export interface KeyTransfers {
  readonly lander: TransactionLander;
  /** Confirmed. */
  readonly lamportsOf: (address: Address) => Promise<bigint>;
  readonly holdingsOf: (address: Address) => Promise<TokenHolding[]>;
  readonly minWalletLamports: bigint;
  readonly onStep: (text: string) => void;
}

/**
 * Gives a key what it is short of to begin trading.
 * @returns lamports that were sent
 * @throws HotslotError INSUFFICIENT_FUNDS, TRANSACTION_FAILED, RPC_FAILED
 */
export async function fundKey(transfers: KeyTransfers, payer: SigningKey, to: Address): Promise<bigint> {
  const target = transfers.minWalletLamports + START_LAMPORTS;
  const held = await transfers.lamportsOf(to);
  if (held >= target) return 0n;
  const missing = target - held;
  const available = await transfers.lamportsOf(payer.address);
  if (available < missing + transfers.lander.feeLamports()) {
    throw new HotslotError('INSUFFICIENT_FUNDS', {
      context: { key: payer.name, lamports: available.toString(), missing: missing.toString() },
    });
  }
  transfers.onStep(`funding ${to}`);
  await transfers.lander.land(payer, [transferLamports(payer.address, to, missing)]);
  return missing;
}

/** Opens a token account for everything that another key holds. */
export async function openAccounts(
  transfers: KeyTransfers,
  payer: SigningKey,
  like: Address,
  owner: Address,
): Promise<void> {
  const has = new Set((await transfers.holdingsOf(owner)).map((holding) => holding.mint));
  const missing = (await transfers.holdingsOf(like)).filter((holding) => !has.has(holding.mint));
  for (let start = 0; start < missing.length; start += OPENED_AT_ONCE) {
    const batch = missing.slice(start, start + OPENED_AT_ONCE);
    transfers.onStep(`opening ${batch.length} token ${batch.length === 1 ? 'account' : 'accounts'}`);
    await transfers.lander.land(
      payer,
      batch.map(({ mint, program }) => createAssociatedTokenIdempotent(payer.address, owner, mint, program)),
    );
  }
}

/**
 * Moves everything that a key holds; its SOL last, because it pays.
 * @returns token accounts that could not be emptied, because they are frozen
 * @throws HotslotError TRANSACTION_FAILED, RPC_FAILED
 */
export async function drainKey(
  transfers: KeyTransfers,
  old: SigningKey,
  to: Address,
): Promise<readonly Address[]> {
  const { lander, lamportsOf, holdingsOf, onStep } = transfers;
  const left: Address[] = [];
  for (const holding of await holdingsOf(old.address)) {
    if (holding.isFrozen) left.push(holding.account);
    else await moveTokens(transfers, old, to, holding);
  }
  const lamports = (await lamportsOf(old.address)) - lander.feeLamports();
  if (lamports > 0n) {
    onStep('moving the rest of its SOL');
    await lander.land(old, [transferLamports(old.address, to, lamports)]);
  }
  return left;
}

async function moveTokens(
  { lander, onStep }: KeyTransfers,
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
