/** Addresses of Raydium CPMM on mainnet (and on the embedded cluster, which loads its own program there). */
import { asAddress } from '../model/brands.js';

export const RAYDIUM_CPMM_PROGRAM = asAddress('CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C');
/** Program address of the seed `vault_and_lp_mint_auth_seed`: owns every vault. */
export const RAYDIUM_CPMM_AUTHORITY = asAddress('GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL');
