/** `check:balances`: what every key holds on the chain, and which of them hold too little to trade. */
import type { Command } from 'commander';
import { byKeyName, roleOf } from '../../keys/key-names.js';
import { type KeystoreEntry, listKeystore } from '../../keys/keystore.js';
import type { Address } from '../../model/brands.js';
import { SOL_MINT } from '../../risk/balance-changes.js';
import { type TokenHolding, tokenHoldingsOf } from '../../send/token-accounts.js';
import { atOnePoint, LAMPORT_DECIMALS, wholeUnits } from '../amounts.js';
import { type CommandChain, withChain } from '../chain.js';
import { defineCommand } from '../define-command.js';
import { commandEnvironment } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { keystorePathsOf } from '../key-files.js';
import { columns, withProgress } from '../output.js';

/** Wallets asked for at once. */
const BATCH = 8;

interface Balance extends KeystoreEntry {
  readonly role: string;
  readonly lamports: bigint;
  /** A trading key with less than MIN_WALLET_LAMPORTS trades nothing. */
  readonly tooLow: boolean;
  readonly tokens: readonly TokenHolding[];
}

export function checkBalancesCommand(): Command {
  return defineCommand('check-balances', 'tell what every key holds by confirmed balances', async () =>
    withChain(commandEnvironment(), async (chain) => {
      const entries = (await listKeystore(keystorePathsOf(chain.config).keystore)).sort(byKeyName);
      const balances = await withProgress('Reading balances', balancesOf(chain, entries));
      const low = balances.filter((balance) => balance.tooLow);
      const rows = balances.flatMap((balance) => rowsOf(balance, chain));
      return {
        exitCode: low.length === 0 ? EXIT.ok : EXIT.bad,
        json: { minWalletLamports: chain.config.MIN_WALLET_LAMPORTS, balances },
        lines: [...table(rows), ...low.map(complaint)],
      };
    }),
  );
}

async function balancesOf(chain: CommandChain, entries: readonly KeystoreEntry[]): Promise<Balance[]> {
  const balances: Balance[] = [];
  for (let start = 0; start < entries.length; start += BATCH) {
    const batch = entries.slice(start, start + BATCH);
    const { accounts } = await chain.reader.accounts(
      batch.map((entry) => entry.address),
      'confirmed',
    );
    const tokens = await Promise.all(batch.map((entry) => tokenHoldingsOf(chain.rpc, entry.address)));
    batch.forEach((entry, index) => {
      const lamports = accounts[index]?.lamports ?? 0n;
      const role = roleOf(entry.name);
      const tooLow = role === 'trading' && lamports < chain.config.MIN_WALLET_LAMPORTS;
      balances.push({ ...entry, role, lamports, tooLow, tokens: tokens[index] ?? [] });
    });
  }
  return balances;
}

type BalanceRow = readonly [key: string, address: string, amount: string, token: string];

function table(rows: readonly BalanceRow[]): string[] {
  const amounts = atOnePoint(rows.map(([, , amount]) => amount));
  const cells = rows.map(([key, address, , token], index) => [key, address, amounts[index]!, token]);
  return columns([['KEY', 'ADDRESS', 'AMOUNT', 'TOKEN'], ...cells], [2]);
}

function rowsOf(balance: Balance, chain: CommandChain): BalanceRow[] {
  return [
    [balance.name, balance.address, wholeUnits(balance.lamports, LAMPORT_DECIMALS), 'SOL'],
    ...balance.tokens.map(
      (token): BalanceRow => [
        '',
        token.account,
        wholeUnits(token.amount, token.decimals),
        `${nameOf(token.mint, chain)}${token.isFrozen ? ' (frozen)' : ''}`,
      ],
    ),
  ];
}

/** Wrapped SOL is in a token account: the wallet's lamports are another amount, and pay the fees. */
function nameOf(mint: Address, { symbols }: CommandChain): string {
  return mint === SOL_MINT ? 'wSOL' : (symbols.get(mint) ?? mint);
}

const complaint = ({ name }: Balance) => `${name} has less than MIN_WALLET_LAMPORTS and trades nothing.`;
