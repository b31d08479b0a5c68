/** The hash that tells one chain from another: that of everything that genesis put into it. */
import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import type { Genesis } from './genesis/types.js';

export function genesisHashOf(genesis: Genesis): string {
  const hash = createHash('sha256');
  for (const { address, account } of genesis.accounts) {
    hash.update(
      `${address} ${account.owner} ${account.lamports} ${account.executable} ${account.data.length} `,
    );
    hash.update(account.data);
  }
  for (const { id, bytes } of genesis.programs) hash.update(`${id} ${bytes.length} `).update(bytes);
  return base58.encode(hash.digest());
}
