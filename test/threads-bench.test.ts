/** The stages' benchmarks compute what they say: each smoke form checks its contestants against each other. */
import { describe, expect, it } from 'vitest';
import { run as buildSign } from '../bench/build-sign.js';
import { run as hop } from '../bench/hop.js';
import { run as quote } from '../bench/quote.js';
import { run as sign } from '../bench/sign.js';

describe('the benchmarks of building, signing, quoting and the hop', () => {
  it.each([
    [buildSign, ['build_sign_vs_web3js', 'build_sign_vs_kit', 'sign_share_of_build_sign']],
    [sign, ['sign_vs_openssl']],
    [quote, ['quote_share_of_attempt']],
    [hop, ['hop_vs_piscina_run', 'hop_throughput_vs_piscina_run']],
  ])('run in smoke form and name their ratios', async (run, names) => {
    const { ratios, results } = await run({ smoke: true, runs: 1, realtime: false });
    for (const name of names) expect(ratios[name], name).toBeGreaterThan(0);
    expect(results.length).toBeGreaterThan(1);
    for (const result of results) expect(result.p99, result.name).toBeGreaterThanOrEqual(result.p50);
  });
});
