import { writeCreatedAt } from './timestamp.js';
import { WireWriter } from './wire-writer.js';

const UPDATE_PING = 6;
const UPDATE_PONG = 9;

const writer = new WireWriter();

/** The server's sign of life; it carries no filter names and wants no answer. */
export function encodePing(nowMs: number): Buffer {
  writer.close(writer.open(UPDATE_PING));
  writeCreatedAt(writer, nowMs);
  return writer.finish();
}

/** The answer to a request with `ping` set. @param id a signed 32-bit number, given back as it came. */
export function encodePong(id: number, nowMs: number): Buffer {
  const start = writer.open(UPDATE_PONG);
  writer.bigint(1, BigInt(id));
  writer.close(start);
  writeCreatedAt(writer, nowMs);
  return writer.finish();
}
