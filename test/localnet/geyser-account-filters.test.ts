import {
  CompressedAccountFilterSet,
  type SubscribeRequestFilterAccounts,
} from '@triton-one/yellowstone-grpc';
import { expect, test } from 'vitest';
import { accountsFilter, address, serve, subscribe, summary, TOKEN_PROGRAM } from './geyser-harness.js';

async function matching(
  filter: Partial<SubscribeRequestFilterAccounts>,
  act: (feed: Awaited<ReturnType<typeof serve>>['feed']) => void,
): Promise<string[]> {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { accounts: { f: accountsFilter(filter) } });
  act(feed);
  return (await stream.updates()).map(summary);
}

test('an empty filter matches every account', async () => {
  const seen = await matching({}, (feed) => feed.accounts(1, [feed.write('alice'), feed.write('bob')]));
  expect(seen).toEqual(['account alice v1 in 1', 'account bob v2 in 1']);
});

test('addresses and owners must both fit', async () => {
  const filter = { account: [address('alice'), address('bob')], owner: [TOKEN_PROGRAM] };
  const seen = await matching(filter, (feed) =>
    feed.accounts(1, [
      feed.write('alice'),
      feed.write('bob', { owner: TOKEN_PROGRAM }),
      feed.write('carol', { owner: TOKEN_PROGRAM }),
    ]),
  );
  expect(seen).toEqual(['account bob v2 in 1']);
});

test('an owner alone matches all of its accounts', async () => {
  const seen = await matching({ owner: [TOKEN_PROGRAM] }, (feed) =>
    feed.accounts(1, [feed.write('alice'), feed.write('bob', { owner: TOKEN_PROGRAM })]),
  );
  expect(seen).toEqual(['account bob v2 in 1']);
});

test('nonempty_txn_signature tells writes of transactions from others', async () => {
  const act = (feed: Awaited<ReturnType<typeof serve>>['feed']) => {
    feed.accounts(1, [feed.write('alice')]);
    feed.transaction(1, 't', ['bob', 'pool'], [feed.write('bob')]);
  };
  expect(await matching({ nonemptyTxnSignature: true }, act)).toEqual(['account bob v2 in 1']);
  expect(await matching({ nonemptyTxnSignature: false }, act)).toEqual(['account alice v1 in 1']);
});

test('memcmp compares bytes at an offset, given in any of the three forms', async () => {
  const data = Buffer.from('....abcd');
  const act = (feed: Awaited<ReturnType<typeof serve>>['feed']) =>
    feed.accounts(1, [feed.write('alice', { data }), feed.write('bob', { data: Buffer.from('....abc') })]);
  const forms = [{ bytes: Buffer.from('abcd') }, { base58: '3VNr6P' }, { base64: 'YWJjZA==' }];
  for (const form of forms) {
    expect(await matching({ filters: [{ memcmp: { offset: '4', ...form } }] }, act)).toEqual([
      'account alice v1 in 1',
    ]);
  }
  expect(await matching({ filters: [{ memcmp: { offset: '5', bytes: Buffer.from('abcd') } }] }, act)).toEqual(
    [],
  );
  const beyond = { memcmp: { offset: '18446744073709551615', bytes: Buffer.from('a') } };
  expect(await matching({ filters: [beyond] }, act)).toEqual([]);
});

test('all filters of a list must hold', async () => {
  const filters = [
    { datasize: '3' },
    { lamports: { gt: '9' } },
    { lamports: { lt: '20' } },
    { lamports: { ne: '11' } },
  ];
  const data = new Uint8Array(3);
  const seen = await matching({ filters }, (feed) =>
    feed.accounts(1, [
      feed.write('alice', { data, lamports: 10n }),
      feed.write('bob', { data, lamports: 9n }),
      feed.write('carol', { data, lamports: 20n }),
      feed.write('pool', { data, lamports: 11n }),
      feed.write('vault', { lamports: 10n }),
    ]),
  );
  expect(seen).toEqual(['account alice v1 in 1']);
});

test('token_account_state knows token accounts of both programs', async () => {
  const classic = new Uint8Array(165);
  classic[108] = 1;
  const extended = new Uint8Array(170);
  extended[108] = 1;
  extended[165] = 2;
  const mint = new Uint8Array(170);
  mint[108] = 1;
  mint[165] = 1;
  const seen = await matching({ filters: [{ tokenAccountState: true }] }, (feed) =>
    feed.accounts(1, [
      feed.write('alice', { data: classic }),
      feed.write('bob', { data: extended }),
      feed.write('mint', { data: mint }),
      feed.write('carol', { data: new Uint8Array(165) }),
    ]),
  );
  expect(seen).toEqual(['account alice v1 in 1', 'account bob v2 in 1']);
});

test('a cuckoo filter made by the official package contains what was put in', async () => {
  const set = new CompressedAccountFilterSet(1_000);
  for (let index = 0; index < 500; index++) set.insert(address(`member ${index}`));
  const { feed, port } = await serve();
  const stream = await subscribe(port, { accounts: { cuckoo: set.toAccountFilter() } });
  for (let index = 0; index < 500; index++) feed.accounts(1, [feed.write(`member ${index}`)]);
  for (let index = 0; index < 500; index++) feed.accounts(2, [feed.write(`stranger ${index}`)]);
  const updates = await stream.updates();
  expect(updates.filter(({ account }) => account?.slot === '1')).toHaveLength(500);
  // Fingerprints have 16 bits in 2 buckets of 4: a stranger passes once in some eight thousand.
  expect(updates.filter(({ account }) => account?.slot === '2').length).toBeLessThan(3);
});

test('an address list and a cuckoo filter are joined by or', async () => {
  const set = new CompressedAccountFilterSet(10);
  set.insert(address('alice'));
  const filter = { ...set.toAccountFilter(), account: [address('bob')] };
  const seen = await matching(filter, (feed) =>
    feed.accounts(1, [feed.write('alice'), feed.write('bob'), feed.write('carol')]),
  );
  expect(seen).toEqual(['account alice v1 in 1', 'account bob v2 in 1']);
});

test('one update carries every name that matched', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, {
    accounts: {
      all: accountsFilter(),
      owned: accountsFilter({ owner: [TOKEN_PROGRAM] }),
      listed: accountsFilter({ account: [address('alice')] }),
      other: accountsFilter({ account: [address('bob')] }),
    },
  });
  feed.accounts(1, [feed.write('alice', { owner: TOKEN_PROGRAM }), feed.write('carol')]);
  const names = (await stream.updates()).map(({ filters }) => [...filters].sort());
  expect(names).toEqual([['all', 'listed', 'owned'], ['all']]);
});

test('matching by address does not slow down with the number of subscribed addresses', async () => {
  const { feed, port } = await serve();
  const accounts = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, index) => [
      `f${index}`,
      accountsFilter({ account: [address(`a${index}`)] }),
    ]),
  );
  const stream = await subscribe(port, { accounts });
  for (let index = 0; index < 5_000; index++) feed.accounts(1, [feed.write(`a${index}`)]);
  const updates = await stream.updates();
  expect(updates.map(({ filters }) => filters)).toEqual(Object.keys(accounts).map((name) => [name]));
});

test('every field of an account arrives, and the signature only where a transaction wrote', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { accounts: { f: accountsFilter() } });
  const write = feed.write('pool', {
    lamports: 2n ** 63n,
    owner: TOKEN_PROGRAM,
    executable: true,
    data: Buffer.from('abc'),
  });
  const { wire } = feed.transaction(300, 't', ['alice', 'pool'], [write]);
  feed.accounts(301, [feed.write('bob', { lamports: 0n, rentEpoch: 0n })]);
  const [first, second] = await stream.updates();
  const { account, slot, isStartup } = first!.account!;
  expect({ slot, isStartup }).toEqual({ slot: '300', isStartup: false });
  expect(account).toMatchObject({ lamports: '9223372036854775808', executable: true, writeVersion: '1' });
  expect(account!.rentEpoch).toBe('18446744073709551615');
  expect(Buffer.from(account!.data).toString()).toBe('abc');
  expect(Buffer.from(account!.txnSignature!)).toEqual(Buffer.from(wire.subarray(1, 65)));
  expect(first!.createdAt?.getTime()).toBe(1_700_000_000_123);
  expect(second!.account!.account).toMatchObject({ lamports: '0', rentEpoch: '0', txnSignature: undefined });
});

test('data slices cut what is sent, not what is matched; one beyond the data is dropped whole', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, {
    accounts: { f: accountsFilter({ filters: [{ datasize: '10' }] }) },
    accountsDataSlice: [
      { offset: '0', length: '2' },
      { offset: '4', length: '3' },
      { offset: '8', length: '3' },
    ],
  });
  feed.accounts(1, [feed.write('alice', { data: Buffer.from('0123456789') })]);
  const [update] = await stream.updates();
  expect(Buffer.from(update!.account!.account!.data).toString()).toBe('01456');
});
