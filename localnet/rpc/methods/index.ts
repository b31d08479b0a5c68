/** Every method of the HTTP port by name. */
import type { Method } from '../context.js';
import { accountMethods } from './accounts.js';
import { blockMethods } from './blocks.js';
import { clusterMethods } from './cluster.js';
import { feeMethods } from './fees.js';
import { historyMethods } from './history.js';
import { leaderMethods } from './leaders.js';
import { sendMethods } from './send.js';
import { simulateMethods } from './simulate.js';
import { slotMethods } from './slots.js';
import { tokenMethods } from './tokens.js';

export const methods: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    ...accountMethods,
    ...blockMethods,
    ...clusterMethods,
    ...feeMethods,
    ...historyMethods,
    ...leaderMethods,
    ...sendMethods,
    ...simulateMethods,
    ...slotMethods,
    ...tokenMethods,
  }),
);
