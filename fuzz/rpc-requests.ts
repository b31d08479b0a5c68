/** JSON-RPC calls: every method with parameters that are right, nearly right and wrong, one by one and in batches. */
import { base58 } from '@scure/base';
import type { Seeded } from '../drill/seeded.js';
import { encodeRequest } from './http-bytes.js';
import type { Message } from './message.js';
import type { Surroundings } from './surroundings.js';
import { messageBytes, transactionBytes } from './transactions.js';
import { brokenText, hostileString, hostileValue, mutated, randomBytes, stringify } from './values.js';

const COMMITMENTS = ['processed', 'confirmed', 'finalized'];
const ENCODINGS = ['base58', 'base64', 'base64+zstd', 'jsonParsed', 'binary', 'json'];
const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';

type Params = (random: Seeded, around: Surroundings) => readonly unknown[];

const config = (random: Seeded, more: object = {}) =>
  random.chance(0.5) ? [{ commitment: random.pick(COMMITMENTS), ...more }] : [];
const address = (random: Seeded, { pools, mints, wallets, signer }: Surroundings) =>
  random.pick([random.pick(pools).address, random.pick(mints), random.pick(wallets), signer.address, TOKEN]);
const slot = (random: Seeded, { currentSlot }: Surroundings) =>
  Math.max(0, currentSlot() - random.between(-5, 400));
const read = (random: Seeded) => ({ encoding: random.pick(ENCODINGS) });

/** Methods without an entry take no parameters, or only options. */
const PARAMS = new Map<string, Params>(
  Object.entries({
    getAccountInfo: (random, around) => [address(random, around), ...config(random, read(random))],
    getMultipleAccounts: (random, around) => [
      Array.from({ length: random.between(0, 5) }, () => address(random, around)),
      ...config(random, read(random)),
    ],
    getProgramAccounts: (random, around) => [
      random.chance(0.05) ? TOKEN : address(random, around),
      ...config(random, { ...read(random), filters: [{ dataSize: 165 }] }),
    ],
    getBalance: (random, around) => [address(random, around), ...config(random)],
    getTokenAccountBalance: (random, around) => [address(random, around), ...config(random)],
    getTokenAccountsByOwner: (random, around) => [
      address(random, around),
      random.chance(0.5) ? { programId: TOKEN } : { mint: random.pick(around.mints) },
      ...config(random, read(random)),
    ],
    getTokenLargestAccounts: (random, around) => [random.pick(around.mints), ...config(random)],
    getTokenSupply: (random, around) => [random.pick(around.mints), ...config(random)],
    getBlock: (random, around) => [
      slot(random, around),
      {
        maxSupportedTransactionVersion: 0,
        transactionDetails: random.pick(['none', 'signatures', 'accounts']),
      },
    ],
    getBlocks: (random, around) => [slot(random, around), slot(random, around)],
    getBlocksWithLimit: (random, around) => [slot(random, around), random.between(0, 20)],
    getBlockTime: (random, around) => [slot(random, around)],
    getBlockCommitment: (random, around) => [slot(random, around)],
    // The whole schedule is three megabytes: now and then it is asked for all the same.
    getLeaderSchedule: (random, around) => [
      slot(random, around),
      random.chance(0.99) ? { identity: address(random, around) } : {},
    ],
    getSlotLeaders: (random, around) => [slot(random, around), random.between(0, 20)],
    getMinimumBalanceForRentExemption: (random) => [random.between(0, 1_000)],
    getRecentPrioritizationFees: (random, around) => [[address(random, around)]],
    getSignaturesForAddress: (random, around) => [address(random, around), { limit: random.between(0, 20) }],
    getSignatureStatuses: (random, around) => [
      Array.from({ length: random.between(0, 4) }, () => around.knownSignature()),
      { searchTransactionHistory: random.chance(0.5) },
    ],
    getTransaction: (random, around) => [
      around.knownSignature(),
      { encoding: random.pick(ENCODINGS), maxSupportedTransactionVersion: 0 },
    ],
    isBlockhashValid: (random, around) => [around.recentBlockhash(), ...config(random)],
    requestAirdrop: (random, around) => [around.signer.address, random.between(0, 1_000)],
    getFeeForMessage: (random, around) => [
      messageBytes(random, around).toString('base64'),
      ...config(random),
    ],
  } satisfies { readonly [method: string]: Params }),
);

/** These carry transactions, and are a third of all calls. */
const TRANSACTION_SHARE = 0.33;
/** The encoder takes no more. */
const LONGEST_BASE58 = 1_024;
const NAMES = [
  ...PARAMS.keys(),
  'getSlot',
  'getBlockHeight',
  'getHealth',
  'getVersion',
  'getIdentity',
  'getGenesisHash',
  'getEpochInfo',
  'getEpochSchedule',
  'getLatestBlockhash',
  'getClusterNodes',
  'getVoteAccounts',
  'getSupply',
  'getTransactionCount',
  'getRecentPerformanceSamples',
  'getSlotLeader',
  'getFirstAvailableBlock',
  'minimumLedgerSlot',
  'getHighestSnapshotSlot',
  'getStakeMinimumDelegation',
  'getInflationRate',
];

export function rpcRequest(random: Seeded, around: Surroundings, index: number): Message {
  if (random.chance(0.02)) return oddHttp(random, around, index);
  const isBatch = random.chance(0.01);
  const { method, text, isLate } = isBatch ? batch(random, around) : oneCall(random, around);
  const isBroken = random.chance(0.06);
  const body = Buffer.from(isBroken ? brokenText(text, random) : text);
  return {
    index,
    kind: `${method}${isBroken ? ', broken' : ''}`,
    bytes: post(body, 'application/json'),
    alone: isLate || isBroken || body.length > 40_000,
  };
}

function post(body: Buffer, type: string): Buffer {
  return encodeRequest({
    method: 'POST',
    path: '/',
    headers: [
      ['Host', '127.0.0.1'],
      ['Content-Type', type],
    ],
    body,
  });
}

interface Call {
  readonly method: string;
  readonly text: string;
  /** Its answer may come after that of a later call. */
  readonly isLate: boolean;
}

function oneCall(random: Seeded, around: Surroundings): Call {
  const draw = random.next();
  if (draw < TRANSACTION_SHARE) return transactionCall(random, around);
  const method = random.chance(0.97) ? random.pick(NAMES) : hostileString(random);
  const params = PARAMS.get(method)?.(random, around) ?? config(random);
  if (method === 'getLeaderSchedule') return call(method, params, random, true);
  return call(method, changed(params, random), random, method === 'requestAirdrop');
}

function changed(params: readonly unknown[], random: Seeded, share = 0.55): unknown {
  return random.chance(share) ? mutated(params, random) : params;
}

function call(method: string, params: unknown, random: Seeded, isLate: boolean): Call {
  const envelope = { jsonrpc: '2.0', id: random.between(0, 1_000), method, params };
  const isOdd = random.chance(0.05);
  return {
    method: method.slice(0, 40),
    text: stringify(isOdd ? mutated(envelope, random) : envelope),
    isLate: isLate || isOdd,
  };
}

function transactionCall(random: Seeded, around: Surroundings): Call {
  const bytes = transactionBytes(random, around);
  const encoding = bytes.length > LONGEST_BASE58 || random.chance(0.8) ? 'base64' : 'base58';
  const text = encoding === 'base64' ? bytes.toString('base64') : base58.encode(bytes);
  const isSimulation = random.chance(0.5);
  const options = isSimulation
    ? {
        encoding,
        sigVerify: random.chance(0.1),
        replaceRecentBlockhash: random.chance(0.3),
        commitment: 'processed',
        innerInstructions: random.chance(0.2),
        ...(random.chance(0.1)
          ? { accounts: { encoding: 'base64', addresses: [around.signer.address] } }
          : {}),
      }
    : { encoding, skipPreflight: random.chance(0.8), preflightCommitment: 'processed', maxRetries: 0 };
  const params = [
    random.chance(0.03) ? hostileString(random) : text,
    random.chance(0.05) ? hostileValue(random) : options,
  ];
  return call(
    isSimulation ? 'simulateTransaction' : 'sendTransaction',
    changed(params, random, 0.1),
    random,
    true,
  );
}

function batch(random: Seeded, around: Surroundings): Call {
  const calls = Array.from({ length: random.between(0, 12) }, () => oneCall(random, around).text);
  const text = `[${calls.join(',')}]`;
  return {
    method: 'batch',
    text: random.chance(0.05) ? `[${'1,'.repeat(random.between(900, 1_200))}1]` : text,
    isLate: true,
  };
}

function oddHttp(random: Seeded, around: Surroundings, index: number): Message {
  const draw = random.between(0, 4);
  const made = { index, kind: 'odd HTTP', alone: true };
  if (draw === 0)
    return { ...made, bytes: post(randomBytes(random, random.between(0, 300)), 'application/json') };
  if (draw === 1)
    return {
      ...made,
      bytes: post(
        Buffer.from(oneCall(random, around).text),
        random.pick(['text/plain', '', 'application/json; charset=x']),
      ),
    };
  const method = random.pick(['GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);
  const path = random.pick(['/', '/health', '/x', '/%00']);
  return {
    ...made,
    bytes: encodeRequest({
      method,
      path,
      headers: [
        ['Host', 'x'],
        ['Origin', 'http://evil.example'],
      ],
    }),
  };
}
