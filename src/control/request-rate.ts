/** How many requests a second one client address may ask: a token bucket for each, in a bounded table. */

/** Addresses that are remembered; past that the one that came first is forgotten, and starts anew. */
export const MAX_RATED_ADDRESSES = 4_096;
const US_A_SECOND = 1_000_000;

interface Bucket {
  /** Requests that may come at once. */
  left: number;
  atUs: number;
}

export class RequestRate {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param perSecond requests a second, and as many at once after a pause of a second */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /**
   * @param nowUs monotonic microseconds
   * @returns 0 where the request is within the limit, else whole seconds after which one is
   */
  retryAfterS(address: string, nowUs: number): number {
    const bucket = this.#buckets.get(address) ?? this.#add(address, nowUs);
    const gained = ((nowUs - bucket.atUs) / US_A_SECOND) * this.#perSecond;
    bucket.left = Math.min(this.#perSecond, bucket.left + gained);
    bucket.atUs = nowUs;
    if (bucket.left < 1) return Math.ceil((1 - bucket.left) / this.#perSecond);
    bucket.left -= 1;
    return 0;
  }

  get addressCount(): number {
    return this.#buckets.size;
  }

  #add(address: string, nowUs: number): Bucket {
    if (this.#buckets.size >= MAX_RATED_ADDRESSES) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) this.#buckets.delete(oldest.value);
    }
    const bucket = { left: this.#perSecond, atUs: nowUs };
    this.#buckets.set(address, bucket);
    return bucket;
  }
}

/** An IPv6 client has a whole /64 to ask from, so that counts as one address. */
export function ratedAddress(remote: ArrayBuffer): string {
  const bytes = Buffer.from(remote);
  return bytes.byteLength === 16 && !isMappedV4(bytes)
    ? bytes.toString('hex', 0, 8)
    : bytes.toString('hex', bytes.byteLength - 4);
}

/** `::ffff:a.b.c.d` */
function isMappedV4(bytes: Buffer): boolean {
  return bytes.readUInt32BE(8) === 0xffff && bytes.readBigUInt64BE(0) === 0n;
}
