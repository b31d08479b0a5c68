/** Every way in which a secret could be written down, and where in a process's memory its bytes lie. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { base58 } from '@scure/base';

const CHUNK_BYTES = 1 << 24;

/** Of 32 bytes of seed, and of the 64 that solana-keygen writes. */
export function formsOf(seed: Uint8Array, address: string): string[] {
  const whole = Buffer.concat([seed, base58.decode(address)]);
  return [Buffer.from(seed), whole].flatMap((bytes) => [
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    base58.encode(bytes),
    [...bytes].join(','),
    [...bytes].join(', '),
    [...bytes].join(' '),
  ]);
}

export interface MemoryFinding {
  readonly secret: string;
  readonly mapping: string;
}

/** Looks through all that a running process has readable and may have written. */
export function findInMemory(
  pid: number,
  secrets: ReadonlyMap<string, Buffer>,
): { readonly lockedMappings: number; readonly findings: readonly MemoryFinding[] } {
  const mappings = readFileSync(`/proc/${pid}/smaps`, 'utf8').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  const longest = Math.max(...[...secrets.values()].map((bytes) => bytes.length));
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const chunk = Buffer.alloc(CHUNK_BYTES + longest);
  const findings: MemoryFinding[] = [];
  let lockedMappings = 0;
  try {
    for (const mapping of mappings) {
      const [, start, end, access] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(mapping)!;
      const flags = /VmFlags:(.*)/.exec(mapping)?.[1] ?? '';
      // lo: locked, never swapped; dd: left out of core dumps.
      if (/\blo\b/.test(flags) && /\bdd\b/.test(flags)) {
        lockedMappings += 1;
        continue;
      }
      if (!access!.startsWith('rw')) continue;
      const last = Number.parseInt(end!, 16);
      for (let at = Number.parseInt(start!, 16); at < last; at += CHUNK_BYTES) {
        const bytes = readMemory(memory, chunk, Math.min(chunk.length, last - at), at);
        for (const [secret, sought] of secrets)
          if (bytes.includes(sought)) findings.push({ secret, mapping: mapping.split('\n')[0]! });
      }
    }
  } finally {
    closeSync(memory);
  }
  return { lockedMappings, findings };
}

function readMemory(file: number, into: Buffer, length: number, at: number): Buffer {
  try {
    return into.subarray(0, readSync(file, into, 0, length, at));
  } catch (error) {
    // Unmapped since the list was made.
    if ((error as NodeJS.ErrnoException).code === 'EIO') return into.subarray(0, 0);
    throw error;
  }
}
