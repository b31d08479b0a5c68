import type { StreamSink } from './types.js';

/** One sink that hands everything to several, in the order given: the cache first, those who read it after. */
export function fanOut(...sinks: readonly StreamSink[]): StreamSink {
  return {
    onSlot(update) {
      for (const sink of sinks) sink.onSlot(update);
    },
    onBlockMeta(update) {
      for (const sink of sinks) sink.onBlockMeta(update);
    },
    onAccount(update) {
      for (const sink of sinks) sink.onAccount(update);
    },
    onTransaction(update) {
      for (const sink of sinks) sink.onTransaction(update);
    },
    onGap(gap) {
      for (const sink of sinks) sink.onGap(gap);
    },
    onStatus(status, detail) {
      for (const sink of sinks) sink.onStatus(status, detail);
    },
    onActivity(receivedUs) {
      for (const sink of sinks) sink.onActivity(receivedUs);
    },
    onBehind(isBehind) {
      for (const sink of sinks) sink.onBehind?.(isBehind);
    },
  };
}
