/** Answers out of a byte stream: status line, headers, and a body by length, by chunks or by the stream's end. */

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const HEAD_END = '\r\n\r\n';
/** More of a body is not looked at. */
const KEPT_BODY_BYTES = 64 * 1024;

export class HttpReader {
  #bytes: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
  }

  /** The next whole answer; undefined as long as it is not there. @throws Error for what is no HTTP */
  next(): HttpAnswer | undefined {
    const headEnd = this.#bytes.indexOf(HEAD_END);
    if (headEnd < 0) return undefined;
    const head = this.#bytes.toString('latin1', 0, headEnd);
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
    if (status === undefined) throw new Error(`no HTTP answer: ${JSON.stringify(head.slice(0, 80))}`);
    const start = headEnd + HEAD_END.length;
    if (/^transfer-encoding:\s*chunked/im.test(head)) return this.#chunked(Number(status), start);
    const length = Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0);
    if (this.#bytes.length < start + length) return undefined;
    const body = this.#bytes.toString('utf8', start, start + Math.min(length, KEPT_BODY_BYTES));
    this.#bytes = this.#bytes.subarray(start + length);
    return { status: Number(status), body };
  }

  #chunked(status: number, start: number): HttpAnswer | undefined {
    const parts: Buffer[] = [];
    let at = start;
    for (;;) {
      const lineEnd = this.#bytes.indexOf('\r\n', at);
      if (lineEnd < 0) return undefined;
      const size = Number.parseInt(this.#bytes.toString('latin1', at, lineEnd), 16);
      if (Number.isNaN(size)) throw new Error('a chunk has no size');
      const end = lineEnd + 2 + size + 2;
      if (this.#bytes.length < end) return undefined;
      parts.push(this.#bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
      at = end;
      if (size === 0) break;
    }
    this.#bytes = this.#bytes.subarray(at);
    return { status, body: Buffer.concat(parts).toString('utf8', 0, KEPT_BODY_BYTES) };
  }
}
