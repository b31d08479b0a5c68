/** Faults below JSON-RPC that chaos asks for: an HTTP status in place of an answer, or a closed connection. */
export class TransportFault extends Error {
  override readonly name = 'TransportFault';
  readonly kind: 429 | 500 | 'close';
  constructor(kind: TransportFault['kind']) {
    super(kind === 'close' ? 'connection closed without an answer' : `HTTP ${kind}`);
    this.kind = kind;
  }
}

export function fault(kind: TransportFault['kind']): TransportFault {
  return new TransportFault(kind);
}
