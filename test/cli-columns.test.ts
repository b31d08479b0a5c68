/** What people read in columns and digits: amounts end together, and a price has no more digits than it has meaning. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { atOnePoint, significant } from '../src/cli/amounts.js';
import { runHotslot } from './support/run-hotslot.js';

const trade = (id: string, amount: string) => ({
  id,
  state: 'confirmed',
  acceptedAtMs: 1_700_000_000_000,
  intent: { amount, inputMint: 'So11111111', outputMint: '7GCihgDB8f' },
  attempts: [],
});

describe('for people', () => {
  it('the amounts of trades end in one column', async () => {
    const trades = [trade('t1', '5'), trade('t2', '1000000000')];
    const server = createServer((_request, response) => response.end(JSON.stringify({ trades })));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { stdout } = await runHotslot(tmpdir(), ['trades'], { HOTSLOT_URL: `http://127.0.0.1:${port}` });
      expect(stdout.trimEnd().split('\n')).toEqual([
        '2023-11-14T22:13:20.000Z  t1  confirmed           5  So111111 → 7GCihgDB',
        '2023-11-14T22:13:20.000Z  t2  confirmed  1000000000  So111111 → 7GCihgDB',
      ]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('the points of amounts are below one another', () => {
    expect(atOnePoint(['9999.99334596', '1000000', '0.5'])).toEqual([
      '9999.99334596',
      '1000000         ',
      '0.5       ',
    ]);
  });

  it.each([
    [0.041_999_999_999_999_99, '0.042'],
    [151.234_567_89, '151.235'],
    [0.000_000_012_345_678_9, '0.0000000123457'],
    [1_234_567.891, '1234570'],
  ])('a price has the digits that mean something: %d', (price, text) => {
    expect(significant(price)).toBe(text);
  });
});
