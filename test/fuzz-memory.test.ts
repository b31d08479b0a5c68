/** The fuzzing's watch on memory, tried on processes that leak on purpose and on one that only makes garbage. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { leaksOf, MemoryWatch } from '../fuzz/memory-watch.js';
import { mappedFileBytes, residentBytes } from '../fuzz/process-facts.js';

const LEAKING = fileURLToPath(new URL('./support/leaking-process.js', import.meta.url));
const SAMPLES = 25;
const MESSAGES = 1_000_000;

/** Sends a million messages to such a process, with a sample now and then. */
async function watched(kind: 'none' | 'heap' | 'native', bytesAMessage: number): Promise<MemoryWatch> {
  const child = spawn(process.execPath, [LEAKING, kind, String(bytesAMessage)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const watch = new MemoryWatch(child.pid!);
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    for (let sample = 1; sample <= SAMPLES; sample += 1) {
      child.stdin.write(`${MESSAGES / SAMPLES}\n`);
      const { value } = await answers.next();
      watch.sample((sample * MESSAGES) / SAMPLES, JSON.parse(value as string) as NodeJS.MemoryUsage);
    }
    return watch;
  } finally {
    child.kill('SIGKILL');
  }
}

it('finds nothing in a process that makes garbage and keeps none', async () => {
  const watch = await watched('none', 0);
  expect(leaksOf(watch)).toEqual([]);
  expect(watch.held.endMiB).toBeGreaterThan(1);
  expect(watch.resident.endMiB).toBeGreaterThan(watch.held.endMiB);
});

it('finds thirty bytes a message in the heap', async () => {
  expect(leaksOf(await watched('heap', 30)).join()).toContain('held memory rose');
});

it('finds thirty bytes a message where V8 does not see them', async () => {
  const watch = await watched('native', 30);
  expect(leaksOf(watch).join()).toContain('resident memory rose');
  expect(watch.held.secondHalfMiB).toBeLessThan(1);
});

it('knows the pages of a mapped file by its name', () => {
  const node = mappedFileBytes(process.pid, process.execPath.split('/').at(-1)!);
  expect(node).toBeGreaterThan(1_000_000);
  expect(node).toBeLessThan(residentBytes(process.pid));
  expect(mappedFileBytes(process.pid, 'nothing-of-that-name')).toBe(0);
});
