/** A version of Node.js that uWebSockets.js has no binary for, so that its loader truly fails. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HOOK = `const versions = { ...process.versions, node: '99.1.0', modules: '999' };
Object.defineProperty(process, 'versions', { value: versions });
`;

/** Writes what makes a process take itself for such a version; the environment that loads it. */
export function otherNode(directory: string): { readonly NODE_OPTIONS: string } {
  const path = join(directory, 'other-node.cjs');
  writeFileSync(path, HOOK);
  return { NODE_OPTIONS: `--require ${path}` };
}
