/**
 * What is known of the kill switch that several executors share: who engaged it how often in which grade, and up to
 * which of those engagements an operator has released it. Ledgers are merged field by field, the larger count wins;
 * so that it makes no difference in which order, how often or by which way news comes, and what is missing from one
 * ledger takes nothing away from another. Nothing but a mark `released` that covers an engagement ends it.
 */
import { HotslotError } from '../errors/hotslot-error.js';
import { type KillCause, type KillGrade, strongest } from './kill-grade.js';

export type MarkKind = KillGrade | 'released';

export interface SwitchMark {
  /**
   * Of an engagement: larger than any count of this executor before it. Of `released`: the largest count of that
   * executor's engagements that the operator's executor knew of.
   */
  readonly count: number;
  readonly reason: string;
  /** By which way it was asked for: `http`, `kestra`, … */
  readonly source: string;
  /** The executor on which it was asked for. */
  readonly by: string;
  /** Epoch ms. */
  readonly atMs: number;
}

/** By `<kind>@<executor>`. Never changed; every step makes another one. */
export type SwitchLedger = ReadonlyMap<string, SwitchMark>;

export const EMPTY_LEDGER: SwitchLedger = new Map();

/** Four marks an executor: what 256 executors that have ever engaged it need. */
export const MAX_LEDGER_MARKS = 1024;

const KINDS: readonly MarkKind[] = ['reduce', 'drain', 'stop', 'released'];
const FIELD = /^(reduce|drain|stop|released)@([a-z0-9-]{1,64})$/;

export function fieldOf(kind: MarkKind, executor: string): string {
  return `${kind}@${executor}`;
}

/** Everything that either knows: commutative, associative, idempotent. */
export function mergeLedgers(one: SwitchLedger, other: SwitchLedger): SwitchLedger {
  const merged = new Map(one);
  for (const [field, mark] of other) {
    const known = merged.get(field);
    if (known === undefined || known.count < mark.count) merged.set(field, mark);
  }
  return merged;
}

/** The marks that the other one does not have, or has an older one of. */
export function marksAhead(mine: SwitchLedger, theirs: SwitchLedger): SwitchLedger {
  return new Map([...mine].filter(([field, mark]) => (theirs.get(field)?.count ?? 0) < mark.count));
}

export interface Engagement extends KillCause {
  /** The executor on which it was engaged. */
  readonly by: string;
}

/** What an operator asked for, where and when. */
export type Asked = Omit<SwitchMark, 'count'>;

/** The strongest engagement that is not released; undefined where there is none. */
export function engagementOf(ledger: SwitchLedger): Engagement | undefined {
  const active: Engagement[] = [];
  for (const [field, mark] of ledger) {
    const { kind, executor } = partsOf(field);
    if (kind === 'released' || mark.count <= countOf(ledger, 'released', executor)) continue;
    active.push({
      grade: kind,
      reason: mark.reason,
      source: mark.source,
      sinceMs: mark.atMs,
      by: mark.by,
    });
  }
  active.sort((a, b) => a.sinceMs - b.sinceMs);
  return strongest(active);
}

/** Whether `after` has a stop in force that `before` did not know. */
export function bringsStop(before: SwitchLedger, after: SwitchLedger): boolean {
  for (const [field, { count }] of after) {
    const { kind, executor } = partsOf(field);
    if (kind !== 'stop' || count <= countOf(before, kind, executor)) continue;
    if (count > countOf(after, 'released', executor)) return true;
  }
  return false;
}

/** An operator's engagement on an executor. Its count follows the clock, so that a restored backup repeats none. */
export function engage(ledger: SwitchLedger, grade: KillGrade, asked: Asked): SwitchLedger {
  const before = Math.max(...KINDS.map((kind) => countOf(ledger, kind, asked.by)));
  return new Map([
    ...ledger,
    [fieldOf(grade, asked.by), { ...asked, count: Math.max(asked.atMs, before + 1) }],
  ]);
}

/** An operator's release of every engagement that the ledger knows, and of no other. */
export function releaseKnown(ledger: SwitchLedger, asked: Asked): SwitchLedger {
  const released = new Map(ledger);
  for (const executor of new Set([...ledger.keys()].map((field) => partsOf(field).executor))) {
    const count = Math.max(...KINDS.map((kind) => countOf(ledger, kind, executor)));
    if (count > countOf(ledger, 'released', executor))
      released.set(fieldOf('released', executor), { ...asked, count });
  }
  return released;
}

/** The newest release; undefined before the first. */
export function newestRelease(ledger: SwitchLedger): SwitchMark | undefined {
  let newest: SwitchMark | undefined;
  for (const [field, mark] of ledger) {
    if (partsOf(field).kind === 'released' && (newest === undefined || mark.atMs > newest.atMs))
      newest = mark;
  }
  return newest;
}

/**
 * Reads marks as they are stored: an object of JSON texts by field.
 * @throws HotslotError SWITCH_UNREADABLE for anything that is no mark: then what the switch says is not known
 */
export function parseLedger(fields: { readonly [field: string]: string }): SwitchLedger {
  const entries = Object.entries(fields);
  if (entries.length > MAX_LEDGER_MARKS)
    throw new HotslotError('SWITCH_UNREADABLE', {
      context: { marks: entries.length, limit: MAX_LEDGER_MARKS },
    });
  return new Map(entries.map(([field, text]) => [field, parseMark(field, text)]));
}

function parseMark(field: string, text: string): SwitchMark {
  if (FIELD.test(field)) {
    const mark = parseJson(text);
    if (isMark(mark)) {
      const { count, reason, source, by, atMs } = mark;
      return { count, reason, source, by, atMs };
    }
  }
  throw new HotslotError('SWITCH_UNREADABLE', { context: { field: field.slice(0, 80) } });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isMark(value: unknown): value is SwitchMark {
  if (typeof value !== 'object' || value === null) return false;
  const { count, reason, source, by, atMs } = value as { readonly [name: string]: unknown };
  const areTexts = [reason, source, by].every((text) => typeof text === 'string');
  return areTexts && [count, atMs].every((number) => Number.isSafeInteger(number) && Number(number) > 0);
}

function countOf(ledger: SwitchLedger, kind: MarkKind, executor: string): number {
  return ledger.get(fieldOf(kind, executor))?.count ?? 0;
}

function partsOf(field: string): { kind: MarkKind; executor: string } {
  const at = field.indexOf('@');
  return { kind: field.slice(0, at) as MarkKind, executor: field.slice(at + 1) };
}
