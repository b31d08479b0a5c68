/**
 * What is signed is a prepared message with a trade's numbers written into it: over thousands of random swaps its bytes
 * are those that @solana/web3.js and @solana/kit compile for the same instructions with the same numbers. web3.js keeps
 * keys in the order in which they come, as our trades do; kit sorts them, so it is compared in its order.
 */
import { expect, it } from 'vitest';
import { SWAP_DATA_OFFSETS, swapInstruction } from '../src/market/raydium-cpmm-instruction.js';
import { type Address, asAddress, asBlockhash, U64_MAX } from '../src/model/brands.js';
import { createAssociatedTokenIdempotent } from '../src/transaction/associated-token.js';
import { encode32 } from '../src/transaction/base58.js';
import {
  COMPUTE_BUDGET_VALUE_OFFSET,
  setComputeUnitLimit,
  setComputeUnitPrice,
} from '../src/transaction/compute-budget.js';
import type { Instruction } from '../src/transaction/instruction.js';
import { compileMessage } from '../src/transaction/message.js';
import {
  type MessageValues,
  type PreparedMessage,
  patchMessage,
  prepareMessage,
} from '../src/transaction/prepared-message.js';
import {
  prepareSwap,
  type SwapRoute,
  swapInstructions,
  swapTokenAccounts,
} from '../src/transaction/prepared-swap.js';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '../src/transaction/program-ids.js';
import { testKeys } from './support/cpmm-accounts.js';
import { kitBytes, type MessageShape, web3Bytes } from './support/peer-messages.js';
import { type SeededRandom, seededRandom } from './support/seeded-random.js';

const SHAPES = 2_000;
const TIMEOUT_MS = 60_000;
const NO_BLOCKHASH = asBlockhash(encode32(new Uint8Array(32)));

const isDrawn = (random: SeededRandom): boolean => random.below(2) === 0;

const randomBytes = (random: SeededRandom): Uint8Array =>
  Uint8Array.from({ length: 32 }, () => random.below(256));

const randomAddress = (random: SeededRandom): Address => asAddress(encode32(randomBytes(random)));

/** Small and large ones, and the largest. */
function randomU64(random: SeededRandom): bigint {
  if (random.below(10) === 0) return U64_MAX;
  const bits = BigInt(random.below(65));
  const word = (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
  return word & ((1n << bits) - 1n);
}

function randomRoute(random: SeededRandom): SwapRoute {
  const tokenProgram = () => (isDrawn(random) ? TOKEN_PROGRAM : TOKEN_2022_PROGRAM);
  const keys = {
    ...testKeys(),
    pool: randomAddress(random),
    ammConfig: randomAddress(random),
    observation: randomAddress(random),
    mint0: randomAddress(random),
    mint1: randomAddress(random),
    vault0: randomAddress(random),
    vault1: randomAddress(random),
    tokenProgram0: tokenProgram(),
    tokenProgram1: tokenProgram(),
  };
  const route: SwapRoute = {
    keys,
    wallet: randomAddress(random),
    zeroForOne: isDrawn(random),
    mode: isDrawn(random) ? 'exactIn' : 'exactOut',
    createOutputAccount: isDrawn(random),
    lookupTables: [],
  };
  return { ...route, lookupTables: randomTables(random, route) };
}

/** None, or up to three, with accounts of the swap in any order among strangers, and some that must stay outside. */
function randomTables(random: SeededRandom, route: SwapRoute): SwapRoute['lookupTables'] {
  const count = random.below(4);
  const addresses: Address[][] = Array.from({ length: count }, () => [randomAddress(random)]);
  if (count === 0) return [];
  const named = swapInstructions(route).flatMap((one) => [
    one.programId,
    ...one.accounts.map((account) => account.address),
  ]);
  for (const address of new Set(named)) {
    if (isDrawn(random)) addresses[random.below(count)]!.unshift(address);
  }
  return addresses.map((list) => ({ address: randomAddress(random), addresses: list }));
}

const randomValues = (random: SeededRandom): MessageValues => ({
  amount: randomU64(random),
  limit: randomU64(random),
  computeUnitLimit: random.below(2 ** 32),
  computeUnitPriceMicroLamports: randomU64(random),
  blockhash: randomBytes(random),
});

/** The swap as somebody writes it who knows its numbers from the start. */
function shapeOf(route: SwapRoute, values: MessageValues): MessageShape {
  const { keys, wallet, zeroForOne, mode } = route;
  const accounts = swapTokenAccounts(keys, wallet, zeroForOne);
  const [mint, program] = zeroForOne ? [keys.mint1, keys.tokenProgram1] : [keys.mint0, keys.tokenProgram0];
  const creation: Instruction[] = route.createOutputAccount
    ? [createAssociatedTokenIdempotent(wallet, wallet, mint, program)]
    : [];
  return {
    payer: wallet,
    blockhash: asBlockhash(encode32(values.blockhash)),
    tables: route.lookupTables,
    instructions: [
      setComputeUnitLimit(values.computeUnitLimit),
      setComputeUnitPrice(values.computeUnitPriceMicroLamports),
      ...creation,
      swapInstruction(keys, { wallet, ...accounts }, { mode, zeroForOne, ...values }),
    ],
  };
}

const versionOf = ({ lookupTables }: SwapRoute) => (lookupTables.length > 0 ? 'v0' : 'legacy');

/** The same preparation, with the keys in kit's order. */
function prepareSorted(route: SwapRoute): PreparedMessage {
  const instructions = swapInstructions(route);
  const message = compileMessage({
    payer: route.wallet,
    instructions,
    blockhash: NO_BLOCKHASH,
    version: versionOf(route),
    lookupTables: route.lookupTables,
    keyOrder: 'sorted',
  });
  const swap = instructions.length - 1;
  const data = SWAP_DATA_OFFSETS[route.mode];
  return prepareMessage('sorted', message, {
    computeUnitLimit: { instruction: 0, offset: COMPUTE_BUDGET_VALUE_OFFSET },
    computeUnitPrice: { instruction: 1, offset: COMPUTE_BUDGET_VALUE_OFFSET },
    amount: { instruction: swap, offset: data.amount },
    limit: { instruction: swap, offset: data.limit },
  });
}

/** Two trades with one prepared message: nothing of the first may be left in the second. */
function messagesOf(prepared: PreparedMessage, trades: readonly MessageValues[]): string[] {
  return trades.map((values) => {
    const wire = Buffer.from(prepared.wire);
    patchMessage(wire, prepared, values);
    return wire.subarray(prepared.messageOffset).toString('hex');
  });
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

it.each([
  ['@solana/web3.js', prepareSwap, web3Bytes, 21],
  ['@solana/kit, in its order of keys', prepareSorted, kitBytes, 22],
] as const)(
  'a prepared message with its numbers is that of %s byte for byte',
  (_name, prepare, theirs, seed) => {
    const random = seededRandom(seed);
    for (let shape = 0; shape < SHAPES; shape++) {
      const route = randomRoute(random);
      const trades = [randomValues(random), randomValues(random)];
      expect(messagesOf(prepare(route), trades)).toEqual(
        trades.map((values) => hex(theirs(shapeOf(route, values), versionOf(route)))),
      );
    }
  },
  TIMEOUT_MS,
);
