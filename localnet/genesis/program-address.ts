/**
 * Program-derived addresses: sha256(seeds, bump, program, "ProgramDerivedAddress"), with the highest bump whose
 * result is not a point of the Ed25519 curve. A genesis derives thousands, so the curve test is a Jacobi symbol
 * instead of a square root.
 */
import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import { ASSOCIATED_TOKEN_PROGRAM } from './addresses.js';

const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
const MARKER = Buffer.from('ProgramDerivedAddress');
const HIGHEST_BUMP = 255;

/** Jacobi symbol (a / n) for odd n: 1, -1, or 0 where they share a factor. */
function jacobi(numerator: bigint, modulus: bigint): number {
  let a = numerator % modulus;
  let n = modulus;
  let sign = 1;
  while (a !== 0n) {
    let twos = 0;
    while ((a & 1n) === 0n) {
      a >>= 1n;
      twos += 1;
    }
    const nMod8 = Number(n & 7n);
    if ((twos & 1) === 1 && (nMod8 === 3 || nMod8 === 5)) sign = -sign;
    if ((a & 3n) === 3n && (n & 3n) === 3n) sign = -sign;
    const next = n % a;
    n = a;
    a = next;
  }
  return n === 1n ? sign : 0;
}

/** Whether 32 bytes are the compressed form of a curve point (of any order): -x² + y² = 1 + d·x²·y². */
export function isOnCurve(bytes: Uint8Array): boolean {
  let hex = '';
  for (let i = 31; i >= 0; i -= 1) {
    const byte = i === 31 ? bytes[i]! & 0x7f : bytes[i]!;
    hex += byte.toString(16).padStart(2, '0');
  }
  const y = BigInt(`0x${hex}`) % P;
  const ySquared = (y * y) % P;
  // x² = u / v is a square exactly when u·v is one; v is never zero, because -1/d is no square.
  const u = (ySquared - 1n + P) % P;
  const v = (D * ySquared + 1n) % P;
  return jacobi((u * v) % P, P) !== -1;
}

export interface ProgramAddress {
  readonly address: string;
  readonly bump: number;
}

/** The canonical program-derived address. Throws where no bump gives one (never seen; chance 2^-255). */
export function findProgramAddress(seeds: readonly Uint8Array[], programId: string): ProgramAddress {
  const program = base58.decode(programId);
  for (let bump = HIGHEST_BUMP; bump >= 0; bump -= 1) {
    const hash = createHash('sha256');
    for (const seed of seeds) hash.update(seed);
    const digest = hash.update(Uint8Array.of(bump)).update(program).update(MARKER).digest();
    if (!isOnCurve(digest)) return { address: base58.encode(digest), bump };
  }
  throw new Error(`no program-derived address for ${programId}`);
}

/** A wallet's associated token account of a mint. */
export function associatedTokenAddress(wallet: string, mint: string, tokenProgram: string): string {
  const seeds = [base58.decode(wallet), base58.decode(tokenProgram), base58.decode(mint)];
  return findProgramAddress(seeds, ASSOCIATED_TOKEN_PROGRAM).address;
}
