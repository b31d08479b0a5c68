// A nonce transaction never expires by height, and its failure advances the nonce too: an executor that thinks
// otherwise signs a second attempt beside a live one.
import { NONCE_ACCOUNT_LENGTH, NonceAccount, SystemProgram } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { address, keypair, SOL, signedTransaction, solTransfer, TestCluster } from './engine-fixture.js';

const nonceKey = keypair('nonce');
const alice = keypair('alice');
const advance = SystemProgram.nonceAdvance({
  noncePubkey: nonceKey.publicKey,
  authorizedPubkey: alice.publicKey,
});

function clusterWithNonce(): TestCluster {
  const cluster = new TestCluster();
  const creation = SystemProgram.createNonceAccount({
    fromPubkey: alice.publicKey,
    noncePubkey: nonceKey.publicKey,
    authorizedPubkey: alice.publicKey,
    lamports: Number(SOL),
  });
  const { blockhash } = cluster.headBlock();
  const landed = cluster.land(
    signedTransaction(creation.instructions, blockhash, { signers: [alice, nonceKey] }),
  );
  expect(landed.err).toBeNull();
  cluster.step(2);
  return cluster;
}

function storedNonce(cluster: TestCluster): string {
  const { data } = cluster.account(nonceKey.publicKey.toBase58())!;
  expect(data).toHaveLength(NONCE_ACCOUNT_LENGTH);
  return NonceAccount.fromAccountData(data).nonce;
}

describe('a durable nonce', () => {
  it('carries a transaction past 151 blocks, once', () => {
    const cluster = clusterWithNonce();
    const nonce = storedNonce(cluster);
    const wire = signedTransaction([advance, solTransfer(address('bob'), 1n)], nonce);
    cluster.step(200);
    expect(cluster.land(wire).err).toBeNull();
    expect(storedNonce(cluster)).not.toBe(nonce);
    expect(cluster.send(wire)).toMatchObject({ reason: 'expired' });
    cluster.step(1);
    expect(cluster.send(wire)).toMatchObject({ reason: 'expired' });
  });

  it('advances with a transaction that fails, which pays its fee and says both in its writes', () => {
    const cluster = clusterWithNonce();
    const nonce = storedNonce(cluster);
    const before = cluster.account(address('alice'))!.lamports;
    const wire = signedTransaction([advance, solTransfer(address('bob'), 10n ** 15n)], nonce);
    const landed = cluster.land(wire);
    expect(landed.err).toEqual({ InstructionError: [1, { Custom: 1 }] });
    expect(landed.writes.map((write) => write.address).sort()).toEqual(
      [address('alice'), nonceKey.publicKey.toBase58()].sort(),
    );
    expect(storedNonce(cluster)).not.toBe(nonce);
    expect(cluster.account(address('alice'))!.lamports).toBe(before - 5_000n);
    cluster.step();
    expect(cluster.send(wire)).toMatchObject({ reason: 'expired' });
  });

  it('serves once a block, since its next value comes from the parent of the block', () => {
    const cluster = clusterWithNonce();
    cluster.land(signedTransaction([advance, solTransfer(address('bob'), 1n)], storedNonce(cluster)));
    const next = signedTransaction([advance, solTransfer(address('bob'), 2n)], storedNonce(cluster));
    expect(cluster.send(next)).toMatchObject({ reason: 'expired' });
    cluster.step();
    expect(cluster.land(next).err).toBeNull();
  });

  it('serves only with the signature of its authority, and in the first instruction', () => {
    const cluster = clusterWithNonce();
    const nonce = storedNonce(cluster);
    const bobs = SystemProgram.nonceAdvance({
      noncePubkey: nonceKey.publicKey,
      authorizedPubkey: keypair('bob').publicKey,
    });
    const stolen = signedTransaction([bobs], nonce, { signers: [keypair('bob')] });
    expect(cluster.send(stolen)).toMatchObject({ reason: 'expired' });
    const second = signedTransaction([solTransfer(address('bob'), 1n), advance], nonce);
    expect(cluster.send(second)).toMatchObject({ reason: 'expired' });
  });
});
