import { base58 } from '@scure/base';
import {
  CompressedAccountFilterSet,
  type SubscribeRequestFilterTransactions,
  TokenAccountExpansionControlFlag,
  txEncode,
  txErrDecode,
} from '@triton-one/yellowstone-grpc';
import { expect, test } from 'vitest';
import {
  encodeTransactionError,
  INSTRUCTION_ERRORS,
  TRANSACTION_ERRORS,
} from '../../localnet/engine/transaction-error.js';
import {
  address,
  serve,
  signatureOf,
  subscribe,
  summary,
  TOKEN_PROGRAM,
  transactionsFilter,
} from './geyser-harness.js';

type Feed = Awaited<ReturnType<typeof serve>>['feed'];

async function matching(filter: Partial<SubscribeRequestFilterTransactions>, act: (feed: Feed) => void) {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { transactions: { f: transactionsFilter(filter) } });
  act(feed);
  return (await stream.updates()).map(({ transaction }) =>
    base58.encode(transaction!.transaction!.signature),
  );
}

const signatures = (...names: string[]) => names.map(signatureOf);

function three(feed: Feed): void {
  feed.transaction(1, 'ab', ['alice', 'bob']);
  feed.transaction(1, 'ac', ['alice', 'carol'], [], { err: 'AccountInUse' });
  feed.transaction(1, 'bc', ['bob', 'carol'], [], { isVote: true });
}

test('include wants any, required all, exclude none of its addresses', async () => {
  const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(address) as [string, string, string];
  expect(await matching({}, three)).toEqual(signatures('ab', 'ac', 'bc'));
  expect(await matching({ accountInclude: [bob, carol] }, three)).toEqual(signatures('ab', 'ac', 'bc'));
  expect(await matching({ accountInclude: [alice] }, three)).toEqual(signatures('ab', 'ac'));
  expect(await matching({ accountRequired: [bob, carol] }, three)).toEqual(signatures('bc'));
  expect(await matching({ accountExclude: [carol] }, three)).toEqual(signatures('ab'));
  expect(await matching({ accountInclude: [alice], accountExclude: [carol] }, three)).toEqual(
    signatures('ab'),
  );
});

test('vote, failed and signature narrow down', async () => {
  expect(await matching({ vote: true }, three)).toEqual(signatures('bc'));
  expect(await matching({ vote: false, failed: false }, three)).toEqual(signatures('ab'));
  expect(await matching({ failed: true }, three)).toEqual(signatures('ac'));
  expect(await matching({ signature: signatureOf('bc') }, three)).toEqual(signatures('bc'));
  expect(await matching({ signature: signatureOf('bc'), failed: true }, three)).toEqual([]);
});

test('keys from lookup tables count', async () => {
  const act = (feed: Feed) =>
    feed.transaction(1, 'v0', ['alice'], [], {
      accountKeys: ['alice', 'pool', 'vault'].map(address),
      loadedWritable: [address('pool')],
      loadedReadonly: [address('vault')],
    });
  expect(await matching({ accountInclude: [address('vault')] }, act)).toEqual(signatures('v0'));
});

test('a cuckoo filter of addresses stands beside the include list', async () => {
  const set = new CompressedAccountFilterSet(10);
  set.insert(address('alice'));
  expect(await matching(set.toTransactionFilter(), three)).toEqual(signatures('ab', 'ac'));
  const both = { ...set.toTransactionFilter(), accountInclude: [address('bob')] };
  expect(await matching(both, three)).toEqual(signatures('ab', 'ac', 'bc'));
});

test('token_accounts widens the keys by owners of token balances', async () => {
  const balance = (accountIndex: number, owner: string, amount: bigint) => ({
    accountIndex,
    mint: address('mint'),
    owner: address(owner),
    programId: TOKEN_PROGRAM,
    amount,
    decimals: 6,
  });
  const act = (feed: Feed) =>
    feed.transaction(1, 't', ['pool', 'vault'], [], {
      preTokenBalances: [balance(0, 'alice', 5n), balance(1, 'bob', 7n), balance(2, 'carol', 7n)],
      postTokenBalances: [balance(0, 'alice', 5n), balance(1, 'bob', 8n)],
    });
  const owned = (owner: string, tokenAccounts: TokenAccountExpansionControlFlag) =>
    matching({ accountInclude: [address(owner)], tokenAccounts }, act);
  const { ALL, BALANCE_CHANGED } = TokenAccountExpansionControlFlag;
  expect(await matching({ accountInclude: [address('alice')] }, act)).toEqual([]);
  expect(await owned('alice', ALL)).toEqual(signatures('t'));
  expect(await owned('alice', BALANCE_CHANGED)).toEqual([]);
  expect(await owned('bob', BALANCE_CHANGED)).toEqual(signatures('t'));
  expect(await owned('carol', BALANCE_CHANGED)).toEqual(signatures('t'));
});

test('a transaction and its status come separately, each with its own names', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, {
    transactions: { full: transactionsFilter(), failed: transactionsFilter({ failed: true }) },
    transactionsStatus: { brief: transactionsFilter() },
  });
  feed.transaction(9, 't', ['alice', 'bob'], [], {
    index: 4,
    err: { InstructionError: [1, { Custom: 6005 }] },
  });
  const [full, brief] = await stream.updates();
  expect([...full!.filters].sort()).toEqual(['failed', 'full']);
  expect(brief!.filters).toEqual(['brief']);
  expect(brief!.transactionStatus).toMatchObject({ slot: '9', index: '4', isVote: false });
  expect(txErrDecode.decode(brief!.transactionStatus!.err!.err)).toEqual({
    InstructionError: [1, { Custom: 6005 }],
  });
});

test('the official package reads the whole transaction', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { transactions: { f: transactionsFilter() } });
  const balance = {
    accountIndex: 1,
    mint: address('mint'),
    owner: address('bob'),
    programId: TOKEN_PROGRAM,
    decimals: 6,
  };
  feed.transaction(9, 't', ['alice', 'bob'], [], {
    innerInstructions: [
      {
        index: 0,
        instructions: [
          { programIdIndex: 1, accounts: Uint8Array.of(0), data: Uint8Array.of(5), stackHeight: 2 },
        ],
      },
    ],
    preTokenBalances: [{ ...balance, amount: 1_500_000n }],
    postTokenBalances: [{ ...balance, amount: 0n }],
    returnData: { programId: address('bob'), data: Uint8Array.of(1, 2) },
  });
  const [update] = await stream.updates();
  const info = update!.transaction!.transaction!;
  const encoded = txEncode.encode(info, txEncode.encoding.Json, 255, false) as unknown as {
    transaction: { signatures: string[]; message: { accountKeys: string[]; instructions: object[] } };
    meta: Record<string, unknown>;
  };
  expect(encoded.transaction.signatures).toEqual([signatureOf('t')]);
  expect(encoded.transaction.message.accountKeys).toEqual([address('alice'), address('bob')]);
  expect(encoded.transaction.message.instructions).toMatchObject([{ programIdIndex: 1, accounts: [0, 1] }]);
  expect(encoded.meta).toMatchObject({
    err: null,
    fee: 5_000,
    preBalances: [2 ** 60, 0],
    postBalances: [1, 2],
    logMessages: ['Program log: hello'],
    computeUnitsConsumed: 150,
    innerInstructions: [{ index: 0, instructions: [{ programIdIndex: 1, accounts: [0], stackHeight: 2 }] }],
    preTokenBalances: [
      { uiTokenAmount: { uiAmountString: '1.5', amount: '1500000', decimals: 6, uiAmount: 1.5 } },
    ],
    postTokenBalances: [{ uiTokenAmount: { uiAmountString: '0', amount: '0' } }],
    returnData: { programId: address('bob') },
  });
});

test('every transaction error is the bincode that the official package reads', () => {
  const indexed = { account_index: 3 };
  for (const name of TRANSACTION_ERRORS) {
    const carried: Record<string, unknown> = {
      InstructionError: [2, 'Immutable'],
      DuplicateInstruction: 3,
      InsufficientFundsForRent: indexed,
      ProgramExecutionTemporarilyRestricted: indexed,
    };
    const error = name in carried ? { [name]: carried[name] } : name;
    expect(txErrDecode.decode(encodeTransactionError(error))).toEqual(error);
  }
  for (const name of INSTRUCTION_ERRORS) {
    const cause = name === 'Custom' ? { Custom: 4_294_967_295 } : name;
    const error = { InstructionError: [255, cause] };
    expect(txErrDecode.decode(encodeTransactionError(error))).toEqual(error);
  }
});

test('what has no bincode is refused', () => {
  expect(() => encodeTransactionError('NoSuchError')).toThrow(RangeError);
  expect(() => encodeTransactionError({})).toThrow(RangeError);
});

test('a status alone has no transaction beside it', async () => {
  const { feed, port } = await serve();
  const stream = await subscribe(port, { transactionsStatus: { f: transactionsFilter() } });
  three(feed);
  expect((await stream.updates()).map(summary)).toEqual(['status in 1', 'status in 1', 'status in 1']);
});
