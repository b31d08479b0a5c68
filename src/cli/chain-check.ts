/** Asks the chain itself which signatures it knows, apart from what the executor says of them. */
import { request } from 'undici';
import { list } from '../config/settings/schemas.js';
import { note } from './output.js';
import type { TradeReport } from './trade-report.js';

const SIGNATURES_A_CALL = 256;
const TIMEOUT_MS = 10_000;

/**
 * Where to ask: the executor shows no more of a real endpoint than its scheme and host, because keys of paid ones are
 * in the path or the query. Who runs beside it has them in its own settings.
 * @param shown      of `/api/status`
 * @param configured the command's own RPC_ENDPOINTS
 */
export function nodesToAsk(shown: readonly string[], configured: string | undefined): readonly string[] {
  const own = list.parse(configured ?? '');
  const nodes = shown.flatMap((url) => {
    const matching = own.filter((one) => originOf(one) === originOf(url));
    return matching.length > 0 ? matching : [url];
  });
  return [...new Set(nodes)];
}

/** @returns the signatures that landed, by the first node that tells; undefined where none does, which is noted */
export async function countChainLandings(
  rpcUrls: readonly string[],
  reports: ReadonlyMap<string, TradeReport | undefined>,
): Promise<Set<string> | undefined> {
  const signatures = [...reports.values()].flatMap(
    (report) => report?.attempts.map((attempt) => attempt.signature) ?? [],
  );
  for (const url of rpcUrls) {
    try {
      return await landingsAt(url, signatures);
    } catch (error) {
      // The origin alone: the rest of an address may be a key.
      note(`${originOf(url)} does not tell what landed: ${error instanceof Error ? error.message : error}`);
    }
  }
  note('The chain was not asked: what landed, was lost or doubled is by the word of the executor.');
  return undefined;
}

async function landingsAt(url: string, signatures: readonly string[]): Promise<Set<string>> {
  const landed = new Set<string>();
  for (let start = 0; start < signatures.length; start += SIGNATURES_A_CALL) {
    const batch = signatures.slice(start, start + SIGNATURES_A_CALL);
    const statuses = await signatureStatuses(url, batch);
    batch.forEach((signature, index) => {
      if (statuses[index] !== null) landed.add(signature);
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
  const text = await response.body.text();
  if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}`);
  const statuses = (JSON.parse(text) as { result?: { value?: unknown } }).result?.value;
  if (!Array.isArray(statuses) || statuses.length !== signatures.length)
    throw new Error('no answer to getSignatureStatuses');
  return statuses;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
