import { base58 } from '@scure/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '../../localnet/engine/well-known.js';
import { post, startTestCluster, type TestCluster } from './rpc-cluster.js';

const SOL = 'So11111111111111111111111111111111111111112';
const SYSTEM = '11111111111111111111111111111111';
const processed = { commitment: 'processed' };

interface InContext<Value> {
  readonly context: { readonly slot: number };
  readonly value: Value;
}
interface UiAccount {
  readonly data: unknown;
  readonly lamports: number;
  readonly owner: string;
  readonly space: number;
}

let cluster: TestCluster;
let wallet: string;
let mint: string;
beforeAll(async () => {
  cluster = await startTestCluster();
  wallet = cluster.genesis.wallets[0]!.address;
  mint = cluster.genesis.mints.find(({ decimals }) => decimals === 6)!.address;
  await cluster.step(40);
});
afterAll(() => cluster.close());

describe('accounts', () => {
  it('rentEpoch is a bare integer of 64 bits', async () => {
    const body = `{"jsonrpc":"2.0","id":1,"method":"getAccountInfo","params":["${wallet}"]}`;
    const text = await (await post(cluster.url, body)).text();
    expect(text).toContain('"rentEpoch":18446744073709551615,');
  });

  it('one that does not exist is null, its balance 0', async () => {
    const nobody = SYSTEM.replace(/1$/, '2');
    expect((await cluster.call<InContext<null>>('getAccountInfo', nobody)).result?.value).toBeNull();
    expect((await cluster.call<InContext<number>>('getBalance', nobody)).result?.value).toBe(0);
  });

  it('data comes in the asked encoding, sliced before it is encoded', async () => {
    const read = async (options: object) =>
      (await cluster.call<InContext<UiAccount>>('getAccountInfo', mint, options)).result?.value.data;
    const [base64, name] = (await read({ encoding: 'base64' })) as [string, string];
    expect([Buffer.from(base64, 'base64').length, name]).toEqual([82, 'base64']);
    const slice = Buffer.from(base64, 'base64').subarray(44, 46).toString('base64');
    expect(await read({ encoding: 'base64', dataSlice: { offset: 44, length: 2 } })).toEqual([
      slice,
      'base64',
    ]);
    expect(await read({ encoding: 'base64', dataSlice: { offset: 90, length: 2 } })).toEqual(['', 'base64']);
    expect(await read({ encoding: 'base58', dataSlice: { offset: 44, length: 2 } })).toEqual([
      base58.encode(Buffer.from(slice, 'base64')),
      'base58',
    ]);
    expect(typeof (await read({}))).toBe('string');
  });

  it('base58 of more than 128 bytes is refused, 128 are given', async () => {
    const token = await tokenAddress();
    const at = (length: number) =>
      cluster.call('getAccountInfo', token, { encoding: 'base58', dataSlice: { offset: 0, length } });
    expect((await at(128)).error).toBeUndefined();
    expect((await at(129)).error).toEqual({
      code: -32600,
      message: 'Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.',
    });
  });

  it('an unknown encoding and the unsupported one are named', async () => {
    const error = async (encoding: string) =>
      (await cluster.call('getAccountInfo', mint, { encoding })).error;
    expect(await error('hex')).toMatchObject({
      code: -32602,
      message: expect.stringContaining('unknown variant `hex`'),
    });
    expect(await error('base64+zstd')).toMatchObject({
      code: -32602,
      message: expect.stringContaining('base64+zstd'),
    });
  });

  it('getMultipleAccounts keeps the order and takes 100 addresses', async () => {
    const body = await cluster.call<InContext<(UiAccount | null)[]>>('getMultipleAccounts', [
      wallet,
      SYSTEM.replace(/1$/, '2'),
      mint,
    ]);
    expect(body.result?.value.map((account) => account?.owner)).toEqual([SYSTEM, undefined, TOKEN_PROGRAM]);
    const many = (count: number) => cluster.call('getMultipleAccounts', Array(count).fill(wallet));
    expect((await many(100)).error).toBeUndefined();
    expect((await many(101)).error).toMatchObject({ message: 'Too many inputs provided; max 100' });
  });

  it('rent-exempt minimum is the real one, and data is at most 10 MiB', async () => {
    expect((await cluster.call('getMinimumBalanceForRentExemption', 165)).result).toBe(2_039_280);
    const tooLong = await cluster.call('getMinimumBalanceForRentExemption', 10 * 1024 * 1024 + 1);
    expect(tooLong.error?.code).toBe(-32600);
  });
});

describe('getProgramAccounts', () => {
  const keyed = async (options: object) => {
    const body = await cluster.call<{ pubkey: string }[]>('getProgramAccounts', TOKEN_PROGRAM, options);
    return body.result?.map(({ pubkey }) => pubkey).sort();
  };

  it('filters by size and by bytes in either encoding', async () => {
    const mints = cluster.genesis.mints.filter(({ tokenProgram }) => tokenProgram === TOKEN_PROGRAM);
    expect(await keyed({ encoding: 'base64', filters: [{ dataSize: 82 }] })).toEqual(
      expect.arrayContaining(mints.map(({ address }) => address)),
    );
    const owned = { offset: 32, bytes: wallet };
    const byOwner = await keyed({ encoding: 'base64', filters: [{ dataSize: 165 }, { memcmp: owned }] });
    expect(byOwner?.length).toBeGreaterThan(0);
    const base64 = Buffer.from(base58.decode(wallet)).toString('base64');
    const memcmp = { offset: 32, bytes: base64, encoding: 'base64' };
    expect(await keyed({ encoding: 'base64', filters: ['tokenAccountState', { memcmp }] })).toEqual(byOwner);
    const beyond = { offset: 160, bytes: wallet };
    expect(await keyed({ encoding: 'base64', filters: [{ memcmp: beyond }] })).toEqual([]);
  });

  it('wraps the answer in its context when asked', async () => {
    const body = await cluster.call('getProgramAccounts', TOKEN_PROGRAM, {
      encoding: 'base64',
      withContext: true,
      filters: [{ dataSize: 1 }],
    });
    expect(body.result).toMatchObject({ context: { slot: expect.any(Number) }, value: [] });
  });

  it.each([
    [Array(5).fill({ dataSize: 1 }), 'Too many filters provided; max 4'],
    [[{ memcmp: { offset: 0, bytes: '1'.repeat(129) } }], 'Invalid param: DataTooLarge'],
    [
      [{ memcmp: { offset: 0, bytes: 'aI' } }],
      "Invalid param: Base58DecodeError(InvalidCharacter { character: 'I', index: 1 })",
    ],
    [
      [{ memcmp: { offset: 0, bytes: 'a!', encoding: 'base64' } }],
      'Invalid param: Base64DecodeError(InvalidByte(1, 33))',
    ],
  ])('refuses %j', async (filters, message) => {
    const body = await cluster.call('getProgramAccounts', TOKEN_PROGRAM, { filters });
    expect(body.error).toMatchObject({ code: -32602, message });
  });
});

describe('tokens', () => {
  it('jsonParsed shows mints and token accounts, the rest as base64', async () => {
    const parsed = async (address: string) =>
      (await cluster.call<InContext<UiAccount>>('getAccountInfo', address, { encoding: 'jsonParsed' })).result
        ?.value.data;
    expect(await parsed(mint)).toMatchObject({
      program: 'spl-token',
      space: 82,
      parsed: { type: 'mint', info: { decimals: 6, isInitialized: true, supply: expect.any(String) } },
    });
    expect(await parsed(await tokenAddress())).toMatchObject({
      program: 'spl-token',
      parsed: { type: 'account', info: { mint, owner: wallet, state: 'initialized', isNative: false } },
    });
    expect(await parsed(wallet)).toEqual(['', 'base64']);
  });

  it('shows the transfer fee of a Token-2022 mint', async () => {
    const taxed = cluster.genesis.mints.find(({ tokenProgram }) => tokenProgram === TOKEN_2022_PROGRAM)!;
    const body = await cluster.call('getAccountInfo', taxed.address, { encoding: 'jsonParsed' });
    expect(body.result).toMatchObject({
      value: {
        data: {
          program: 'spl-token-2022',
          parsed: {
            type: 'mint',
            info: {
              extensions: expect.arrayContaining([
                expect.objectContaining({
                  extension: 'transferFeeConfig',
                  state: expect.objectContaining({
                    newerTransferFee: expect.objectContaining({
                      transferFeeBasisPoints: taxed.transferFeeBps,
                    }),
                  }),
                }),
              ]),
            },
          },
        },
      },
    });
  });

  it('balance, supply and largest holders agree', async () => {
    const token = await tokenAddress();
    const balance = (await cluster.call<InContext<{ amount: string }>>('getTokenAccountBalance', token))
      .result;
    expect(balance?.value).toMatchObject({ decimals: 6, uiAmountString: expect.any(String) });
    const holders = (
      await cluster.call<InContext<{ address: string; amount: string }[]>>('getTokenLargestAccounts', mint)
    ).result?.value;
    expect(holders?.find(({ address }) => address === token)?.amount).toBe(balance?.value.amount);
    const amounts = holders?.map(({ amount }) => BigInt(amount)) ?? [];
    expect(amounts).toEqual(amounts.toSorted((a, b) => (a < b ? 1 : -1)));
    const supply = (await cluster.call<InContext<{ amount: string }>>('getTokenSupply', mint)).result;
    expect(BigInt(supply!.value.amount)).toBeGreaterThanOrEqual(amounts[0]!);
  });

  it.each([
    ['getTokenAccountBalance', [SYSTEM.replace(/1$/, '2')], 'Invalid param: could not find account'],
    ['getTokenAccountBalance', ['WALLET'], 'Invalid param: not a Token account'],
    ['getTokenSupply', ['WALLET'], 'Invalid param: not a Token mint'],
    ['getTokenLargestAccounts', ['WALLET'], 'Invalid param: Token mint could not be unpacked'],
    [
      'getTokenAccountsByOwner',
      ['WALLET', { mint: SYSTEM.replace(/1$/, '2') }],
      'Invalid param: could not find mint',
    ],
    [
      'getTokenAccountsByOwner',
      ['WALLET', { programId: SYSTEM }],
      'Invalid param: unrecognized Token program id',
    ],
  ])('%s %j: %s', async (method, params, message) => {
    const body = await cluster.call(method, ...params.map((param) => (param === 'WALLET' ? wallet : param)));
    expect(body.error).toMatchObject({ code: -32602, message });
  });

  it('accounts of a wallet come by mint and by program', async () => {
    const owned = async (filter: object) =>
      (
        await cluster.call<InContext<{ pubkey: string }[]>>('getTokenAccountsByOwner', wallet, filter, {
          encoding: 'base64',
        })
      ).result?.value.map(({ pubkey }) => pubkey);
    expect(await owned({ mint })).toEqual([await tokenAddress()]);
    expect(await owned({ programId: TOKEN_PROGRAM })).toContain(await tokenAddress());
    expect(await owned({ programId: TOKEN_2022_PROGRAM })).not.toContain(await tokenAddress());
    expect(await owned({ mint: SOL })).toHaveLength(1);
  });
});

describe('the cluster', () => {
  it('slots, heights and hashes agree with each other at each commitment', async () => {
    const at = async (commitment: string) => {
      const slot = (await cluster.call<number>('getSlot', { commitment })).result!;
      const latest = await cluster.call<InContext<{ blockhash: string; lastValidBlockHeight: number }>>(
        'getLatestBlockhash',
        { commitment },
      );
      const height = (await cluster.call<number>('getBlockHeight', { commitment })).result!;
      expect(latest.result?.context.slot).toBe(slot);
      expect(latest.result?.value.lastValidBlockHeight).toBe(height + 150);
      return { slot, blockhash: latest.result!.value.blockhash };
    };
    const [head, confirmed, rooted] = [await at('processed'), await at('confirmed'), await at('finalized')];
    expect(head.slot).toBe(confirmed.slot + 2);
    expect(head.slot).toBe(rooted.slot + 32);
    const valid = async (blockhash: string, commitment: string) =>
      (await cluster.call<InContext<boolean>>('isBlockhashValid', blockhash, { commitment })).result?.value;
    expect(await valid(head.blockhash, 'processed')).toBe(true);
    expect(await valid(head.blockhash, 'confirmed')).toBe(false);
    expect(await valid(rooted.blockhash, 'processed')).toBe(true);
  });

  it('leaders follow the schedule', async () => {
    const leaders = (await cluster.call<string[]>('getSlotLeaders', 8, 16)).result!;
    const schedule = (await cluster.call<Record<string, number[]>>('getLeaderSchedule')).result!;
    for (const [index, leader] of leaders.entries()) expect(schedule[leader]).toContain(8 + index);
    expect(Object.values(schedule).flat()).toHaveLength(432);
    const [identity] = leaders;
    const own = (await cluster.call<object>('getLeaderSchedule', null, { identity })).result!;
    expect(Object.keys(own)).toEqual([identity]);
    expect((await cluster.call('getLeaderSchedule', 432 * 3)).result).toBeNull();
    const { slot } = (await cluster.call<InContext<null>>('getBalance', wallet)).result!.context;
    expect((await cluster.call('getSlotLeader')).result).toBe(
      (await cluster.call<string[]>('getSlotLeaders', slot, 1)).result?.[0],
    );
  });

  it('nodes, votes, epoch and supply have their members', async () => {
    const validators = cluster.genesis.validators.map(({ identity }) => identity);
    const nodes = (await cluster.call<{ pubkey: string; rpc: string | null }[]>('getClusterNodes')).result!;
    expect(nodes.map(({ pubkey }) => pubkey)).toEqual(validators);
    expect(nodes[0]?.rpc).toBe(new URL(cluster.url).host);
    const votes = (await cluster.call<{ current: { nodePubkey: string }[] }>('getVoteAccounts')).result!;
    expect(votes.current.map(({ nodePubkey }) => nodePubkey)).toEqual(validators);
    expect((await cluster.call('getEpochInfo', processed)).result).toMatchObject({
      epoch: 0,
      slotsInEpoch: 432,
    });
    expect((await cluster.call('getIdentity')).result).toEqual({ identity: validators[0] });
    expect((await cluster.call('getSupply')).result).toMatchObject({ value: { nonCirculating: 0 } });
  });
});

it('met no fault of its own', () => {
  expect(cluster.faults).toEqual([]);
});

async function tokenAddress(): Promise<string> {
  const body = await cluster.call<InContext<{ pubkey: string }[]>>(
    'getTokenAccountsByOwner',
    wallet,
    { mint },
    { encoding: 'base64' },
  );
  return body.result!.value[0]!.pubkey;
}
