/**
 * The benchmarks must compute what they say: the smoke form of each runs here, through the command itself. Each
 * checks its own work (what was sent arrived, contestants agree) and fails where it does not; no figure is judged.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../bench/catalogue.js';
import type { BenchOutcome } from '../bench/measure.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LATEST = join(ROOT, 'bench', 'results', 'latest.json');
const ENTRY = join(ROOT, 'dist', 'bench', 'run.js');
const TIMEOUT_MS = 120_000;

/** What users' scripts look for by name; a bench may give more. */
const NAMES: {
  readonly [bench: string]: { readonly ratios: readonly string[]; readonly results: readonly string[] };
} = {
  'build-sign': {
    ratios: ['build_sign_vs_web3js', 'build_sign_vs_kit', 'sign_share_of_build_sign'],
    results: ['build_sign', 'build_sign_web3js', 'build_sign_kit'],
  },
  sign: { ratios: ['sign_vs_openssl'], results: ['sign_400'] },
  quote: { ratios: [], results: ['quote_exact_in', 'quote_exact_out'] },
  hop: {
    ratios: ['hop_vs_piscina_run', 'hop_throughput_vs_piscina_run'],
    results: ['hop_ring', 'hop_piscina_run'],
  },
  locks: { ratios: ['locks_100k_vs_10_waiting'], results: ['locks_10_waiting', 'locks_100k_waiting'] },
  journal: {
    ratios: ['journal_append_vs_bare_write'],
    results: ['journal_append', 'journal_append_durable'],
  },
  stream: {
    ratios: ['stream_vs_official_client', 'stream_cpu_vs_official_client'],
    results: ['stream_hotslot', 'stream_official', 'stream_hotslot_cpu', 'stream_official_cpu'],
  },
  'control-plane': { ratios: ['status_vs_empty_route'], results: ['http_status', 'http_empty_route'] },
  localnet: {
    ratios: [],
    results: [
      'localnet_transfers',
      'localnet_swaps',
      'localnet_slot_jitter_at_500',
      'localnet_delivery_at_500',
      'localnet_ready',
    ],
  },
  'cold-start': { ratios: [], results: ['cold_start_with_cluster', 'cold_start_without_cluster'] },
  canonical: {
    ratios: ['intent_to_wire_vs_web3js_path', 'intent_to_wire_vs_bare_loop'],
    results: [
      'intent_to_wire',
      'intent_to_wire_corrected',
      'intent_to_wire_inside_no_wait',
      'intent_to_confirmed',
      'slot_delta',
    ],
  },
  'keep-warm': {
    ratios: ['keep_warm_gain_at_20'],
    results: ['intent_to_wire_warm_at_20', 'intent_to_wire_cold_at_20', 'keep_warm_cpu_share'],
  },
};

function bench(...args: string[]) {
  return spawnSync(process.execPath, [ENTRY, ...args], { encoding: 'utf8', timeout: TIMEOUT_MS });
}

const latest = () => (existsSync(LATEST) ? readFileSync(LATEST, 'utf8') : undefined);

test('every benchmark of the catalogue is known here', () => {
  expect(CATALOGUE.map(({ name }) => name)).toEqual(Object.keys(NAMES));
});

test.each(Object.entries(NAMES))(
  'bench %s computes what it says',
  (name, expected) => {
    const before = latest();
    const done = bench('--only', name, '--smoke', '--runs', '1', '--json');
    expect(done.status, done.stderr).toBe(0);
    const outcome = JSON.parse(done.stdout.trimEnd().split('\n').at(-1) ?? '') as BenchOutcome;
    expect(Object.keys(outcome.ratios)).toEqual(expect.arrayContaining([...expected.ratios]));
    expect(outcome.results.map((one) => one.name)).toEqual(expect.arrayContaining([...expected.results]));
    for (const ratio of Object.values(outcome.ratios)) expect(ratio).toBeGreaterThan(0);
    for (const { n, p50, p99 } of outcome.results) {
      expect(n).toBeGreaterThan(0);
      expect(p50).toBeGreaterThanOrEqual(0);
      expect(p99).toBeGreaterThanOrEqual(p50);
    }
    // Its figures mean nothing and may not stand where real ones are looked for.
    expect(latest()).toBe(before);
  },
  TIMEOUT_MS,
);

test('an unknown benchmark is refused with the names of those that there are', () => {
  const done = bench('--only', 'nonsense');
  expect(done.status).not.toBe(0);
  expect(done.stderr).toContain('build-sign');
});

test('the environment says on what it ran and names neither host nor path', () => {
  const done = bench('--only', 'quote', '--smoke', '--runs', '1', '--json');
  const { environment } = JSON.parse(done.stdout.trimEnd().split('\n').at(-1) ?? '');
  expect(Object.keys(environment).sort()).toEqual(['commit', 'cores', 'cpu', 'date', 'node']);
  expect(environment.cores).toBeGreaterThan(0);
  expect(JSON.stringify(environment)).not.toContain(ROOT);
});
