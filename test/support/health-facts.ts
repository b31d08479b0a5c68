import type { HealthFacts } from '../../src/executor/health-findings.js';

/** What an executor that is well has to say; tests change what they are about. */
export function wellFacts(fields: Partial<HealthFacts> = {}): HealthFacts {
  return {
    streams: [],
    maxStreamAgeMs: 1_800,
    slotLag: 0,
    blockhashAgeSlots: 2,
    maxBlockhashAgeSlots: 60,
    walletsRead: true,
    stalePools: 0,
    pools: 1,
    oldestPoolAgeSlots: 0,
    rpcs: [],
    openBreakers: [],
    journalWritable: true,
    journalReadable: true,
    walletsInDoubt: 0,
    killSwitchActive: false,
    workers: undefined,
    loopLagMs: 0,
    memory: {
      heapUsedBytes: 1,
      heapLimitBytes: 10,
      rssBytes: 1,
      rssLimitBytes: 10,
      heapPercent: 10,
      rssPercent: 10,
    },
    disks: [],
    log: undefined,
    redis: undefined,
    ...fields,
  };
}
