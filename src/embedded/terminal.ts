/** What a person sees while the executor runs: slot, pools, trades, each stage's latency, and where to look further. */
import { createLogUpdate } from 'log-update';
import type { LatencySnapshot, Quantiles } from '../metrics/latency.js';
import { STAGES } from '../metrics/latency.js';
import type { Clock, TimerHandle } from '../time/clock.js';

const REDRAW_MS = 500;
/** Without a terminal a line now and then is enough. */
const PLAIN_LINE_MS = 5_000;

export interface TerminalFacts {
  readonly slot: number;
  readonly blockHeight: number | undefined;
  readonly freshPools: number;
  readonly pools: number;
  readonly trades: {
    readonly landed: number;
    readonly failed: number;
    readonly denied: number;
    readonly expired: number;
    readonly live: number;
    readonly queued: number;
  };
  readonly killSwitch: string;
  readonly controlUrl: string;
  readonly latency: LatencySnapshot;
  readonly isReady: boolean;
  readonly cluster: string;
}

export interface TerminalOutput extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
}

/** @returns stops drawing and leaves the last picture in place */
export function showTerminal(facts: () => TerminalFacts, output: TerminalOutput, clock: Clock): () => void {
  return output.isTTY ? drawLive(facts, output, clock) : printLines(facts, output, clock);
}

function drawLive(facts: () => TerminalFacts, output: TerminalOutput, clock: Clock): () => void {
  const update = createLogUpdate(output);
  const draw = () => update(renderTerminal(facts()));
  draw();
  const timer = clock.every(REDRAW_MS, draw);
  return () => {
    timer.cancel();
    update.done();
  };
}

function printLines(facts: () => TerminalFacts, output: TerminalOutput, clock: Clock): () => void {
  const print = () => output.write(`${renderLine(facts())}\n`);
  print();
  const timer: TimerHandle = clock.every(PLAIN_LINE_MS, print);
  return () => timer.cancel();
}

export function renderLine(facts: TerminalFacts): string {
  const { trades, latency } = facts;
  const confirmed = latency.spansUs.intentToConfirmed;
  const killSwitch = facts.killSwitch === 'off' ? '' : `kill switch ${facts.killSwitch}  `;
  return (
    `slot ${facts.slot}  pools ${facts.freshPools}/${facts.pools} fresh  landed ${trades.landed}  failed ${trades.failed}  ` +
    `live ${trades.live}  ${killSwitch}intent→wire p50 ${measured(latency.spansUs.intentToWire, 'p50')}  ` +
    `intent→confirmed p95 ${measured(confirmed, 'p95')}  ${facts.controlUrl}`
  );
}

export function renderTerminal(facts: TerminalFacts): string {
  const { trades, latency } = facts;
  const heading = `Hotslot  ${facts.isReady ? 'trading' : 'getting ready'} on ${facts.cluster}`;
  const rows = [
    ['slot', `${facts.slot}   block height ${facts.blockHeight ?? '–'}`],
    ['pools', `${facts.freshPools} of ${facts.pools} fresh`],
    [
      'trades',
      `${trades.landed} landed   ${trades.live} live   ${trades.queued} queued   ` +
        `${trades.failed} failed   ${trades.expired} expired   ${trades.denied} denied`,
    ],
    ['kill switch', facts.killSwitch],
  ].map(([name, value]) => `  ${name!.padEnd(14)}${value}`);
  const table = [
    `  ${'stage'.padEnd(22)}${['p50', 'p95', 'p99'].map((name) => name.padStart(10)).join('')}`,
    ...STAGES.map(([name]) => latencyRow(name, latency.stagesUs[name])),
    latencyRow('intent → wire', latency.spansUs.intentToWire),
    latencyRow('  without waits', latency.spansUs.intentToWireNoWait),
    latencyRow('intent → confirmed', latency.spansUs.intentToConfirmed),
  ];
  return [
    heading,
    '',
    ...rows,
    '',
    ...table,
    '',
    `  control plane ${facts.controlUrl}   Ctrl-C ends`,
    '',
  ].join('\n');
}

function latencyRow(name: string, quantiles: Quantiles): string {
  const cells = (['p50', 'p95', 'p99'] as const).map((name) => measured(quantiles, name).padStart(10));
  return `  ${name.padEnd(22)}${cells.join('')}`;
}

/** Before the first value there is nothing to tell. */
function measured(quantiles: Quantiles, name: 'p50' | 'p95' | 'p99'): string {
  return quantiles.count === 0 ? '–' : duration(quantiles[name]);
}

/** Microseconds in the unit that reads best. */
export function duration(us: number): string {
  if (us < 1_000) return `${us.toFixed(us < 10 ? 1 : 0)} µs`;
  if (us < 1_000_000) return `${(us / 1_000).toFixed(us < 10_000 ? 1 : 0)} ms`;
  return `${(us / 1_000_000).toFixed(2)} s`;
}
