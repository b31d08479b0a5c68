/** The memos of a transaction as getSignaturesForAddress shows them. */
import type { ExecutedTransaction } from '../../engine/messages.js';
import { parseTransaction } from '../../engine/wire.js';

export const MEMO_PROGRAMS: readonly string[] = [
  'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr',
  'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo',
];

/** `[length] text` for each memo instruction, joined by `; `; null without any. */
export function memoOf(executed: ExecutedTransaction): string | null {
  const indexes = MEMO_PROGRAMS.map((program) => executed.accountKeys.indexOf(program));
  if (indexes.every((index) => index === -1)) return null;
  const memos = parseTransaction(executed.wire)
    .instructions.filter(({ programIdIndex }) => indexes.includes(programIdIndex))
    .map(({ data }) => `[${data.length}] ${Buffer.from(data).toString('utf8')}`);
  return memos.length === 0 ? null : memos.join('; ');
}
