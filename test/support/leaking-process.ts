/**
 * A process that takes messages, makes a lot of garbage over them, and may keep some bytes of each: `heap` in
 * JavaScript, `native` where V8 does not see it. Told `N` on a line it takes so many messages, collects as the executor
 * does on SIGUSR2, and answers with a line of JSON.
 */
import { createInterface } from 'node:readline';
import { collectGarbage } from '../../src/memory-signal.js';

const [kind = 'none', bytesText = '0'] = process.argv.slice(2);
const bytesAMessage = Number(bytesText);
/** What is kept is kept in pieces of so many bytes, each of so many messages. */
const PIECE_BYTES = 1_000;
const kept: string[] = [];

function keep(messages: number, round: number): void {
  const pieces = Math.round((messages * bytesAMessage) / PIECE_BYTES);
  for (let at = 0; at < pieces; at += 1) {
    const piece = Buffer.alloc(PIECE_BYTES, `${round} ${at}.`).toString('latin1');
    if (kind === 'heap') kept.push(piece);
    // glibc keeps every value that a variable ever had.
    else process.env.LEAK = piece;
  }
}

function makeGarbage(round: number): number {
  const texts = Array.from({ length: 5_000 }, (_, at) => ({ at, text: `${round}-${at}`.repeat(20) }));
  const buffers = Array.from({ length: 64 }, (_, at) => Buffer.alloc(16_384 * ((at % 8) + 1)));
  return texts.length + buffers.length;
}

let round = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const messages = Number(line);
  round += 1;
  makeGarbage(round);
  if (kind !== 'none') keep(messages, round);
  const { after } = await collectGarbage();
  process.stdout.write(`${JSON.stringify(after)}\n`);
}
