/** Bytes that cannot be a transaction. Thrown before the runtime sees them, because it aborts on such bytes. */
export class WireError extends Error {
  override readonly name = 'WireError';
  readonly reason: 'tooLarge' | 'malformed' | 'signature' | 'sanitize';
  constructor(reason: WireError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}
