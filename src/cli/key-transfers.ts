/** What the commands that move a key's funds have in common: nobody else changes keys, and each transfer lands once. */
import { join } from 'node:path';
import { holdDataDir } from '../journal/data-dir.js';
import type { KeyTransfers } from '../keys/key-transfers.js';
import type { Keystore } from '../keys/keystore.js';
import { StepFile } from '../keys/step-file.js';
import { TransactionLander } from '../keys/transaction-lander.js';
import { tokenHoldingsOf } from '../send/token-accounts.js';
import type { CommandChain } from './chain.js';
import { KEY_CHANGES_FOLDER, openConfiguredKeystore } from './key-files.js';
import { note } from './output.js';

export interface KeyTransferTools extends KeyTransfers {
  readonly keystore: Keystore;
  readonly steps: StepFile;
}

/**
 * @param name of the key whose transfers these are
 * @param stepsName of the file that an interrupted run is taken up from; each command has its own
 * @throws HotslotError DATA_DIR_HELD where another command changes keys; KEYSTORE_INVALID
 */
export async function withKeyTransfers<Result>(
  { config, rpc, reader }: CommandChain,
  name: string,
  stepsName: string,
  use: (tools: KeyTransferTools) => Promise<Result>,
): Promise<Result> {
  const folder = join(config.DATA_DIR, KEY_CHANGES_FOLDER);
  const held = await holdDataDir(folder);
  try {
    const keystore = await openConfiguredKeystore(config);
    try {
      const steps = new StepFile(folder, stepsName);
      return await use({
        keystore,
        steps,
        lander: new TransactionLander({
          rpc,
          reader,
          steps,
          computeUnitPriceMicroLamports: config.COMPUTE_UNIT_PRICE,
          sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
        }),
        lamportsOf: async (address) =>
          (await reader.accounts([address], 'confirmed')).accounts[0]?.lamports ?? 0n,
        holdingsOf: (address) => tokenHoldingsOf(rpc, address),
        minWalletLamports: config.MIN_WALLET_LAMPORTS,
        onStep: (text) => note(`${name}: ${text}`),
      });
    } finally {
      keystore.close();
    }
  } finally {
    await held.release();
  }
}
