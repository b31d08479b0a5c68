/** The node and its cluster: health, version, identity, validators, supply. */
import {
  BPF_LOADER_UPGRADEABLE,
  SYSTEM_PROGRAM,
  TOKEN_2022_PROGRAM,
  TOKEN_PROGRAM,
  VOTE_PROGRAM,
} from '../../engine/well-known.js';
import type { Method, RpcContext } from '../context.js';
import { CORE_VERSION, FEATURE_SET, withContext } from '../context.js';
import { checkPubkey } from '../encode/base.js';
import type { Json } from '../encode/json.js';
import { NO_SNAPSHOT, nodeUnhealthy, RpcError } from '../errors.js';
import {
  readArguments,
  readCommitment,
  readConfig,
  readOptionalBoolean,
  readOptionalString,
} from '../params.js';

/** The answer of getVersion, on both ports. */
export const VERSION: Json = { 'feature-set': FEATURE_SET, 'solana-core': CORE_VERSION };
/** Percent of the rewards that a validator keeps. */
const COMMISSION = 100;
/** Owners whose accounts are counted into the supply: everything that holds lamports worth counting here. */
const SUPPLY_OWNERS: readonly string[] = [
  SYSTEM_PROGRAM,
  TOKEN_PROGRAM,
  TOKEN_2022_PROGRAM,
  'Stake11111111111111111111111111111111111111',
  VOTE_PROGRAM,
  BPF_LOADER_UPGRADEABLE,
];

/** Slots that this node lags behind the cluster's tip. */
function slotsBehind({ ledger }: RpcContext): number {
  return Math.max(0, ledger.tipSlot() - ledger.slot('processed'));
}

/** Throws -32005 when the node lags by more than its health distance. */
export function checkHealth(context: RpcContext): void {
  const behind = slotsBehind(context);
  if (behind > context.healthCheckSlotDistance) throw nodeUnhealthy(behind);
}

/** The text of `GET /health`. */
export function healthText(context: RpcContext): string {
  const behind = slotsBehind(context);
  return behind > context.healthCheckSlotDistance ? `behind ${behind}` : 'ok';
}

function identityOf(context: RpcContext): string {
  return context.ledger.validators()[0]?.identity ?? '';
}

const getHealth: Method = (params, context) => {
  readArguments(params, 0, 0);
  checkHealth(context);
  return 'ok';
};

const getVersion: Method = (params) => {
  readArguments(params, 0, 0);
  return VERSION;
};

const getGenesisHash: Method = (params, context) => {
  readArguments(params, 0, 0);
  return context.ledger.genesisHash;
};

const getIdentity: Method = (params, context) => {
  readArguments(params, 0, 0);
  return { identity: identityOf(context) };
};

const getClusterNodes: Method = (params, context) => {
  readArguments(params, 0, 0);
  const own = identityOf(context);
  const addresses = context.addresses();
  return context.ledger.validators().map(({ identity }) => ({
    featureSet: FEATURE_SET,
    gossip: null,
    pubkey: identity,
    pubsub: identity === own ? addresses.pubsub : null,
    rpc: identity === own ? addresses.rpc : null,
    serveRepair: null,
    shredVersion: 0,
    tpu: null,
    tpuForwards: null,
    tpuForwardsQuic: null,
    tpuQuic: null,
    tpuVote: null,
    tvu: null,
    version: CORE_VERSION,
  }));
};

const getVoteAccounts: Method = (params, context) => {
  const [config] = readArguments(params, 0, 1);
  const options = readConfig(config, 'RpcGetVoteAccountsConfig');
  const commitment = readCommitment(options.commitment) ?? 'finalized';
  const votePubkey = readOptionalString(options.votePubkey);
  if (votePubkey !== undefined) checkPubkey(votePubkey);
  const { ledger } = context;
  const lastVote = ledger.slot(commitment);
  const epoch = Math.floor(lastVote / ledger.slotsPerEpoch());
  const current = ledger
    .validators()
    .filter(({ vote }) => votePubkey === undefined || vote === votePubkey)
    .map(({ identity, vote, stakeLamports }) => ({
      activatedStake: stakeLamports,
      commission: COMMISSION,
      epochCredits: [[epoch, lastVote, 0]],
      epochVoteAccount: true,
      lastVote,
      nodePubkey: identity,
      rootSlot: ledger.slot('finalized'),
      votePubkey: vote,
    }));
  return { current, delinquent: [] };
};

const getSupply: Method = (params, context) => {
  const [config] = readArguments(params, 0, 1);
  const options = readConfig(config, 'RpcSupplyConfig');
  readOptionalBoolean(options.excludeNonCirculatingAccountsList);
  const commitment = readCommitment(options.commitment) ?? 'finalized';
  let total = 0n;
  for (const owner of SUPPLY_OWNERS) {
    for (const { account } of context.ledger.accountsByOwner(owner, commitment)) total += account.lamports;
  }
  return withContext(context.ledger.slot(commitment), {
    circulating: total,
    nonCirculating: 0,
    nonCirculatingAccounts: [],
    total,
  });
};

const getHighestSnapshotSlot: Method = (params) => {
  readArguments(params, 0, 0);
  throw new RpcError(NO_SNAPSHOT, 'No snapshot');
};

export const clusterMethods: Readonly<Record<string, Method>> = {
  getHealth,
  getVersion,
  getGenesisHash,
  getIdentity,
  getClusterNodes,
  getVoteAccounts,
  getSupply,
  getHighestSnapshotSlot,
};
