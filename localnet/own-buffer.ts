/**
 * The bytes in memory of their own, for what is kept: `Buffer.from` cuts small copies out of Node's pool, and each keeps
 * the eight kilobytes alive that it was cut from.
 */
export function ownBuffer(bytes: Uint8Array): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}
