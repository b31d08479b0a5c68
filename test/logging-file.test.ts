/**
 * The log's contract: a line is JSON with `timestamp`, `level`, `message` and `error`; nothing that was logged before an
 * exit is lost; a disk that is full costs lines, and is told, but neither the process nor its memory.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HotslotError } from '../src/errors/hotslot-error.js';
import { MAX_BUFFER_BYTES, openLog } from '../src/logging/log.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-log-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const path = () => join(directory, 'trading.log');
const LOG_MODULE = fileURLToPath(new URL('../src/logging/log.js', import.meta.url));

/** A process that logs and ends as the script says; one that ended within milliseconds once lost its only line. */
function runLogger(script: string) {
  const source = `import { openLog } from ${JSON.stringify(LOG_MODULE)};
    const opened = openLog({ directory: ${JSON.stringify(directory)}, level: 'info' });
    ${script}`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', source], { timeout: 20_000 });
}

describe('a line', () => {
  it('is one JSON object with timestamp, level, message and error, in the words of the book', async () => {
    const { log, close } = openLog({ directory, level: 'info' });
    log.debug('not this one');
    log.info('trade_execution', { id: 'a', duration: 12.5 });
    log.warn('it failed', { error: new HotslotError('RPC_TIMEOUT', { detail: 'late' }) });
    await close();
    const lines = readFileSync(path(), 'utf8').trim().split('\n');
    const [first, second] = lines.map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    expect(first).toMatchObject({ level: 'info', message: 'trade_execution', id: 'a', duration: 12.5 });
    expect(new Date(first.timestamp).toISOString()).toBe(first.timestamp);
    expect(second).toMatchObject({ level: 'warn', message: 'it failed' });
    expect(second.error).toMatch(/^RPC_TIMEOUT.*late/);
    const grepped = execFileSync('sh', ['-c', `grep -i error ${path()} | jq '.timestamp, .message, .error'`]);
    expect(grepped.toString()).toContain('"it failed"');
    const sorted = execFileSync('sh', ['-c', `grep trade_execution ${path()} | jq '.duration' | sort -n`]);
    expect(sorted.toString()).toBe('12.5\n');
  });

  it('that comes after the log was closed is dropped without a fault', async () => {
    const { log, close } = openLog({ directory, level: 'info' });
    const closed = close();
    log.info('too late');
    await closed;
    log.info('far too late');
    expect(readFileSync(path(), 'utf8')).toBe('');
  });
});

describe('the end of a process', () => {
  it.each([
    ['by exit', "opened.log.info('last words'); process.exit(3);", 3],
    ['by a fault', "opened.log.info('last words'); throw new Error('boom');", 1],
  ])('%s loses no line', (_name, script, code) => {
    expect(runLogger(script).status).toBe(code);
    expect(readFileSync(path(), 'utf8')).toContain('last words');
  });
});

describe('a disk that is full', () => {
  beforeEach(() => symlinkSync('/dev/full', path()));

  it('costs lines past the bound, is told by its code, and does not delay the closing', async () => {
    const { log, state, close } = openLog({ directory, level: 'info' });
    const text = 'x'.repeat(64 * 1024);
    for (let written = 0; written <= MAX_BUFFER_BYTES; written += text.length) log.info(text);
    await new Promise((resolve) => setTimeout(resolve, 300));
    log.info(text);
    expect(state()).toEqual({ fault: 'ENOSPC', droppedLines: expect.any(Number) });
    expect(state().droppedLines).toBeGreaterThan(0);
    await close();
  });

  it('lets a process end with its own code', () => {
    const script = "opened.log.info('lost'); setTimeout(() => process.exit(7), 500);";
    expect(runLogger(script).status).toBe(7);
  });
});

it('a directory that cannot be written is told at once', () => {
  expect(() => openLog({ directory: '/dev/null/logs', level: 'info' })).toThrow(/ENOTDIR|ENOENT|EEXIST/);
});
