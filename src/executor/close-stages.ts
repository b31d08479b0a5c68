/** Ends an executor's parts in the reverse of the order in which they began. */
import type { StreamRecorder } from '../stream/recorder.js';
import type { TradePath, TradePathParts } from './create-trade-path.js';
import type { TradeMeasures } from './measure-trades.js';
import type { TakenUp } from './take-up-trades.js';
import type { ChainWatch } from './watch-chain.js';

export interface Stages extends TradePathParts, TradePath, TradeMeasures, TakenUp {
  readonly recorder: StreamRecorder | undefined;
  readonly chainWatch: ChainWatch;
}

/** Live trades stay in the journal for the next life. */
export async function closeStages(stages: Stages): Promise<void> {
  stages.warmUp.cancel();
  stages.desk.beginShutdown();
  await stages.hotPath.close();
  stages.lost.close();
  stages.strangers.close();
  stages.chainWatch.close();
  await stages.jupiter?.close();
  await stages.watch.close();
  stages.market.close();
  stages.tracker.close();
  stages.sender.close();
  await stages.recorder?.close();
  await stages.latencyLog.close();
  await stages.redis?.close();
  await stages.builder.close();
  stages.keys.ring.clear();
  await stages.risk.close();
  await stages.history.close();
  await stages.journal.close();
  await Promise.all(stages.clients.map((client) => client.close()));
}
