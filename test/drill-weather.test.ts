// A drill's weather that fills blocks has to fill them, and has to be over when it is over.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DrillCluster } from '../drill/cluster.js';
import { type Seeded, seeded } from '../drill/seeded.js';
import { changeWeather, SMALL_BLOCKS, type Spell } from '../drill/weather.js';
import { LATE_SLOTS, weatherFigures } from '../drill/weather-figures.js';
import { eventually } from './support/executor-under-test.js';

let cluster: DrillCluster;
beforeAll(async () => {
  cluster = await DrillCluster.start(['--slot-ms', '20', '--market-rate', '0', ...SMALL_BLOCKS]);
});
afterAll(() => cluster.stop());

/** Draws the named weather each time, whatever else is drawn. */
function always(name: string): Seeded {
  const pick = <Item>(items: readonly Item[]) =>
    items.find((item) => (item as { name?: string }).name === name) as Item;
  return { ...seeded('weather', name), pick };
}

/** The lowest price that landed in the newest confirmed block, 0 where nothing had to pay; undefined before there is one. */
async function newestPrice(): Promise<number | undefined> {
  const response = await fetch(cluster.info.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getRecentPrioritizationFees', params: [[]] }),
  });
  const { result } = (await response.json()) as {
    result?: { slot: number; prioritizationFee: number }[];
  };
  return result?.toSorted((a, b) => b.slot - a.slot)[0]?.prioritizationFee;
}

const LEAST_PRICE_OF_LOAD = 250_000;

describe('the weather of a drill', () => {
  it('fills the blocks with what others pay for, and leaves them empty afterwards', async () => {
    const spells: Spell[] = [];
    const end = new AbortController();
    const weather = changeWeather(cluster, always('congested'), spells, end.signal);
    try {
      await eventually('a block that is full of paying traffic', async () =>
        ((await newestPrice()) ?? 0) >= LEAST_PRICE_OF_LOAD ? true : undefined,
      );
    } finally {
      end.abort();
      await weather;
    }
    expect(spells.map((spell) => spell.name)).toContain('congested');
    await eventually('a block without it', async () => ((await newestPrice()) === 0 ? true : undefined));
  });
});

describe('what a weather did', () => {
  const spell = (name: Spell['name'], fromMs: number, toMs: number): Spell => ({ name, fromMs, toMs });
  const sent = (signature: string, atMs: number) => ({
    signature,
    firstReceivedAtMs: atMs,
    lastReceivedAtMs: atMs,
    timesReceived: 1,
  });
  const landed = (signature: string, slot: number) => ({
    signature,
    slot,
    wallet: 'W',
    failed: false,
    feeLamports: 5_000n,
    changes: new Map<string, bigint>(),
  });

  it('counts an attempt where its first byte came, as late from the bound on, or as never landed', () => {
    const samples = [0, 100, 200, 300].map((atMs) => ({ askedAtMs: atMs, tip: atMs / 10, finalized: 0 }));
    const figures = weatherFigures(
      [spell('congested', 0, 100), spell('calm', 100, 200), spell('congested', 200, 300)],
      {
        submissions: [sent('soon', 0), sent('late', 99), sent('other', 100), sent('dropped', 299)],
        ledger: [landed('soon', LATE_SLOTS - 1), landed('late', 10 + LATE_SLOTS), landed('other', 11)],
        samples,
      },
    );
    expect(figures).toEqual({
      congested: { spells: 2, attempts: 3, late: 1, neverLanded: 1 },
      calm: { spells: 1, attempts: 1, late: 0, neverLanded: 0 },
    });
  });
});
