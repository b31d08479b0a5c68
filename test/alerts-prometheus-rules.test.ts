/** Prometheus is asked by its own tool whether it takes the rules, and whether they fire where the executor's do. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ALERTS } from '../src/alerts/alert-table.js';

/** Compiled tests lie two folders below the root. */
const DIRECTORY = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url));
const RULES = readFileSync(`${DIRECTORY}hotslot.rules.yml`, 'utf8');

function promtool(...args: string[]) {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: DIRECTORY, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('the rules for Prometheus', () => {
  it('are accepted by promtool, every one', () => {
    const { status, output } = promtool('check', 'rules', 'hotslot.rules.yml');
    expect(output).toContain(`SUCCESS: ${ALERTS.length} rules found`);
    expect(status).toBe(0);
  });

  it('fire at the first bad value, and end when it is well', () => {
    const { status, output } = promtool('test', 'rules', 'hotslot.rules.test.yml');
    expect(output).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  it('have the names, severities and thresholds of the table, and no metric that is not exported', () => {
    const found = [...RULES.matchAll(/alert: (\w+)\n\s+expr: (\w+) ([<>]) (\S+)[\s\S]*?severity: (\w+)/g)];
    expect(found.map(([, ...parts]) => parts)).toEqual(
      ALERTS.map(({ name, metric, fires, threshold, metricScale, severity }) => [
        name,
        metric,
        fires === 'above' ? '>' : '<',
        String(threshold * metricScale),
        severity,
      ]),
    );
    // That each of these is in /metrics is looked at in metrics-scrape.
    const exported = new Set<string>(ALERTS.map(({ metric }) => metric));
    const named = new Set(RULES.match(/hotslot_[a-z_]+/g));
    expect([...named].filter((metric) => !exported.has(metric))).toEqual([]);
  });

  it('are tested one by one', () => {
    const tests = readFileSync(`${DIRECTORY}hotslot.rules.test.yml`, 'utf8');
    const tested = [...tests.matchAll(/^ {2}- name: (\w+)$/gm)].map(([, name]) => name);
    expect(tested).toEqual(ALERTS.map(({ name }) => name));
  });
});
