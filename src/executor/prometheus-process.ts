/** The process, its workers, disks, journal and log, for Prometheus. */
import type { Executor } from './executor.js';
import { memoryUse } from './memory-use.js';
import type { MetricExporter } from './prometheus.js';

const MICROSECONDS_A_SECOND = 1e6;

export function exportProcess(exporter: MetricExporter, { builder, journal, watch }: Executor): void {
  exporter.gauge('heap_used_bytes', "Of the main thread's heap.", () => memoryUse().heapUsedBytes);
  exporter.gauge('heap_limit_bytes', 'What that heap may take.', () => memoryUse().heapLimitBytes);
  exporter.gauge('resident_memory_bytes', 'Of the whole process.', () => memoryUse().rssBytes);
  exporter.counter('cpu_seconds_total', 'Processor time of the whole process.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / MICROSECONDS_A_SECOND;
  });
  exporter.gauge('uptime_seconds', 'Since the process began.', () => process.uptime());
  exporter.gauge('workers_alive', 'Signing workers that take tasks.', () => builder.stats().pool?.alive);
  exporter.counter(
    'worker_restarts_total',
    'Signing workers that were replaced.',
    () => builder.stats().pool?.restarts,
  );
  exporter.gauge('disk_free_bytes', 'Free space below the directory of the setting.', () =>
    watch.disks
      .spaces()
      .flatMap(({ name, freeBytes, fault }) =>
        fault === undefined ? [{ value: freeBytes, labels: { directory: name } }] : [],
      ),
  );
  exporter.gauge('journal_writable', '1 while the journal can be written.', () => (journal.writable ? 1 : 0));
  exporter.counter(
    'log_dropped_lines_total',
    'Log lines that were lost.',
    () => watch.logState?.().droppedLines,
  );
}
