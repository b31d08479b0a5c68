// The real engine behind the real server, seen by the official package's client.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { base58 } from '@scure/base';
import { CommitmentLevel, type SubscribeUpdate, txEncode } from '@triton-one/yellowstone-grpc';
import { expect, onTestFinished, test } from 'vitest';
import { startCluster } from '../../localnet/cluster.js';
import { accountsFilter, request, transactionsFilter } from './geyser-harness.js';

const require = createRequire(import.meta.url);
const { default: Client } =
  require('@triton-one/yellowstone-grpc') as typeof import('@triton-one/yellowstone-grpc');

const SLOTS_TO_CONFIRM = 4;

test('an airdrop is seen as account, transaction and block, processed and then confirmed', async () => {
  const cluster = await startCluster({ seed: 'geyser', manual: true });
  onTestFinished(() => cluster.close());
  const client = new Client(cluster.info.grpcEndpoint, undefined, {});
  await client.connect();
  const wallet = base58.encode(createHash('sha256').update('wallet').digest());
  const open = async (commitment: CommitmentLevel) => {
    const stream = await client.subscribe(
      request({
        accounts: { wallet: accountsFilter({ account: [wallet] }) },
        transactions: { wallet: transactionsFilter({ accountInclude: [wallet] }) },
        blocksMeta: { m: {} },
        slots: { s: { filterByCommitment: true } },
        commitment,
      }),
    );
    onTestFinished(() => {
      stream.destroy();
    });
    const received: SubscribeUpdate[] = [];
    let wake = (): void => undefined;
    stream.on('data', (update: SubscribeUpdate) => {
      received.push(update);
      wake();
    });
    const until = async (wanted: (update: SubscribeUpdate) => boolean): Promise<SubscribeUpdate> => {
      for (;;) {
        const found = received.find(wanted);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    // The pong shows that the filter is in force.
    stream.write(request({ ping: { id: 1 } }));
    await until(({ pong }) => pong !== undefined);
    return { received, until };
  };
  const processed = await open(CommitmentLevel.PROCESSED);
  const confirmed = await open(CommitmentLevel.CONFIRMED);

  const [signature] = await Promise.all([
    cluster.engine.airdrop(wallet, 5_000_000_000n),
    cluster.engine.step(2),
  ]);
  await cluster.engine.step(SLOTS_TO_CONFIRM);

  for (const { received, until } of [processed, confirmed]) {
    const { account, slot } = (await until((update) => update.account !== undefined)).account!;
    expect(account).toMatchObject({ lamports: '5000000000' });
    expect(base58.encode(account!.txnSignature!)).toBe(signature);
    const { transaction } = (await until((update) => update.transaction !== undefined)).transaction!;
    expect(base58.encode(transaction!.signature)).toBe(signature);
    expect(txEncode.encode(transaction!, txEncode.encoding.Json, 255, false)).toMatchObject({
      meta: { err: null },
    });
    await until(({ slot: status }) => status?.slot === slot);
    const kinds = received.flatMap((update) => {
      if (update.blockMeta?.slot === slot) return ['meta'];
      if (update.slot?.slot === slot) return ['status'];
      return update.account !== undefined ? ['account'] : [];
    });
    expect(kinds).toEqual(['account', 'meta', 'status']);
  }
  expect(await client.getSlot(CommitmentLevel.PROCESSED)).toEqual({
    slot: `${cluster.ledger.slot('processed')}`,
  });
  const { blockhash } = await client.getLatestBlockhash();
  expect((await client.isBlockhashValid(blockhash)).valid).toBe(true);
});
