import { randomBytes } from 'node:crypto';

/** Randomness as the stages see it: jitter and ids, never key material. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** Unpredictable randomness from the operating system. */
export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
};
