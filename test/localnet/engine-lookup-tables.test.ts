// Addresses of a lookup table serve only in a later slot than the one that added them.
import { AddressLookupTableAccount, AddressLookupTableProgram, PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { address, keypair, signedTransaction, solTransfer, TestCluster } from './engine-fixture.js';

const alice = keypair('alice').publicKey;

function clusterWithTable() {
  const cluster = new TestCluster();
  cluster.step(3);
  const head = cluster.headBlock();
  const [create, key] = AddressLookupTableProgram.createLookupTable({
    authority: alice,
    payer: alice,
    recentSlot: head.slot,
  });
  const extend = extension(key, address('bob'));
  expect(cluster.land(signedTransaction([create, extend], head.blockhash)).err).toBeNull();
  return { cluster, key };
}

function extension(lookupTable: PublicKey, added: string) {
  return AddressLookupTableProgram.extendLookupTable({
    lookupTable,
    authority: alice,
    payer: alice,
    addresses: [new PublicKey(added)],
  });
}

function tableOf(key: PublicKey, names: string[]): AddressLookupTableAccount {
  return new AddressLookupTableAccount({
    key,
    state: {
      deactivationSlot: 2n ** 64n - 1n,
      lastExtendedSlot: 0,
      lastExtendedSlotStartIndex: 0,
      addresses: names.map((name) => new PublicKey(name)),
    },
  });
}

describe('lookup tables', () => {
  it('serve in the slot after the extension, not in its own', () => {
    const { cluster, key } = clusterWithTable();
    const table = tableOf(key, [address('bob')]);
    const wire = signedTransaction([solTransfer(address('bob'), 5n)], cluster.headBlock().blockhash, {
      tables: [table],
    });
    expect(cluster.send(wire)).toMatchObject({ reason: 'invalid' });
    cluster.step();
    const landed = cluster.land(wire);
    expect(landed.loadedWritable).toEqual([address('bob')]);
    expect(landed.accountKeys.at(-1)).toBe(address('bob'));
    expect(landed.postBalances.at(-1)! - landed.preBalances.at(-1)!).toBe(5n);
    expect(landed.writes.map((write) => write.address)).toContain(address('bob'));
  });

  it('keep serving their older addresses while they are extended', () => {
    const { cluster, key } = clusterWithTable();
    cluster.step();
    const { blockhash } = cluster.headBlock();
    expect(cluster.land(signedTransaction([extension(key, address('carol'))], blockhash)).err).toBeNull();
    const both = tableOf(key, [address('bob'), address('carol')]);
    const toBob = signedTransaction([solTransfer(address('bob'), 5n)], blockhash, { tables: [both] });
    const toCarol = signedTransaction([solTransfer(address('carol'), 10n ** 9n)], blockhash, {
      tables: [both],
    });
    expect(cluster.land(toBob).err).toBeNull();
    expect(cluster.send(toCarol)).toMatchObject({ reason: 'invalid' });
    cluster.step();
    expect(cluster.land(toCarol).err).toBeNull();
  });

  it.each([
    ['do not exist', () => new PublicKey(address('no-table')), 'AddressLookupTableNotFound'],
    ['are something else', () => keypair('bob').publicKey, 'InvalidAddressLookupTableOwner'],
  ])('that %s are named in the error', (_, key, err) => {
    const cluster = new TestCluster();
    const tables = [tableOf(key(), [address('carol')])];
    const wire = signedTransaction([solTransfer(address('carol'), 5n)], cluster.headBlock().blockhash, {
      tables,
    });
    const result = cluster.engine.simulate({
      wire,
      sigVerify: true,
      replaceRecentBlockhash: false,
      accounts: [],
    });
    expect(result.err).toBe(err);
  });

  it('that end before an index are named in the error', () => {
    const { cluster, key } = clusterWithTable();
    cluster.step();
    const tables = [tableOf(key, [address('x'), address('y'), address('carol')])];
    const wire = signedTransaction([solTransfer(address('carol'), 5n)], cluster.headBlock().blockhash, {
      tables,
    });
    const result = cluster.engine.simulate({
      wire,
      sigVerify: true,
      replaceRecentBlockhash: false,
      accounts: [],
    });
    expect(result.err).toBe('InvalidAddressLookupTableIndex');
  });
});
