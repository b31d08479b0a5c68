import { randomFillSync } from 'node:crypto';

/** Randomness as the stages see it: jitter and ids, never key material. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

/** Numbers drawn at once: one call into the system for each costs more than signing an id's worth of them. */
const DRAWN = 256;
const BYTES_EACH = 6;

/** Unpredictable randomness from the operating system. */
export const systemRandom: Random = drawInBulk();

function drawInBulk(): Random {
  const bytes = Buffer.alloc(DRAWN * BYTES_EACH);
  let at = bytes.length;
  return {
    next() {
      if (at === bytes.length) {
        randomFillSync(bytes);
        at = 0;
      }
      const value = bytes.readUIntBE(at, BYTES_EACH) / 2 ** 48;
      at += BYTES_EACH;
      return value;
    },
  };
}
