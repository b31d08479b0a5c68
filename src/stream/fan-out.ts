import type { StreamSink } from './types.js';

/** One sink that hands everything to several, in the order given: the cache first, those who read it after. */
export function fanOut(...sinks: readonly StreamSink[]): StreamSink {
  return {
    onSlot: (update) => sinks.forEach((sink) => void sink.onSlot(update)),
    onBlockMeta: (update) => sinks.forEach((sink) => void sink.onBlockMeta(update)),
    onAccount: (update) => sinks.forEach((sink) => void sink.onAccount(update)),
    onTransaction: (update) => sinks.forEach((sink) => void sink.onTransaction(update)),
    onGap: (gap) => sinks.forEach((sink) => void sink.onGap(gap)),
    onStatus: (status, detail) => sinks.forEach((sink) => void sink.onStatus(status, detail)),
    onActivity: (receivedUs) => sinks.forEach((sink) => void sink.onActivity(receivedUs)),
  };
}
