/** The drill's verdict is worth what its checker catches: each law is broken here once, and has to be found. */
import { describe, expect, it } from 'vitest';
import { checkDrill, FINDING_KINDS, firstSlotAbove, STOP_GRACE_MS } from '../drill/checker.js';
import type {
  ClientOrder,
  DrillEvidence,
  JournalTrade,
  LedgerTransaction,
  Submission,
  ToldState,
} from '../drill/evidence.js';

const START_MS = 1_700_000_000_000;
const SLOT_MS = 20;
const FINALIZE_SLOTS = 32;
/** Heights whose slots were not skipped: every tenth slot is. */
const BLOCKS = Array.from({ length: 1_000 }, (_, slot) => slot).filter((slot) => slot % 10 !== 0);

/** A drill in which nothing went wrong: one trade landed, one failed on chain, one was signed twice, one cancelled. */
function soundEvidence(): DrillEvidence {
  return {
    orders: [
      order('o1', 't1', told('t1', 'finalized', ['s1'])),
      order('o2', 't2', told('t2', 'failed', ['s2'])),
      order('o3', 't3', told('t3', 'finalized', ['s3a', 's3b'])),
      order('o4', 't4', told('t4', 'cancelled', [])),
    ],
    journal: [
      trade('o1', 't1', 'finalized', ['s1']),
      trade('o2', 't2', 'failed', ['s2']),
      trade('o3', 't3', 'finalized', ['s3a', 's3b']),
      trade('o4', 't4', 'cancelled', []),
    ],
    journalFaults: [],
    ledger: [landed('s1', 10), { ...landed('s2', 11), failed: true }, landed('s3b', 300)],
    submissions: [
      submission('s1', 9, 10),
      submission('s2', 9, 11),
      submission('s3a', 9, 40),
      submission('s3b', 299, 300),
    ],
    stops: [],
    samples: Array.from({ length: 1_000 }, (_, slot) => sampleAt(slot)),
    blocks: BLOCKS,
    lastBlockHeight: BLOCKS.length - 1,
  };
}

const atSlot = (slot: number) => START_MS + slot * SLOT_MS;

function sampleAt(slot: number) {
  return { askedAtMs: atSlot(slot), tip: slot, finalized: Math.max(0, slot - FINALIZE_SLOTS) };
}

function told(tradeId: string, state: string, signatures: readonly string[]): ToldState {
  const hasOutcome = state === 'finalized' || state === 'failed';
  const slots: Record<string, number> = { s1: 10, s2: 11, s3b: 300 };
  const slot = slots[signatures.at(-1) ?? ''] ?? 0;
  const outcome = hasOutcome ? { slot, feeLamports: 5_000n, spent: 100n, received: 90n } : undefined;
  return { atMs: START_MS, tradeId, state, signatures, outcome };
}

function order(clientOrderId: string, tradeId: string, last: ToldState): ClientOrder {
  return {
    clientOrderId,
    inputMint: 'IN',
    outputMint: 'OUT',
    tradeIds: [tradeId],
    deniedFor: undefined,
    told: [{ ...last, state: 'queued', signatures: [], outcome: undefined }, last],
    last,
    saidMissing: false,
    noResendsToldAtMs: undefined,
  };
}

function trade(
  clientOrderId: string,
  id: string,
  state: string,
  signatures: readonly string[],
): JournalTrade {
  const LIFE_BLOCKS = 40;
  return {
    id,
    clientOrderId,
    state,
    acceptedAtMs: atSlot(8),
    attempts: signatures.map((signature, index) => ({
      number: index + 1,
      signature,
      lastValidBlockHeight: 8 + LIFE_BLOCKS + index * 300,
    })),
  };
}

function landed(signature: string, slot: number): LedgerTransaction {
  const changes = new Map([
    ['IN', -100n],
    ['OUT', 90n],
  ]);
  return { signature, slot, wallet: 'WALLET', failed: false, feeLamports: 5_000n, changes };
}

function submission(signature: string, firstSlot: number, lastSlot: number): Submission {
  return {
    signature,
    firstReceivedAtMs: atSlot(firstSlot),
    lastReceivedAtMs: atSlot(lastSlot),
    timesReceived: 2,
  };
}

/** The kinds that were found, each once. */
function kindsIn(evidence: DrillEvidence): string[] {
  return [...new Set(checkDrill(evidence).findings.map((finding) => finding.kind))].sort();
}

function change<Item>(items: readonly Item[], index: number, update: Partial<Item>): Item[] {
  return items.map((item, at) => (at === index ? { ...item, ...update } : item));
}

describe('the checker of the kill drill', () => {
  it('finds nothing where nothing is wrong', () => {
    const verdict = checkDrill(soundEvidence());
    expect(verdict.findings).toEqual([]);
    expect(verdict.clean).toBe(true);
    expect(Object.keys(verdict.counts)).toEqual([...FINDING_KINDS]);
  });

  it('reads block heights off the finalized slots', () => {
    const evidence = soundEvidence();
    expect(firstSlotAbove(evidence, -1)).toBe(1);
    expect(firstSlotAbove(evidence, 8)).toBe(11);
    expect(firstSlotAbove(evidence, BLOCKS.length - 1)).toBeUndefined();
    const pruned = { blocks: BLOCKS.slice(100), lastBlockHeight: BLOCKS.length - 1 };
    expect(firstSlotAbove(pruned, 150)).toBe(firstSlotAbove(evidence, 150));
  });

  describe('catches a journal that is written after the send (L1)', () => {
    it('where the process was killed in between and the bytes landed', () => {
      const sound = soundEvidence();
      const evidence = {
        ...sound,
        // The next life knew nothing of s1, signed anew and landed too.
        journal: change(sound.journal, 0, trade('o1', 't1', 'finalized', ['s1again'])),
        orders: change(sound.orders, 0, order('o1', 't1', told('t1', 'finalized', ['s1']))),
        ledger: [...sound.ledger, landed('s1again', 60)],
        submissions: [...sound.submissions, submission('s1again', 58, 60)],
      };
      const verdict = checkDrill(evidence);
      expect(verdict.counts.strangers).toBe(1);
      expect(verdict.counts.unwritten).toBe(1);
      expect(verdict.clean).toBe(false);
    });

    it('where the bytes did not even land', () => {
      const sound = soundEvidence();
      const evidence = { ...sound, submissions: [...sound.submissions, submission('never-written', 20, 21)] };
      expect(kindsIn(evidence)).toEqual(['unwritten']);
    });
  });

  describe('catches a re-sign after a timer (L2)', () => {
    const resignedAt = (slot: number, alsoLands: boolean) => {
      const sound = soundEvidence();
      const ledger = alsoLands ? [...sound.ledger, landed('s3a', 41)] : sound.ledger;
      return { ...sound, ledger, submissions: change(sound.submissions, 3, submission('s3b', slot, 300)) };
    };
    // Height 48 is the last that s3a may land at; slot 55 has height 49; 32 slots later it is rooted.
    const PROOF_SLOT = 55;

    it('that came before the end was proven, though only one landed', () => {
      expect(kindsIn(resignedAt(60, false))).toEqual(['resignedEarly']);
    });

    it('by one slot, and not when the proof is rooted', () => {
      expect(firstSlotAbove(soundEvidence(), 48)).toBe(PROOF_SLOT);
      expect(kindsIn(resignedAt(PROOF_SLOT + FINALIZE_SLOTS - 1, false))).toEqual(['resignedEarly']);
      expect(kindsIn(resignedAt(PROOF_SLOT + FINALIZE_SLOTS, false))).toEqual([]);
    });

    it('as a double where both landed', () => {
      const verdict = checkDrill(resignedAt(60, true));
      expect(verdict.counts).toMatchObject({ doubled: 1, resignedEarly: 1 });
    });
  });

  describe('catches a resend after a stop (L3)', () => {
    const stoppedAt = (slot: number) => ({
      answeredAtMs: atSlot(slot),
      mayStillLand: ['s1', 's2', 's3a'],
      releaseAskedAtMs: atSlot(slot + 10),
    });

    it('later than the grace, and not within it', () => {
      const sound = soundEvidence();
      const late = (ms: number) => ({
        ...sound,
        stops: [stoppedAt(30)],
        journal: sound.journal.filter((one) => one.id !== 't3'),
        orders: sound.orders.filter((one) => one.clientOrderId !== 'o3'),
        ledger: sound.ledger.slice(0, 2),
        submissions: [
          { ...submission('s1', 9, 10), lastReceivedAtMs: atSlot(30) + ms },
          submission('s2', 9, 11),
        ],
      });
      expect(kindsIn(late(STOP_GRACE_MS))).toEqual([]);
      expect(kindsIn(late(STOP_GRACE_MS + 1))).toEqual(['sentAfterStop']);
    });

    it('also where a release revived what was stopped', () => {
      // t3 was taken before the stop; its second attempt came long after.
      const evidence = { ...soundEvidence(), stops: [stoppedAt(100)] };
      expect(kindsIn(evidence)).toEqual(['sentAfterStop']);
    });

    it('also of a trade that was taken while it was in force, and not of one after its release', () => {
      const sentAt = (slot: number, releaseAskedAtMs: number | undefined) => {
        const sound = soundEvidence();
        return {
          ...sound,
          stops: [{ ...stoppedAt(100), releaseAskedAtMs }],
          journal: change(sound.journal, 2, { acceptedAtMs: atSlot(102) }),
          submissions: [
            ...sound.submissions.slice(0, 2),
            submission('s3a', slot, slot + 20),
            submission('s3b', 299, 300),
          ],
        };
      };
      expect(kindsIn(sentAt(104, atSlot(110)))).toEqual(['sentAfterStop']);
      expect(kindsIn(sentAt(110, atSlot(110)))).toEqual([]);
      expect(kindsIn(sentAt(290, undefined))).toEqual(['sentAfterStop']);
    });

    it('and an attempt that the stop did not list as out', () => {
      const sound = soundEvidence();
      const evidence = {
        ...sound,
        ledger: change(sound.ledger, 0, { slot: 40 }),
        orders: change(sound.orders, 0, {
          last: { ...told('t1', 'finalized', ['s1']), outcome: undefined, state: 'confirmed' },
        }),
        submissions: change(sound.submissions, 0, submission('s1', 9, 12)),
        stops: [{ answeredAtMs: atSlot(12), mayStillLand: ['s2', 's3a'], releaseAskedAtMs: undefined }],
      };
      expect(checkDrill(evidence).findings).toContainEqual(
        expect.objectContaining({ kind: 'toldWrong', signature: 's1' }),
      );
    });
  });

  describe('catches what clients were told wrongly (L4)', () => {
    const sound = soundEvidence();
    const wrongs: readonly [string, Partial<DrillEvidence>, readonly string[]][] = [
      [
        'an expiry told of a trade that landed',
        { orders: change(sound.orders, 0, { told: [told('t1', 'expired', ['s1'])] }) },
        ['toldWrong'],
      ],
      [
        'a landing of which the ledger has nothing',
        {
          orders: change(sound.orders, 3, { told: [told('t4', 'confirmed', [])] }),
        },
        ['toldWrong'],
      ],
      [
        'success told of a trade that failed on chain',
        { orders: change(sound.orders, 1, { told: [told('t2', 'finalized', ['s2'])] }) },
        ['toldWrong'],
      ],
      [
        'two ends of one trade',
        {
          orders: change(sound.orders, 3, { told: [told('t4', 'cancelled', []), told('t4', 'denied', [])] }),
        },
        ['toldWrong'],
      ],
      [
        'a denial of an order that was taken all the same',
        { orders: change(sound.orders, 0, { tradeIds: [], deniedFor: 'QUEUE_FULL', told: [] }) },
        ['toldWrong'],
      ],
      [
        'an amount that is one unit off',
        {
          orders: change(sound.orders, 0, {
            last: {
              ...told('t1', 'finalized', ['s1']),
              outcome: { slot: 10, feeLamports: 5_000n, spent: 100n, received: 91n },
            },
          }),
        },
        ['toldWrong'],
      ],
      [
        'a send after a cancellation was told to end them',
        { orders: change(sound.orders, 0, { noResendsToldAtMs: atSlot(1) }) },
        ['toldWrong'],
      ],
      [
        'a journal that says landed where nothing did',
        {
          journal: change(sound.journal, 3, { state: 'finalized' }),
        },
        ['toldWrong'],
      ],
    ];

    for (const [name, fault, expected] of wrongs) {
      it(name, () => {
        expect(kindsIn({ ...sound, ...fault })).toEqual(expected);
      });
    }
  });

  describe('catches what was lost, doubled or left open', () => {
    const sound = soundEvidence();

    it('a trade that was accepted and is not in the journal', () => {
      const evidence = {
        ...sound,
        journal: sound.journal.filter((one) => one.id !== 't4'),
        orders: change(sound.orders, 3, { told: [] }),
      };
      expect(kindsIn(evidence)).toEqual(['lost']);
    });

    it('a trade that the executor said it does not know', () => {
      expect(kindsIn({ ...sound, orders: change(sound.orders, 3, { saidMissing: true }) })).toEqual(['lost']);
    });

    it('one order that became two trades', () => {
      expect(kindsIn({ ...sound, orders: change(sound.orders, 3, { tradeIds: ['t4', 't5'] }) })).toEqual([
        'doubled',
      ]);
      const evidence = { ...sound, journal: [...sound.journal, trade('o4', 't5', 'cancelled', [])] };
      expect(kindsIn(evidence)).toEqual(['doubled']);
    });

    it('a trade without an end', () => {
      const evidence = {
        ...sound,
        journal: change(sound.journal, 3, { state: 'unknown' }),
        orders: change(sound.orders, 3, { told: [], last: undefined }),
      };
      expect(kindsIn(evidence)).toEqual(['unknown']);
    });

    it('a journal that is damaged in its midst', () => {
      expect(kindsIn({ ...sound, journalFaults: ['corrupt in segment 2'] })).toEqual(['journalDamage']);
    });
  });
});
