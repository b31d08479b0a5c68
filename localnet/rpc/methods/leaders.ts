/** Epochs and who leads which slot. */
import { SLOTS_PER_WINDOW } from '../../engine/schedule.js';
import type { Method, RpcContext } from '../context.js';
import { selectView } from '../context.js';
import { checkPubkey } from '../encode/base.js';
import { type Json, RawJson } from '../encode/json.js';
import { invalidParams } from '../errors.js';
import {
  readArguments,
  readCommitment,
  readConfig,
  readOptionalString,
  readOptionalU64,
  readU64,
} from '../params.js';

const SLOT_LEADERS_MAX = 5000;

function epochOf(context: RpcContext, slot: number): number {
  return Math.floor(slot / context.ledger.slotsPerEpoch());
}

/** Nodes know the schedule of the running epoch and of the next. */
function isScheduled(context: RpcContext, epoch: number): boolean {
  return epoch <= epochOf(context, context.ledger.slot('processed')) + 1;
}

const getEpochInfo: Method = (params, context) => {
  const [config] = readArguments(params, 0, 1);
  const { ledger } = context;
  const { slot, commitment } = selectView(ledger, readConfig(config, 'RpcContextConfig'));
  const slotsInEpoch = ledger.slotsPerEpoch();
  return {
    absoluteSlot: slot,
    blockHeight: ledger.blockHeight(commitment),
    epoch: Math.floor(slot / slotsInEpoch),
    slotIndex: slot % slotsInEpoch,
    slotsInEpoch,
    transactionCount: ledger.transactionCount(commitment),
  };
};

const getEpochSchedule: Method = (params, context) => {
  readArguments(params, 0, 0);
  const slotsPerEpoch = context.ledger.slotsPerEpoch();
  return {
    firstNormalEpoch: 0,
    firstNormalSlot: 0,
    leaderScheduleSlotOffset: slotsPerEpoch,
    slotsPerEpoch,
    warmup: false,
  };
};

const getSlotLeader: Method = (params, context) => {
  const [config] = readArguments(params, 0, 1);
  const { slot } = selectView(context.ledger, readConfig(config, 'RpcContextConfig'));
  return context.ledger.leader(slot);
};

const getSlotLeaders: Method = (params, context) => {
  const [start, count] = readArguments(params, 2, 2);
  const startSlot = readU64(start);
  const limit = readU64(count);
  if (limit > SLOT_LEADERS_MAX) throw invalidParams(`Invalid limit; max ${SLOT_LEADERS_MAX}`);
  const leaders: string[] = [];
  for (let slot = startSlot; slot < startSlot + limit; slot++) {
    const epoch = epochOf(context, slot);
    if (!isScheduled(context, epoch)) {
      throw invalidParams(`Invalid slot range: leader schedule for epoch ${epoch} is unavailable`);
    }
    leaders.push(context.ledger.leader(slot));
  }
  return leaders;
};

const getLeaderSchedule: Method = (params, context) => {
  const [first, second] = readArguments(params, 0, 2);
  const slotGiven = typeof first === 'number';
  const options = readConfig(slotGiven ? second : (first ?? second), 'RpcLeaderScheduleConfig');
  const identity = readOptionalString(options.identity);
  if (identity !== undefined) checkPubkey(identity);
  const commitment = readCommitment(options.commitment) ?? 'finalized';
  const slot = (slotGiven ? readOptionalU64(first) : undefined) ?? context.ledger.slot(commitment);
  const epoch = epochOf(context, slot);
  return isScheduled(context, epoch) ? leaderSchedule(context, epoch, identity) : null;
};

/** An epoch has hundreds of thousands of slots: the thread is handed back after this many windows. */
const WINDOWS_AT_ONCE = 500;

/** Each leader's slots, counted from the epoch's first. A leader holds its windows whole. */
async function leaderSchedule(
  context: RpcContext,
  epoch: number,
  identity: string | undefined,
): Promise<Json> {
  const slotsPerEpoch = context.ledger.slotsPerEpoch();
  const firstSlot = epoch * slotsPerEpoch;
  const indexes = new Map<string, number[]>();
  for (let index = 0; index < slotsPerEpoch; index += SLOTS_PER_WINDOW) {
    if (index % (SLOTS_PER_WINDOW * WINDOWS_AT_ONCE) === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const leader = context.ledger.leader(firstSlot + index);
    if (identity !== undefined && leader !== identity) continue;
    const own = indexes.get(leader) ?? [];
    if (own.length === 0) indexes.set(leader, own);
    for (let slot = index; slot < Math.min(index + SLOTS_PER_WINDOW, slotsPerEpoch); slot++) own.push(slot);
  }
  // The numbers are encoded natively: there are too many of them for a writer in JavaScript.
  return new RawJson(JSON.stringify(Object.fromEntries(indexes)));
}

export const leaderMethods: Readonly<Record<string, Method>> = {
  getEpochInfo,
  getEpochSchedule,
  getSlotLeader,
  getSlotLeaders,
  getLeaderSchedule,
};
