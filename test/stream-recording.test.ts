import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { playRecording } from '../src/stream/player.js';
import { StreamRecorder } from '../src/stream/recorder.js';
import { YellowstoneStream } from '../src/stream/yellowstone-stream.js';
import { FakeServer, WordSink } from './support/fake-stream.js';
import { ManualClock } from './support/manual-clock.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hotslot-recording-'));
});
afterEach(() => rm(directory, { recursive: true }));

const failure = (error: unknown): never => {
  throw error;
};

/** Records a stream that is cut once and resumes; answers what its sink heard. */
async function record(path: string, maxBacklogBytes?: number): Promise<string[]> {
  const clock = new ManualClock();
  const server = new FakeServer();
  const sink = new WordSink();
  const recorder = await StreamRecorder.open({
    path,
    name: 'one',
    clock,
    onError: failure,
    ...(maxBacklogBytes === undefined ? {} : { maxBacklogBytes }),
  });
  const options = { endpoint: 'localhost:1', name: 'one', clock, random: { next: () => 1 } };
  const stream = new YellowstoneStream({ ...options, recorder, transport: server.transport });
  stream.start(sink, { accounts: [], wallets: [] });
  server.last.ping(1_000_000);
  for (let slot = 10; slot < 20; slot++) {
    server.last.whole(slot, slot - 1, 1_000_000 + slot);
    clock.advance(100);
  }
  server.last.end(14, 'cut');
  clock.advance(100);
  server.last.ping(2_000_000);
  for (let slot = 15; slot < 25; slot++) server.last.whole(slot, slot - 1, 2_000_000 + slot);
  stream.close();
  await recorder.close();
  return sink.words;
}

describe('a recording', () => {
  it('played as fast as possible tells a sink what the stream told, gaps and all', async () => {
    const path = join(directory, 'a.rec');
    const heard = await record(path);
    const sink = new WordSink();
    const report = await playRecording(sink, { path, clock: new ManualClock(5_000), pace: 'fast' });
    expect(sink.words).toEqual(heard);
    expect(heard).toContain('gap reconnect open');
    expect(report).toMatchObject({
      name: 'one',
      startedAtMs: 1_700_000_000_000,
      dropped: 0,
      truncated: false,
    });
    expect(report.recordedUs).toBe(1_100_000);
    expect(sink.statuses.map(([status]) => status)).toEqual(['live', 'down']);
  });

  it('played at its own pace keeps its pauses, divided by the speed', async () => {
    const path = join(directory, 'a.rec');
    await record(path);
    const clock = new ManualClock(0);
    const sink = new WordSink();
    let done = false;
    const playing = playRecording(sink, { path, clock, pace: 'recorded', speed: 2 }).then(() => {
      done = true;
    });
    const heardAtMs: number[] = [];
    let heard = 0;
    while (!done) {
      // Time goes on only once the player has reached its next pause, however long the file took to read.
      while (!done && clock.timerCount === 0) await new Promise((resolve) => setImmediate(resolve));
      if (sink.words.length > heard) heardAtMs.push(clock.nowMs());
      heard = sink.words.length;
      clock.advance(10);
    }
    await playing;
    expect(heardAtMs).toEqual([0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 550]);
  });

  it('is stopped by its signal', async () => {
    const path = join(directory, 'a.rec');
    await record(path);
    const stop = new AbortController();
    const sink = new WordSink();
    const playing = playRecording(sink, {
      path,
      clock: new ManualClock(),
      pace: 'recorded',
      signal: stop.signal,
    });
    while (sink.words.length === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await playing;
    expect(sink.words).not.toContain('processed 24');
  });

  it('that ends inside a record is played to there', async () => {
    const path = join(directory, 'a.rec');
    const heard = await record(path);
    await truncate(path, (await readFile(path)).length - 5);
    const sink = new WordSink();
    const report = await playRecording(sink, { path, clock: new ManualClock(), pace: 'fast' });
    expect(report.truncated).toBe(true);
    expect(sink.words).toEqual(heard.slice(0, -1));
  });

  it('says where the disk was too slow, and the player makes a gap of it', async () => {
    const path = join(directory, 'a.rec');
    await record(path, 2_000);
    const sink = new WordSink();
    const report = await playRecording(sink, { path, clock: new ManualClock(), pace: 'fast' });
    expect(report.dropped).toBeGreaterThan(0);
    expect(sink.words).toContain('gap lagged open');
  });

  it('is not written over', async () => {
    const path = join(directory, 'a.rec');
    await writeFile(path, 'something');
    await expect(record(path)).rejects.toThrow(/EEXIST/);
    expect(await readFile(path, 'utf8')).toBe('something');
  });
});

describe('a file that is no recording', () => {
  it.each([
    ['of another kind', Buffer.from('something else that is longer than a header')],
    ['of another version', Buffer.concat([Buffer.from('HSLOTREC'), Buffer.from([9, 0]), Buffer.alloc(10)])],
    ['cut inside its header', Buffer.from('HSLOT')],
    [
      'with a bad record',
      Buffer.concat([Buffer.from('HSLOTREC'), Buffer.from([1, 0]), Buffer.alloc(10), Buffer.alloc(13, 9)]),
    ],
  ])('%s is refused with a sentence', async (_name, content) => {
    const path = join(directory, 'b.rec');
    await writeFile(path, content);
    const playing = playRecording(new WordSink(), { path, clock: new ManualClock(), pace: 'fast' });
    await expect(playing).rejects.toMatchObject({ code: 'STREAM_FAILED' });
  });
});
