/** A swap's prepared message: compute budget, the output account where it is missing, the venue's instruction. */
import { SWAP_DATA_OFFSETS, swapInstruction } from '../market/raydium-cpmm-instruction.js';
import type { PoolKeys } from '../market/types.js';
import { type Address, asBlockhash } from '../model/brands.js';
import type { SwapMode } from '../model/trade-intent.js';
import { associatedTokenAddress, createAssociatedTokenIdempotent } from './associated-token.js';
import { COMPUTE_BUDGET_VALUE_OFFSET, setComputeUnitLimit, setComputeUnitPrice } from './compute-budget.js';
import type { Instruction, LookupTable } from './instruction.js';
import { compileMessage } from './message.js';
import { type PreparedMessage, prepareMessage } from './prepared-message.js';

export interface SwapRoute {
  readonly keys: PoolKeys;
  readonly wallet: Address;
  readonly zeroForOne: boolean;
  readonly mode: SwapMode;
  /** The output account does not exist: the transaction creates it (and pays its rent). */
  readonly createOutputAccount: boolean;
  /** Tables that shorten the message; with none it is a legacy message. */
  readonly lookupTables: readonly LookupTable[];
}

/** Thirty-two zero bytes: stands where the blockhash will be written. */
const NO_BLOCKHASH = asBlockhash('11111111111111111111111111111111');

/** The wallet's associated accounts of a swap's two sides. */
export function swapTokenAccounts(
  keys: PoolKeys,
  wallet: Address,
  zeroForOne: boolean,
): { readonly inputAccount: Address; readonly outputAccount: Address } {
  const account0 = associatedTokenAddress(wallet, keys.mint0, keys.tokenProgram0);
  const account1 = associatedTokenAddress(wallet, keys.mint1, keys.tokenProgram1);
  return zeroForOne
    ? { inputAccount: account0, outputAccount: account1 }
    : { inputAccount: account1, outputAccount: account0 };
}

/** The instructions of a swap as they are compiled, with zeros where a trade's numbers go. */
export function swapInstructions(route: SwapRoute): Instruction[] {
  const { keys, wallet, zeroForOne, mode } = route;
  const accounts = swapTokenAccounts(keys, wallet, zeroForOne);
  const instructions: Instruction[] = [setComputeUnitLimit(0), setComputeUnitPrice(0n)];
  if (route.createOutputAccount) {
    const mint = zeroForOne ? keys.mint1 : keys.mint0;
    const program = zeroForOne ? keys.tokenProgram1 : keys.tokenProgram0;
    instructions.push(createAssociatedTokenIdempotent(wallet, wallet, mint, program, accounts.outputAccount));
  }
  instructions.push(
    swapInstruction(keys, { wallet, ...accounts }, { mode, amount: 0n, limit: 0n, zeroForOne }),
  );
  return instructions;
}

/** @throws HotslotError TRANSACTION_TOO_LARGE, TOO_MANY_ACCOUNTS */
export function prepareSwap(route: SwapRoute): PreparedMessage {
  const instructions = swapInstructions(route);
  const message = compileMessage({
    payer: route.wallet,
    instructions,
    blockhash: NO_BLOCKHASH,
    version: route.lookupTables.length > 0 ? 'v0' : 'legacy',
    lookupTables: route.lookupTables,
  });
  const swap = instructions.length - 1;
  const data = SWAP_DATA_OFFSETS[route.mode];
  const direction = route.zeroForOne ? '0>1' : '1>0';
  const variant = route.createOutputAccount ? '+account' : '';
  return prepareMessage(`${route.keys.pool}:${direction}:${route.mode}:${route.wallet}${variant}`, message, {
    computeUnitLimit: { instruction: 0, offset: COMPUTE_BUDGET_VALUE_OFFSET },
    computeUnitPrice: { instruction: 1, offset: COMPUTE_BUDGET_VALUE_OFFSET },
    amount: { instruction: swap, offset: data.amount },
    limit: { instruction: swap, offset: data.limit },
  });
}
