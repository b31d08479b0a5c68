/** The page: what is told over the WebSocket and what is asked for by HTTP, given to the views. */
import { get, Problem } from './api.js';
import { ChartsView } from './charts.js';
import { Connection } from './connection.js';
import { byId } from './dom.js';
import { Freshness } from './freshness.js';
import { AlertsView, BreakersView, HealthView } from './health.js';
import { KillSwitchView } from './kill-switch.js';
import { PoolsView, PositionsView, QueueView, StagesView } from './tables.js';
import { TilesView } from './tiles.js';
import { TokenDialog } from './token-dialog.js';
import { TradesView } from './trades.js';
import type { Breakers, LatencyData, Positions, ServerFrame, Status } from './types.js';

const STATUS_MS = 1_000;
/** Positions and breakers are asked for at every so many looks at the status. */
const SLOW_EVERY = 3;
const SHOW_MS = 250;

const decimals = new Map<string, number>();
const decimalsOf = (mint: string) => decimals.get(mint);

const freshness = new Freshness();
const tiles = new TilesView();
const charts = new ChartsView();
const trades = new TradesView(decimalsOf);
const stages = new StagesView();
const pools = new PoolsView();
const queue = new QueueView();
const positions = new PositionsView(decimalsOf);
const health = new HealthView();
const breakers = new BreakersView();
const alerts = new AlertsView();
const killSwitch = new KillSwitchView();

const connection = new Connection({
  onFrame: (frame) => {
    freshness.frameCame();
    take(frame);
  },
  onOpen: () => freshness.connected(),
  onLost: (retryAtMs) => {
    freshness.lost(retryAtMs);
    charts.gap();
  },
});
const tokenDialog = new TokenDialog(() => {
  connection.connect();
  void look();
});

function take(frame: ServerFrame): void {
  if (frame.type === 'snapshot') takeSnapshot(frame);
  else if (frame.type === 'event') takeEvent(frame);
}

function takeSnapshot(frame: Extract<ServerFrame, { type: 'snapshot' }>): void {
  if (frame.data === null) return;
  if (frame.topic === 'trades') trades.reset(frame.data.trades);
  else if (frame.topic === 'slots') tiles.slots(frame.data);
  else if (frame.topic === 'queue') showQueue(frame.data);
  else if (frame.topic === 'latency') showLatency(frame.data);
  else {
    alerts.reset(frame.data.alerts);
    if (frame.data.killSwitch !== null) killSwitch.tell(frame.data.killSwitch);
  }
}

function takeEvent(frame: Extract<ServerFrame, { type: 'event' }>): void {
  if (frame.topic === 'trades') trades.put(frame.data);
  else if (frame.topic === 'slots') tiles.slots(frame.data);
  else if (frame.topic === 'queue') showQueue(frame.data);
  else if (frame.topic === 'latency') {
    showLatency(frame.data);
    charts.add(frame.knownAtMs, frame.data);
  } else {
    alerts.put(frame.data, frame.atMs);
    if (frame.data.kind === 'killSwitch') killSwitch.tell(frame.data);
    if (frame.data.kind === 'breaker') void lookAtBreakers().catch(noteFailure);
  }
}

function showLatency(data: LatencyData): void {
  tiles.latency(data);
  stages.show(data);
}

function showQueue(data: Parameters<QueueView['show']>[0]): void {
  tiles.queue(data);
  queue.show(data);
}

let looks = 0;

/** Never throws: a look that fails leaves what is shown to grow stale, which the banner tells. */
async function look(): Promise<void> {
  try {
    const isUp = await lookAtStatus();
    if (isUp && looks++ % SLOW_EVERY === 0) await Promise.all([lookAtPositions(), lookAtBreakers()]);
  } catch (error) {
    noteFailure(error);
  }
}

/** @returns whether the executor has come so far that the rest can be asked for */
async function lookAtStatus(): Promise<boolean> {
  const { told } = killSwitch;
  const status = await get<Status>('/api/status');
  freshness.statusCame();
  for (const pool of status.market?.pools ?? []) {
    if (pool.mint0 !== undefined && pool.decimals0 !== undefined) decimals.set(pool.mint0, pool.decimals0);
    if (pool.mint1 !== undefined && pool.decimals1 !== undefined) decimals.set(pool.mint1, pool.decimals1);
  }
  health.show(status);
  tiles.status(status);
  killSwitch.status(status);
  killSwitch.look(status.risk.killSwitch, told);
  pools.show(status.market?.pools ?? []);
  return status.market !== undefined;
}

async function lookAtPositions(): Promise<void> {
  const held = await get<Positions>('/api/positions');
  positions.show(held);
  tiles.positions(held, decimalsOf(held.quoteMint));
}

async function lookAtBreakers(): Promise<void> {
  breakers.show(await get<Breakers>('/api/circuit-breakers'));
}

function noteFailure(error: unknown): void {
  if (!(error instanceof Problem)) return;
  freshness.refused(error.message);
  if (error.status === 401 || error.status === 403) tokenDialog.ask(error.message);
}

for (const button of document.querySelectorAll<HTMLElement>('[data-close]'))
  button.addEventListener('click', () => button.closest('dialog')?.close());
byId('retry', HTMLElement).addEventListener('click', () => {
  connection.connect();
  void look();
});
window.addEventListener('online', () => connection.connect());

/** Looks one after another, so that a slow executor is not asked twice at once. */
async function keepLooking(): Promise<void> {
  for (;;) {
    await look();
    await new Promise((resolve) => setTimeout(resolve, STATUS_MS));
  }
}

setInterval(() => {
  freshness.show();
  trades.show();
}, SHOW_MS);
connection.connect();
void keepLooking();
