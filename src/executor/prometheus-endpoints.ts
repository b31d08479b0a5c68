/** Streams, RPC nodes, breakers and the market's freshness, for Prometheus. */
import type { Reading } from '../metrics/read-metric.js';
import type { RpcHealth } from '../send/rpc-pool.js';
import type { Executor } from './executor.js';
import type { MetricExporter } from './prometheus.js';

const MS_A_SECOND = 1_000;

export function exportEndpoints(exporter: MetricExporter, executor: Executor): void {
  exportStreams(exporter, executor);
  exportRpc(exporter, executor);
  exportFreshness(exporter, executor);
  exporter.gauge('circuit_breaker_open', '1 while the breaker is not closed.', () =>
    executor.breakers
      .list()
      .map(({ name, state }) => ({ value: state === 'closed' ? 0 : 1, labels: { breaker: name } })),
  );
}

function exportStreams(exporter: MetricExporter, { market }: Executor): void {
  const each = (value: (stream: ReturnType<typeof market.streamEndpoints>[number]) => number) => () =>
    market
      .streamEndpoints()
      .map((stream): Reading => ({ value: value(stream), labels: { endpoint: stream.name } }));
  exporter.gauge(
    'stream_up',
    '1 while the stream is live.',
    each(({ status }) => (status === 'live' ? 1 : 0)),
  );
  exporter.gauge(
    'stream_age_seconds',
    'Since anything came on the stream.',
    each(({ ageMs }) => ageMs / MS_A_SECOND),
  );
  exporter.gauge(
    'stream_lag_slots',
    'Slots behind the first stream.',
    each(({ lagSlots }) => lagSlots),
  );
  exporter.counter(
    'stream_reconnects_total',
    'Sessions after the first.',
    each(({ reconnects }) => reconnects),
  );
}

export function exportRpc(exporter: MetricExporter, { rpc }: Pick<Executor, 'rpc'>): void {
  const each = (value: (node: RpcHealth) => number | undefined) => () =>
    rpc.health().flatMap((node): Reading[] => {
      const read = value(node);
      return read === undefined ? [] : [{ value: read, labels: { host: node.host } }];
    });
  const onceCalled = (value: (node: RpcHealth) => number) =>
    each((node) => (node.calls === 0 ? undefined : value(node)));
  exporter.gauge(
    'rpc_response_seconds',
    'Running mean of what a call takes; absent before the first.',
    onceCalled(({ meanMs }) => meanMs / MS_A_SECOND),
  );
  exporter.gauge(
    'rpc_failure_ratio',
    'Running share of calls that fail; absent before the first.',
    onceCalled(({ failureShare }) => failureShare),
  );
  exporter.counter(
    'rpc_calls_total',
    'Calls made.',
    each(({ calls }) => calls),
  );
  exporter.gauge(
    'rpc_lag_slots',
    'Slots behind the newest known; absent until it was measured.',
    each(({ lagSlots }) => lagSlots),
  );
}

function exportFreshness(exporter: MetricExporter, { market, config }: Executor): void {
  const { cache, book } = market;
  exporter.gauge('head_slot', 'Newest slot of the stream.', () => cache.slots.head());
  exporter.gauge('blockhash_age_slots', 'Of the newest usable blockhash.', () => {
    const newest = cache.blockhashes.newest();
    return newest === undefined ? undefined : cache.slots.head() - newest.slot;
  });
  exporter.gauge(
    'stale_pools',
    'Pools that are older than MAX_POOL_AGE_SLOTS.',
    () => book.pools().filter(({ pool }) => !(book.ageSlots(pool) <= config.MAX_POOL_AGE_SLOTS)).length,
  );
}
