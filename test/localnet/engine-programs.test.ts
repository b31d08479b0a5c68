// The runtime keeps the code of programs apart from their accounts: undone deployments ended the process at the next
// call, undone upgrades and closings kept the wrong code.
import { readFileSync } from 'node:fs';
import {
  type AccountMeta,
  PublicKey,
  SYSVAR_CLOCK_PUBKEY,
  SYSVAR_RENT_PUBKEY,
  SystemProgram,
  TransactionInstruction,
} from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { AccountStore } from '../../localnet/engine/account-store.js';
import { FailedTransactionMetadata, Runtime } from '../../localnet/engine/runtime.js';
import { address, keypair, SOL, signedTransaction, systemAccount, TestCluster } from './engine-fixture.js';

const ELF = readFileSync(new URL('../../../localnet/programs/cpmm.so', import.meta.url));
const LOADER = new PublicKey('BPFLoaderUpgradeab1e11111111111111111111111');
const MEMO = new PublicKey('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');
const alice = keypair('alice');
const program = keypair('program');
const buffer = keypair('buffer');
const [programData] = PublicKey.findProgramAddressSync([program.publicKey.toBytes()], LOADER);
/** What this program answers to instruction data that it does not know. */
const CODE_RAN = { InstructionError: [0, { Custom: 101 }] };

const account = (pubkey: PublicKey, isWritable = false, isSigner = false): AccountMeta => ({
  pubkey,
  isSigner,
  isWritable,
});

function loader(data: Buffer, keys: AccountMeta[]): TransactionInstruction {
  return new TransactionInstruction({ programId: LOADER, data, keys });
}

/** Deploys from a buffer account that the cluster itself writes, to spare a hundred write transactions. */
function deploy(cluster: TestCluster): void {
  const data = Buffer.alloc(37 + ELF.length);
  data.writeUInt32LE(1, 0);
  data[4] = 1;
  data.set(alice.publicKey.toBytes(), 5);
  data.set(ELF, 37);
  const rentEpoch = 2n ** 64n - 1n;
  const state = { lamports: 10n * SOL, owner: LOADER.toBase58(), executable: false, rentEpoch, data };
  cluster.engine.setAccount(buffer.publicKey.toBase58(), state);
  const size = Buffer.alloc(12);
  size.writeUInt32LE(2, 0);
  size.writeBigUInt64LE(BigInt(ELF.length), 4);
  const create = SystemProgram.createAccount({
    fromPubkey: alice.publicKey,
    newAccountPubkey: program.publicKey,
    lamports: Number(SOL),
    space: 36,
    programId: LOADER,
  });
  const install = loader(size, [
    account(alice.publicKey, true, true),
    account(programData, true),
    account(program.publicKey, true),
    account(buffer.publicKey, true),
    account(SYSVAR_RENT_PUBKEY),
    account(SYSVAR_CLOCK_PUBKEY),
    account(SystemProgram.programId),
    account(alice.publicKey, false, true),
  ]);
  const { blockhash } = cluster.headBlock();
  const landed = cluster.land(signedTransaction([create, install], blockhash, { signers: [alice, program] }));
  expect(landed.err).toBeNull();
}

function close(cluster: TestCluster): void {
  const instruction = loader(Buffer.from([5, 0, 0, 0]), [
    account(programData, true),
    account(alice.publicKey, true),
    account(alice.publicKey, false, true),
    account(program.publicKey, true),
  ]);
  expect(cluster.land(signedTransaction([instruction], cluster.headBlock().blockhash)).err).toBeNull();
}

let calls = 0;
function call(cluster: TestCluster) {
  calls += 1;
  const data = Buffer.alloc(8);
  data.writeUInt32LE(calls, 0);
  const instruction = new TransactionInstruction({ programId: program.publicKey, data, keys: [] });
  return cluster.land(signedTransaction([instruction], cluster.headBlock().blockhash)).err;
}

/**
 * A cluster on which `prepare` survives and `act` is lost with its fork. Whether the next leader has the lost
 * transaction in its own queue depends on the seed: here it has not.
 */
function clusterThatLost(
  prepare: (cluster: TestCluster) => void,
  act: (cluster: TestCluster) => void,
): TestCluster {
  for (let seed = 0; seed < 20; seed += 1) {
    const cluster = new TestCluster({ seed: String(seed) });
    prepare(cluster);
    cluster.step(2);
    cluster.engine.setConditions({ forkRate: 1 });
    cluster.step();
    cluster.engine.setConditions({ forkRate: 0 });
    act(cluster);
    cluster.step(5);
    if (cluster.outcomes().some((one) => 'reason' in one && one.reason === 'forked')) return cluster;
  }
  throw new Error('With none of the seeds the transaction was lost');
}

describe('a program', () => {
  it('whose deployment was undone is unknown to the runtime, which would abort at its call otherwise', () => {
    const store = new AccountStore(Runtime.create());
    store.write(address('alice'), systemAccount(SOL), null);
    const undo = new Map();
    store.write(program.publicKey.toBase58(), store.get(MEMO.toBase58())!, undo);
    const instruction = new TransactionInstruction({
      programId: program.publicKey,
      data: Buffer.from('x'),
      keys: [],
    });
    const wire = signedTransaction([instruction], address('any'));
    expect(store.runtime.execute(wire)).not.toBeInstanceOf(FailedTransactionMetadata);
    store.revert(undo);
    expect(store.runtime.execute(wire)).toBeInstanceOf(FailedTransactionMetadata);
  });

  it('whose deployment was lost does not exist, can be named, and can be deployed again', () => {
    const cluster = clusterThatLost(() => undefined, deploy);
    expect(call(cluster)).toBe('ProgramAccountNotFound');
    const named = [account(program.publicKey)];
    const memo = new TransactionInstruction({ programId: MEMO, data: Buffer.from('x'), keys: named });
    cluster.send(signedTransaction([memo], cluster.headBlock().blockhash));
    deploy(cluster);
    cluster.step();
    expect(call(cluster)).toEqual(CODE_RAN);
  });

  it('whose closing was lost runs again', () => {
    expect(call(clusterThatLost(deploy, close))).toEqual(CODE_RAN);
  });

  it('that was closed for good cannot be called, also not from a snapshot', () => {
    const cluster = new TestCluster();
    deploy(cluster);
    cluster.step(2);
    close(cluster);
    expect(call(cluster)).not.toEqual(CODE_RAN);
    cluster.step();
    const restored = new TestCluster({ snapshot: cluster.engine.snapshot() });
    restored.step();
    expect(call(restored)).not.toEqual(CODE_RAN);
  });
});
