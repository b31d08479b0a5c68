import { status } from '@grpc/grpc-js';
import type { SubscribeRequest } from '@triton-one/yellowstone-grpc';
import { expect, test } from 'vitest';
import type { FilterLimits } from '../../localnet/geyser/filter-limits.js';
import {
  accountsFilter,
  address,
  blocksFilter,
  grpcClient,
  serve,
  signatureOf,
  subscribe,
  TestStream,
  transactionsFilter,
} from './geyser-harness.js';

async function refusal(fields: Partial<SubscribeRequest>, limits: Partial<FilterLimits> = {}) {
  const { port } = await serve({ limits });
  const stream = new TestStream(grpcClient(port));
  stream.send(fields);
  return stream.ended;
}

function failed(reason: string) {
  return { code: status.INVALID_ARGUMENT, details: `failed to create filter: ${reason}` };
}

const accounts = (fields: Parameters<typeof accountsFilter>[0]) => ({
  accounts: { f: accountsFilter(fields) },
});
const filters = (...list: object[]) => accounts({ filters: list as never });
const memcmp = (fields: object) => filters({ memcmp: { offset: '0', ...fields } });

const cases: [string, Partial<SubscribeRequest>, string][] = [
  ['an address too short', accounts({ account: ['abc'] }), 'String is the wrong size'],
  ['an address too long', accounts({ owner: ['1'.repeat(45)] }), 'String is the wrong size'],
  ['an address outside base58', accounts({ account: ['0OIl'] }), 'Invalid Base58 string'],
  ['33 bytes', accounts({ account: [`1${address('alice')}`] }), 'String is the wrong size'],
  ['five filters', filters(...Array(5).fill({ lamports: { eq: '1' } })), 'Too many filters provided; max 4'],
  ['two datasizes', filters({ datasize: '1' }, { datasize: '1' }), 'datasize used more than once'],
  ['an empty filter', filters({}), 'filter should be defined'],
  [
    'token_account_state false',
    filters({ tokenAccountState: false }),
    'token_account_state only allowed to be true',
  ],
  ['lamports without comparison', filters({ lamports: {} }), 'cmp for lamports should be defined'],
  ['memcmp without data', memcmp({}), 'data for memcmp should be defined'],
  ['129 bytes', memcmp({ bytes: new Uint8Array(129) }), 'data too large'],
  ['176 base58 characters', memcmp({ base58: '1'.repeat(176) }), 'data too large'],
  ['173 base64 characters', memcmp({ base64: 'A'.repeat(173) }), 'data too large'],
  ['bad base58', memcmp({ base58: '0' }), 'invalid base58'],
  ['bad base64', memcmp({ base64: 'A' }), 'invalid base64'],
  [
    'a name of 129 bytes',
    { slots: { [`${'x'.repeat(127)}é`]: {} } },
    'oversized filter name (max allowed size 128), found 129',
  ],
  [
    'a short signature',
    { transactions: { f: transactionsFilter({ signature: 'abc' }) } },
    'string decoded to wrong size for signature',
  ],
  [
    'a bad signature',
    { transactionsStatus: { f: transactionsFilter({ signature: '0' }) } },
    'failed to decode string to signature',
  ],
  [
    'an unknown token_accounts mode',
    { transactions: { f: transactionsFilter({ tokenAccounts: 7 as never }) } },
    'invalid token_accounts mode value 7; expected ALL (0) or BALANCE_CHANGED (1)',
  ],
  ['an unknown commitment', { commitment: 3 as never }, 'failed to create CommitmentLevel from 3'],
  [
    'slices out of order',
    {
      accountsDataSlice: [
        { offset: '5', length: '1' },
        { offset: '0', length: '1' },
      ],
    },
    'failed to create filter: data slices out of order',
  ],
  [
    'overlapping slices',
    {
      accountsDataSlice: [
        { offset: '0', length: '6' },
        { offset: '5', length: '1' },
      ],
    },
    'failed to create filter: data slices overlapped',
  ],
];

test.each(cases)('%s ends the stream with the real text', async (_name, fields, reason) => {
  expect(await refusal(fields)).toEqual(failed(reason));
});

test.each([
  [
    'filters',
    { filtersMax: 0 },
    { slots: { f: {} } },
    'Max amount of filters/data_slices reached, only 0 allowed',
  ],
  [
    'addresses',
    { addressesMax: 1 },
    accounts({ account: [address('alice'), address('bob')] }),
    'Max amount of Pubkeys reached, only 1 allowed',
  ],
  [
    'everything',
    { any: false },
    { transactions: { f: transactionsFilter() } },
    'Subscribe on full stream with `any` is not allowed, at least one filter required',
  ],
  [
    'an address',
    { rejectedAddresses: new Set([address('alice')]) },
    accounts({ owner: [address('alice')] }),
    `Pubkey ${address('alice')} in filters is not allowed`,
  ],
  [
    'accounts of blocks',
    { blockAccounts: false },
    { blocks: { f: blocksFilter({ includeAccounts: true }) } },
    '`include_accounts` is not allowed',
  ],
] as const)('an operator can forbid %s', async (_name, limits, fields, reason) => {
  expect(await refusal(fields, limits as Partial<FilterLimits>)).toEqual(failed(reason));
});

test('the edges themselves are accepted', async () => {
  const { port } = await serve();
  const stream = await subscribe(port, {
    ...memcmp({ bytes: new Uint8Array(128) }),
    slots: { ['x'.repeat(128)]: {} },
    transactions: { f: transactionsFilter({ signature: signatureOf('t') }) },
    accountsDataSlice: [
      { offset: '0', length: '5' },
      { offset: '5', length: '0' },
      { offset: '5', length: '1' },
    ],
  });
  expect(await stream.updates()).toEqual([]);
});
