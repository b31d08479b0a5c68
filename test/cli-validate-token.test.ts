/** `validate:token` on a running cluster: good, taxed, hooked, denied and missing tokens, and a Jupiter that is down. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base58 } from '@scure/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../localnet/cluster.js';
import { localnetInfoSchema, writeLocalnetFile } from '../src/embedded/localnet-file.js';
import { jsonOf, runHotslot } from './support/run-hotslot.js';

const MINT = '7GCihgDB8fe6KNjn2MYtkzZcRjQy3t9GHdC8uHYmW2hr';
const TOKEN_2022 = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb';
const QUICK = { JUPITER_REQUESTS_PER_SECOND: '100' };

let cluster: Cluster;
let directory: string;
beforeAll(async () => {
  cluster = await startCluster({ seed: 'validate token', conditions: { slotMs: 50 } });
  directory = mkdtempSync(join(tmpdir(), 'hotslot-token-'));
  mkdirSync(join(directory, 'data'));
  writeLocalnetFile(join(directory, 'data'), { settings: '', info: localnetInfoSchema.parse(cluster.info) });
});
afterAll(async () => {
  await cluster.close();
  rmSync(directory, { recursive: true, force: true });
});

const validate = (args: readonly string[], settings: Readonly<Record<string, string>> = QUICK) =>
  runHotslot(directory, ['validate-token', ...args], settings);

describe('validate:token', () => {
  it('says of a good token what it is, what it costs, and that Jupiter agrees', async () => {
    const answer = await validate([MINT, '--json']);
    const token = jsonOf(answer);
    expect([answer.code, token]).toMatchObject([
      0,
      {
        mint: MINT,
        symbol: 'RUN',
        program: 'spl-token',
        decimals: 6,
        extensions: [],
        denied: false,
        valid: true,
      },
    ]);
    expect(token.pools).toHaveLength(2);
    const [pool] = token.pools;
    expect(pool.roundTripBps).toBeGreaterThan(0);
    const { host, usdPrice, sell, buyBack, roundTripBps, deviations } = token.jupiter;
    expect(host).toBe(new URL(cluster.info.jupiterUrl).host);
    expect(usdPrice).toBeCloseTo(0.042, 4);
    // It may find a better way than the first pool, never a worse one.
    expect(BigInt(sell.amountOut)).toBeGreaterThanOrEqual(BigInt(pool.sell.amountOut));
    expect(sell.amountIn).toBe(pool.sell.amountIn);
    expect(BigInt(buyBack.amountOut)).toBeLessThan(BigInt(sell.amountIn));
    expect(roundTripBps).toBeGreaterThan(0);
    expect(deviations.map((one: { deviationBps: number }) => one.deviationBps)).toEqual([
      expect.closeTo(0, -1),
      expect.closeTo(0, -1),
    ]);
  });

  it('says the same to people, with a tax and the powers over it as warnings', async () => {
    const taxed = cluster.info.mints.find(({ symbol }) => symbol === 'TAX')?.address ?? '';
    const { code, stdout } = await validate([taxed, '--amount', '1000000000']);
    expect(code).toBe(0);
    for (const part of [
      'program           spl-token-2022',
      'transfer fee      1%',
      'extensions        transferFeeConfig (1%, at most',
      '  sell      1000000000 → ',
      '  to and fro costs ',
      `Jupiter (${new URL(cluster.info.jupiterUrl).host}) against SOL`,
      'warning: Each transfer of it costs 1%.',
      'warning: Its transfer fee can be changed.',
      'Nothing speaks against it.',
    ])
      expect(stdout).toContain(part);
    expect(stdout).toMatch(/ {2}price {5}\$\d+\.\d{1,8}\n/);
  });

  it('ends with 1 for a token with a hook, on the denylist, without a pool, or that is none', async () => {
    const hooked = Buffer.alloc(170 + 64);
    hooked[45] = 1;
    hooked[165] = 1;
    hooked.writeUInt16LE(14, 166);
    hooked.writeUInt16LE(64, 168);
    hooked.fill(9, 202);
    const address = base58.encode(Buffer.alloc(32, 77));
    await cluster.engine.setAccount(address, {
      lamports: 10_000_000n,
      owner: TOKEN_2022,
      executable: false,
      rentEpoch: 0n,
      data: hooked,
    });
    const program = base58.encode(Buffer.alloc(32, 9));
    const from = cluster.ledger.slot('confirmed');
    while (cluster.ledger.account(address, 'confirmed') === undefined) {
      if (cluster.ledger.slot('confirmed') > from + 100) throw new Error('the account was not confirmed');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    writeFileSync(join(directory, 'denied.txt'), `${MINT}\n`);
    const [hook, denied, none] = await Promise.all([
      validate([address, '--json']),
      validate([MINT, '--json'], { ...QUICK, DENYLIST_FILE: 'denied.txt' }),
      validate([cluster.info.pools[0]?.address ?? '', '--json']),
    ]);
    expect([hook.code, denied.code, none.code]).toEqual([1, 1, 1]);
    expect(jsonOf(hook).problems).toEqual([
      `Each transfer calls the program ${program}.`,
      'No configured pool trades it.',
    ]);
    expect(jsonOf(hook).jupiter).toBeNull();
    expect(jsonOf(denied)).toMatchObject({
      denied: true,
      valid: false,
      problems: [expect.stringContaining('denylist')],
    });
    expect(jsonOf(none).problems[0]).toBe('It is no mint.');
  });

  it('ends with 2 for what is no address, and with 3 where there is no chain', async () => {
    const [wrong, longer, nowhere] = await Promise.all([
      validate(['nobody', '--json']),
      // 43 characters of base58, as an address may have, that stand for 31 bytes.
      validate([base58.encode(Buffer.alloc(31, 255)).padStart(43, '2'), '--json']),
      validate([MINT], { ...QUICK, DATA_DIR: 'elsewhere' }),
    ]);
    for (const answer of [wrong, longer]) {
      expect([answer.code, jsonOf(answer).code]).toEqual([2, 'ADDRESS_INVALID']);
      expect(answer.stderr).toContain('This is no address. It must be base58 of 32 bytes');
    }
    expect([nowhere.code, nowhere.stderr]).toEqual([3, expect.stringContaining('no embedded cluster runs')]);
  });

  it('is not needed to learn of a Jupiter that does not answer: doctor says so', async () => {
    const jupiterOf = async (settings: Readonly<Record<string, string>>) =>
      jsonOf(await runHotslot(directory, ['doctor', '--json'], settings)).findings.find(
        ({ check }: { check: string }) => check === 'jupiter',
      );
    const [well, refused, off] = await Promise.all([
      jupiterOf(QUICK),
      jupiterOf({ JUPITER_URL: 'http://127.0.0.1:1' }),
      jupiterOf({ DATA_DIR: 'elsewhere' }),
    ]);
    expect([well.level, refused.level, off.level]).toEqual(['ok', 'bad', 'skipped']);
    expect(well.detail).toContain(new URL(cluster.info.jupiterUrl).host);
    expect(refused.detail).toContain('JUPITER_FAILED');
  });

  it('stands without Jupiter: its fault is told, and is none of the token', async () => {
    cluster.chaos.set({ jupiterErrorRate: 1 });
    const [json, text] = await Promise.all([validate([MINT, '--json']), validate([MINT])]);
    cluster.chaos.clear();
    expect([json.code, text.code]).toEqual([0, 0]);
    expect(jsonOf(json).jupiter).toMatchObject({
      usdPrice: 'Jupiter failed. HTTP 500.',
      sell: 'Jupiter failed. HTTP 500.',
      deviations: [],
    });
    expect(text.stdout).toContain('  price     Jupiter failed. HTTP 500.');
  });
});
