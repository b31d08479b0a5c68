/** The wire, as the executor's own schemas have it. Types only: nothing of the executor is in the page. */
import type { z } from 'zod';
import type {
  breakersSchema,
  killSwitchAnswerSchema,
  positionsSchema,
} from '../dist/src/control/schemas/risk.js';
import type { statusSchema } from '../dist/src/control/schemas/status.js';

export type {
  BreakerData,
  KillSwitchData,
  LatencyData,
  QueueData,
  RaisedAlert,
  SlotsData,
  TradeData,
} from '../dist/src/control/ws-data.js';
export type { ServerFrame, Topic } from '../dist/src/control/ws-protocol.js';
export type Status = z.output<typeof statusSchema>;
export type Breakers = z.output<typeof breakersSchema>;
export type Positions = z.output<typeof positionsSchema>;
export type KillSwitchAnswer = z.output<typeof killSwitchAnswerSchema>;
export type PoolRow = NonNullable<Status['market']>['pools'][number];
