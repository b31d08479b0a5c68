/** A figure that is not known is absent: a zero would say that a node nobody asked is the fastest and newest of all. */
import { expect, it } from 'vitest';
import { MetricExporter } from '../src/executor/prometheus.js';
import { exportRpc } from '../src/executor/prometheus-endpoints.js';
import type { RpcCaller } from '../src/send/rpc-client.js';
import { RpcPool } from '../src/send/rpc-pool.js';
import { ManualClock } from './support/manual-clock.js';

const node = (host: string): RpcCaller => ({ host, call: async () => 100 });

it('of RPC nodes: response time and failures before the first call, lag before it was measured', async () => {
  const rpc = new RpcPool([node('called'), node('idle')], new ManualClock());
  const exporter = new MetricExporter();
  exportRpc(exporter, { rpc });
  const samples = async () =>
    (await exporter.registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('hotslot_'))
      .sort();
  await rpc.call('getHealth', [], { host: 'called' });
  expect(await samples()).toEqual([
    'hotslot_rpc_calls_total{host="called"} 1',
    'hotslot_rpc_calls_total{host="idle"} 0',
    'hotslot_rpc_failure_ratio{host="called"} 0',
    'hotslot_rpc_response_seconds{host="called"} 0',
  ]);
  await rpc.measureLag(103);
  expect((await samples()).filter((line) => line.includes('lag') || line.includes('idle'))).toEqual([
    'hotslot_rpc_calls_total{host="idle"} 1',
    'hotslot_rpc_failure_ratio{host="idle"} 0',
    'hotslot_rpc_lag_slots{host="called"} 3',
    'hotslot_rpc_lag_slots{host="idle"} 3',
    'hotslot_rpc_response_seconds{host="idle"} 0',
  ]);
});
