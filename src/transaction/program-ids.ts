/** Programs that the executor's own messages call. */
import { asAddress } from '../model/brands.js';

export { TOKEN_2022_PROGRAM } from '../market/transfer-fee.js';

export const SYSTEM_PROGRAM = asAddress('11111111111111111111111111111111');
export const COMPUTE_BUDGET_PROGRAM = asAddress('ComputeBudget111111111111111111111111111111');
export const TOKEN_PROGRAM = asAddress('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
export const ASSOCIATED_TOKEN_PROGRAM = asAddress('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
