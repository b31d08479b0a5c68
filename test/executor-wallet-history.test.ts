/** What a wallet sent is read from a node that has kept it, however well another answers that has not. */
import { base58 } from '@scure/base';
import { describe, expect, it } from 'vitest';
import { NodeWalletHistory } from '../src/executor/wallet-history.js';
import { swapInstruction } from '../src/market/raydium-cpmm-instruction.js';
import { asAddress, asSignature, asSlot, asTradeId } from '../src/model/brands.js';
import type { Trade } from '../src/model/trade.js';
import type { RpcCaller } from '../src/send/rpc-client.js';
import { RpcPool } from '../src/send/rpc-pool.js';
import { testKeys } from './support/cpmm-accounts.js';
import { ManualClock } from './support/manual-clock.js';

const WALLET = asAddress('wallet1');
const KEYS = testKeys();
const SIGNATURE = asSignature('lost');
const FROM = asSlot(1_990);
const LANDED = asSlot(1_995);
const ROOTED = asSlot(2_200);

const TRADE = {
  id: asTradeId('first'),
  pool: KEYS.pool,
  wallet: WALLET,
  intent: { mode: 'exactIn', amount: 5n, inputMint: KEYS.mint0 },
  acceptedQuote: { slot: 1_989, amountIn: 5n, amountOut: 9n },
} as unknown as Trade;

/** Its swap, as RPC's `json` form has it. */
function transactionOf(trade: Trade): unknown {
  const accounts = { inputAccount: asAddress('input'), outputAccount: asAddress('output') };
  const parameters = { mode: trade.intent.mode, amount: trade.intent.amount, limit: 8n, zeroForOne: true };
  const swap = swapInstruction(KEYS, { wallet: trade.wallet, ...accounts }, parameters);
  const accountKeys = [...swap.accounts.map(({ address }) => address), swap.programId];
  const instruction = {
    programIdIndex: swap.accounts.length,
    accounts: swap.accounts.map((_, index) => index),
    data: base58.encode(swap.data),
  };
  const message = { accountKeys, recentBlockhash: 'hash1', instructions: [instruction] };
  return { transaction: { message }, meta: null };
}

class Node implements RpcCaller {
  readonly host: string;
  readonly asked: string[] = [];
  hasTransaction = true;
  firstSlot: number;
  readonly #clock: ManualClock;
  readonly #answerMs: number;

  constructor(clock: ManualClock, host: string, answerMs: number, firstSlot: number) {
    this.#clock = clock;
    this.host = host;
    this.#answerMs = answerMs;
    this.firstSlot = firstSlot;
  }

  async call(method: string): Promise<unknown> {
    this.asked.push(method);
    this.#clock.advance(this.#answerMs);
    if (method === 'getFirstAvailableBlock') return this.firstSlot;
    if (method === 'getTransaction') return this.hasTransaction ? transactionOf(TRADE) : null;
    return [{ signature: SIGNATURE, slot: LANDED }];
  }
}

async function setUp() {
  const clock = new ManualClock();
  const pruned = new Node(clock, 'pruned', 5, 1_000_000_000);
  pruned.hasTransaction = false;
  const whole = new Node(clock, 'whole', 200, 0);
  const rpc = new RpcPool([pruned, whole], clock);
  for (const host of rpc.hosts) await rpc.call('getSlot', [], { host });
  const history = new NodeWalletHistory({ rpc, keysOf: () => KEYS, clock });
  return { pruned, whole, history };
}

describe('the history of a wallet', () => {
  it('is read to its end from the node that has kept it, where the fastest one has pruned', async () => {
    const { pruned, history } = await setUp();
    await expect(history.landed(WALLET, FROM, ROOTED, 0)).rejects.toMatchObject({
      code: 'RPC_FAILED',
      context: { host: 'pruned' },
    });
    const landed = await history.landed(WALLET, FROM, ROOTED, 1);
    expect(landed).toEqual([{ signature: SIGNATURE, slot: LANDED, host: 'whole' }]);
    expect(await history.attemptOf(landed[0]!, [TRADE])).toMatchObject({
      tradeId: 'first',
      attempt: { signature: SIGNATURE, signedSlot: LANDED, blockhash: 'hash1', limit: 8n },
    });
    expect(pruned.asked).not.toContain('getTransaction');
  });

  it('is not known while the node that tells of a transaction does not give it', async () => {
    const { whole, history } = await setUp();
    whole.hasTransaction = false;
    const [landed] = await history.landed(WALLET, FROM, ROOTED, 1);
    await expect(history.attemptOf(landed!, [TRADE])).rejects.toMatchObject({ code: 'RPC_FAILED' });
  });
});
