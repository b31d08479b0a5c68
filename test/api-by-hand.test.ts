/** The curl lines of docs/API.md are typed as they stand, with only the port changed. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ExecutorUnderTest, QUIET_CLUSTER } from './support/executor-under-test.js';
import { answerOf, type CommandAnswer } from './support/run-hotslot.js';

const PAGE = readFileSync(new URL('../../docs/API.md', import.meta.url), 'utf8');
const BLOCK = /<!-- tested: by hand -->\n```bash\n([\s\S]*?)\n```/.exec(PAGE)![1]!;
/** Each with the comment above it, which names its group. */
const GROUPS = BLOCK.split('\n\n');
/** A refusal is to be seen, behind a pipe too. */
const STRICT = 'set -euo pipefail; curl() { command curl --fail-with-body "$@"; }';

let executor: ExecutorUnderTest;
let url: string;
beforeAll(async () => {
  executor = new ExecutorUnderTest(QUIET_CLUSTER);
  url = (await executor.ready()).url;
});
afterAll(() => executor.dispose());

function typed(group: string): Promise<CommandAnswer> {
  const script = `${STRICT}\n${group.replaceAll('localhost:3000', url.replace('http://', ''))}`;
  return answerOf(spawn('bash', ['-c', script], { cwd: executor.directory }));
}

it.each(GROUPS.map((group) => [group.split('\n', 1)[0]!, group]))('%s', async (_title, group) => {
  const { code, stdout, stderr } = await typed(group);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).not.toBe('');
});

it('what the examples set is set', async () => {
  const ask = async (path: string) => (await fetch(url + path)).json();
  expect(await ask('/api/queue/status')).toMatchObject({ maxConcurrent: 16 });
  expect(await ask('/api/kill-switch')).toMatchObject({ active: false });
  expect(await ask('/api/trades?clientOrderId=by-hand-1')).toMatchObject({
    trades: [{ state: 'simulated' }],
  });
  expect(readFileSync(join(executor.directory, 'latency.hlog'), 'utf8')).toContain('#[');
});
