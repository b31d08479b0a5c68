/** Notes which answers of the nodes were good enough to prove an end, so that `unknown` can be judged. */
import type { SlotView } from '../../src/cache/types.js';
import type { StatusSource } from '../../src/confirm/status-source.js';
import { asBlockHeight, type Signature } from '../../src/model/brands.js';
import type { Checker } from './checker.js';

export function watchProofs(source: StatusSource, checker: Checker, slots: () => SlotView): StatusSource {
  const missing = new Map<string, { contextSlot: number; signatures: Signature[] }>();
  const note = (signature: Signature, contextSlot: number, firstAvailable: number): void => {
    const facts = checker.factsOf(signature);
    if (facts === undefined || firstAvailable > facts.signedSlot) return;
    const past = slots().firstSlotAboveHeight(asBlockHeight(facts.lastValid), 'confirmed');
    if (past !== undefined && contextSlot >= past) checker.proofCame(signature);
  };
  return {
    statuses: async (signatures, searchHistory) => {
      const answer = await source.statuses(signatures, searchHistory);
      const unknown = signatures.filter((_, index) => answer.statuses[index] === undefined);
      if (searchHistory) missing.set(answer.host, { contextSlot: answer.contextSlot, signatures: unknown });
      return answer;
    },
    firstAvailableBlock: async (host) => {
      const asked = missing.get(host);
      const first = await source.firstAvailableBlock(host);
      for (const signature of asked?.signatures ?? []) note(signature, asked!.contextSlot, first);
      return first;
    },
  };
}
