const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Whether a server that listens on this host is out of reach of other machines. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.has(host);
}
