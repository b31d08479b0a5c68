/** Epochs and who leads which slot. */
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

async function leaderSchedule(
  { leaderSchedules, ledger }: RpcContext,
  epoch: number,
  identity: string | undefined,
): Promise<Json> {
  const { slotsByLeader, json } = await leaderSchedules.of(epoch, ledger);
  if (identity === undefined) return new RawJson(json);
  const own = slotsByLeader.get(identity);
  return own === undefined ? {} : new RawJson(JSON.stringify({ [identity]: own }));
}

export const leaderMethods: Readonly<Record<string, Method>> = {
  getEpochInfo,
  getEpochSchedule,
  getSlotLeader,
  getSlotLeaders,
  getLeaderSchedule,
};
