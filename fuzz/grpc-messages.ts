/** gRPC calls: requests of the interface's own types with odd contents, their bytes changed, and odd framing. */
import type protobuf from 'protobufjs';
import type { Seeded } from '../drill/seeded.js';
import type { Message } from './message.js';
import type { Surroundings } from './surroundings.js';
import { hostileString, hostileText, mutatedBytes, randomBytes } from './values.js';

/** How the request stream ends; the first byte of a message says which. */
export const ENDINGS = ['end', 'leaveOpen', 'reset'] as const;

const SERVICE = '/geyser.Geyser/';
const UNARY: { readonly [method: string]: string } = {
  Ping: 'PingRequest',
  GetLatestBlockhash: 'GetLatestBlockhashRequest',
  GetBlockHeight: 'GetBlockHeightRequest',
  GetSlot: 'GetSlotRequest',
  IsBlockhashValid: 'IsBlockhashValidRequest',
  GetVersion: 'GetVersionRequest',
  SubscribeReplayInfo: 'SubscribeReplayInfoRequest',
};
const ODD_PATHS = [
  '/geyser.Geyser/SubscribeDeshred',
  '/geyser.Geyser/SubscribeGossip',
  '/geyser.Geyser/',
  '/geyser.Geyser/__proto__',
  '/nothing.Here/At',
  '/grpc.health.v1.Health/Check',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/',
];
/** Over what the server takes of filters in one request. */
const TOO_MANY_FILTERS = 10_001;
const TOO_MANY_SLICES = 1_025;
const U64_MOST = '18446744073709551615';

export class GrpcMessages {
  readonly #root: protobuf.Root;

  constructor(root: protobuf.Root) {
    this.#root = root;
  }

  next(random: Seeded, around: Surroundings, index: number): Message {
    const draw = random.next();
    if (draw < 0.04) {
      const noise = randomBytes(random, random.between(0, 100));
      return made(index, random.pick(ODD_PATHS), 'end', [framed(random, noise)]);
    }
    if (draw < 0.6) return this.#unary(random, around, index);
    return this.#subscribe(random, around, index);
  }

  #unary(random: Seeded, around: Surroundings, index: number): Message {
    const method = random.pick(Object.keys(UNARY));
    const bytes = this.#encode(UNARY[method]!, {
      count: random.pick([0, 1, -1, 2 ** 31 - 1]),
      commitment: random.pick([0, 1, 2, 3, -1, 2 ** 31 - 1]),
      blockhash: random.chance(0.5) ? around.recentBlockhash() : hostileString(random),
    });
    const changed = random.chance(0.4) ? mutatedBytes(bytes, random) : bytes;
    const ending = random.chance(0.05) ? 'reset' : 'end';
    return made(index, SERVICE + method, ending, [framed(random, changed)]);
  }

  /** One to three requests on one stream, and a ping that shows that the last one was taken. */
  #subscribe(random: Seeded, around: Surroundings, index: number): Message {
    const requests = Array.from({ length: random.between(1, 3) }, () => {
      const bytes = this.#encode('SubscribeRequest', subscribeRequest(random, around));
      return framed(random, random.chance(0.3) ? mutatedBytes(bytes, random) : bytes);
    });
    requests.push(framed(undefined, this.#encode('SubscribeRequest', { ping: { id: 1 } })));
    const ending = random.chance(0.6) ? 'leaveOpen' : random.pick(['end', 'reset'] as const);
    return made(index, `${SERVICE}Subscribe`, ending, requests);
  }

  #encode(name: string, fields: { readonly [name: string]: unknown }): Buffer {
    const type = this.#root.lookupType(`geyser.${name}`);
    const known = Object.fromEntries(Object.entries(fields).filter(([field]) => field in type.fields));
    return Buffer.from(type.encode(type.fromObject(known)).finish());
  }
}

interface Framed {
  readonly bytes: Buffer;
  /** Its head promises other bytes than follow: the rest of the stream is read wrongly, or waited for. */
  readonly lies: boolean;
}

function made(
  index: number,
  path: string,
  ending: (typeof ENDINGS)[number],
  frames: readonly Framed[],
): Message {
  const lies = frames.some((frame) => frame.lies);
  const bytes = Buffer.concat([
    Buffer.from([ENDINGS.indexOf(ending)]),
    ...frames.map((frame) => frame.bytes),
  ]);
  const name = path.slice(path.lastIndexOf('/') + 1) || '/';
  return { index, kind: `${name}${lies ? ', lying' : ''}, ${ending}`, path, bytes, mayClose: lies };
}

/** Compressed flag, length, message; now and then the flag or the length lies. */
function framed(random: Seeded | undefined, message: Buffer): Framed {
  const flag = random?.chance(0.02) === true ? random.between(1, 255) : 0;
  const usual = message.length;
  const length = random?.chance(0.03) === true ? random.pick([0, usual + 7, 2 ** 31, 5_000_000]) : usual;
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length, 1);
  return { bytes: Buffer.concat([head, message]), lies: flag !== 0 || length !== usual };
}

function subscribeRequest(random: Seeded, around: Surroundings): { readonly [name: string]: unknown } {
  const address = () =>
    random.chance(0.7)
      ? random.pick([random.pick(around.pools).address, random.pick(around.wallets), around.signer.address])
      : hostileText(random);
  const addresses = () => Array.from({ length: random.between(0, 6) }, address);
  const maybe = <Value>(share: number, value: () => Value) => (random.chance(share) ? value() : undefined);
  const request = {
    accounts: maybe(0.4, () => ({
      [name(random)]: { account: addresses(), owner: addresses(), filters: accountFilters(random) },
    })),
    slots: maybe(0.3, () => ({
      [name(random)]: { filterByCommitment: random.chance(0.5), interslotUpdates: true },
    })),
    transactions: maybe(0.3, () => ({
      [name(random)]: {
        vote: random.chance(0.5),
        failed: random.chance(0.5),
        accountInclude: addresses(),
        accountExclude: addresses(),
        accountRequired: addresses(),
        ...(random.chance(0.2)
          ? { signature: random.chance(0.5) ? around.knownSignature() : hostileText(random) }
          : {}),
        ...(random.chance(0.2) ? { cuckooAccountInclude: cuckoo(random) } : {}),
      },
    })),
    blocks: maybe(0.1, () => ({
      [name(random)]: { accountInclude: addresses(), includeAccounts: random.chance(0.3) },
    })),
    blocksMeta: maybe(0.2, () => ({ [name(random)]: {} })),
    entry: maybe(0.1, () => ({ [name(random)]: {} })),
    commitment: maybe(0.5, () => random.pick([0, 1, 2, 3, -1, 99])),
    accountsDataSlice: maybe(0.2, () => slices(random)),
    fromSlot: maybe(0.05, () =>
      random.pick(['0', '1', String(Math.max(0, around.currentSlot() - 3)), U64_MOST]),
    ),
    ping: maybe(0.1, () => ({ id: random.between(-5, 2 ** 31 - 1) })),
    ...(random.chance(0.001) ? { slots: manyFilters() } : {}),
  };
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

function name(random: Seeded): string {
  return random.chance(0.7) ? 'f' : `${hostileText(random).slice(0, 140)}.`;
}

function accountFilters(random: Seeded): object[] {
  return Array.from({ length: random.between(0, 4) }, () => {
    const offset = random.pick(['0', '64', '1000', U64_MOST]);
    switch (random.between(0, 4)) {
      case 0:
        return { datasize: random.pick(['0', '165', U64_MOST]) };
      case 1:
        return { tokenAccountState: random.chance(0.5) };
      case 2:
        return { lamports: { [random.pick(['eq', 'ne', 'lt', 'gt'])]: random.pick(['0', U64_MOST]) } };
      case 3:
        return { memcmp: { offset, bytes: randomBytes(random, random.between(0, 140)) } };
      default:
        return {
          memcmp: { offset, [random.pick(['base58', 'base64'])]: hostileText(random) },
        };
    }
  });
}

function cuckoo(random: Seeded): object {
  return {
    data: randomBytes(random, random.between(0, 80)),
    bucketCount: random.pick([0, 1, 3, 16, 2 ** 32 - 1]),
    entriesPerBucket: random.pick([0, 1, 4, 255]),
    fingerprintBits: random.pick([0, 1, 8, 12, 32, 255]),
    hashSeed: U64_MOST,
    hashAlgorithm: random.pick([0, 1, 7]),
  };
}

function slices(random: Seeded): object[] {
  const count = random.chance(0.02) ? TOO_MANY_SLICES : random.between(1, 4);
  return Array.from({ length: count }, (_, at) => ({
    offset: String(at * 8),
    length: random.pick(['0', '1', '8', U64_MOST]),
  }));
}

function manyFilters(): object {
  return Object.fromEntries(Array.from({ length: TOO_MANY_FILTERS }, (_, at) => [`f${at}`, {}]));
}
