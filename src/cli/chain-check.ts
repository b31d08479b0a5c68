/** Asks the chain itself which signatures it knows, apart from what the executor says of them. */
import { request } from 'undici';
import type { TradeReport } from './trade-report.js';

const SIGNATURES_A_CALL = 256;
const TIMEOUT_MS = 10_000;

/** @returns the signatures that landed, or undefined where no node was named */
export async function countChainLandings(
  rpcUrls: readonly string[],
  reports: ReadonlyMap<string, TradeReport | undefined>,
): Promise<Set<string> | undefined> {
  const url = rpcUrls[0];
  if (url === undefined) return undefined;
  const signatures = [...reports.values()].flatMap(
    (report) => report?.attempts.map((attempt) => attempt.signature) ?? [],
  );
  const landed = new Set<string>();
  for (let start = 0; start < signatures.length; start += SIGNATURES_A_CALL) {
    const batch = signatures.slice(start, start + SIGNATURES_A_CALL);
    const statuses = await signatureStatuses(url, batch);
    batch.forEach((signature, index) => {
      if (statuses[index] != null) landed.add(signature);
    });
  }
  return landed;
}

async function signatureStatuses(url: string, signatures: readonly string[]): Promise<readonly unknown[]> {
  const params = [signatures, { searchTransactionHistory: true }];
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getSignatureStatuses', params }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = (await response.body.json()) as { result?: { value?: unknown[] } };
  if (answer.result?.value === undefined) throw new Error('the node did not answer getSignatureStatuses');
  return answer.result.value;
}
