// Fees are what trading costs when it fails: they have to be charged when a cluster charges them, and never else.
import {
  AddressLookupTableProgram,
  ComputeBudgetProgram,
  PublicKey,
  SystemProgram,
  TransactionInstruction,
} from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { blockFees } from '../../localnet/ledger/prioritization-fees.js';
import {
  address,
  keypair,
  SOL,
  signedTransaction,
  solTransfer,
  systemAccount,
  TestCluster,
} from './engine-fixture.js';

const limit = (units: number) => ComputeBudgetProgram.setComputeUnitLimit({ units });
const price = (microLamports: number) => ComputeBudgetProgram.setComputeUnitPrice({ microLamports });
const call = (program: string, data = Buffer.alloc(0)) =>
  new TransactionInstruction({ programId: new PublicKey(program), keys: [], data });
const tooMuch = solTransfer(address('bob'), 10n ** 15n);
const MEMO = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr';

function cluster() {
  const made = new TestCluster();
  const hash = made.headBlock().blockhash;
  return { made, hash };
}

describe('the fee', () => {
  it.each([
    ['one signature', [tooMuch], 5_000n],
    ['a price with a limit', [limit(100_000), price(1_000_000), tooMuch], 105_000n],
    ['a price that does not come out even', [limit(1), price(1), tooMuch], 5_001n],
    ['a price without a limit, builtins only', [price(1_000_000), tooMuch], 11_000n],
    [
      'a price without a limit, a program among them',
      [price(1_000_000), call(MEMO, Buffer.from('x')), tooMuch],
      211_000n,
    ],
    ['a lookup table instruction', [price(1_000_000), ...closeTable(), tooMuch], 211_000n],
  ])('for %s is what the runtime takes from the payer', (_, instructions, fee) => {
    const { made, hash } = cluster();
    const landed = made.land(signedTransaction(instructions, hash));
    expect(landed.err).not.toBeNull();
    expect(landed.fee).toBe(fee);
    expect(landed.preBalances[0]! - landed.postBalances[0]!).toBe(fee);
    expect(landed.writes.map((write) => write.address)).toEqual([address('alice')]);
  });

  it('tells others what a lock costs, also where the transaction failed', () => {
    const { made, hash } = cluster();
    const failed = made.land(signedTransaction([price(7_000), tooMuch], hash));
    const long = call(MEMO, Buffer.alloc(300, 'x'));
    const landed = made.land(
      signedTransaction([long, price(9_000), limit(200_000), solTransfer(address('bob'), 1n)], hash),
    );
    const legacy = made.land(
      signedTransaction([solTransfer(address('carol'), SOL), price(11_000)], hash, { legacy: true }),
    );
    const fees = blockFees([landed, failed, legacy]);
    expect(fees.minimum).toBe(7_000);
    const of = (name: string) => fees.byWrittenAccount.get(address(name));
    expect([of('alice'), of('bob'), of('carol')]).toEqual([7_000, 7_000, 11_000]);
    expect(fees.byWrittenAccount.size).toBe(3);
    expect(blockFees([landed]).byWrittenAccount.get(address('bob'))).toBe(9_000);
    expect(blockFees([])).toEqual({ minimum: 0, byWrittenAccount: new Map() });
  });

  it('is charged on success beside the transfer', () => {
    const { made, hash } = cluster();
    const landed = made.land(
      signedTransaction([limit(1_000), price(2_000_000), solTransfer(address('bob'), 3n)], hash),
    );
    expect(landed.err).toBeNull();
    expect(landed.preBalances[0]! - landed.postBalances[0]!).toBe(5_000n + 2_000n + 3n);
  });

  it('is kept when a program does not exist or is none, and nothing runs', () => {
    const { made, hash } = cluster();
    const missing = made.land(signedTransaction([call(address('no-program'))], hash));
    expect(missing).toMatchObject({ err: 'ProgramAccountNotFound', fee: 5_000n, computeUnitsConsumed: 0n });
    const none = made.land(signedTransaction([call(address('bob'))], hash));
    expect(none).toMatchObject({ err: 'InvalidProgramForExecution', logMessages: [] });
    expect(none.postBalances[0]).toBe(missing.preBalances[0]! - 10_000n);
  });

  it('is not charged to somebody whose signature is forged', () => {
    const { made, hash } = cluster();
    for (const instructions of [[call(address('no-program'))], [solTransfer(address('bob'), 1n)]]) {
      const wire = signedTransaction(instructions, hash);
      wire[10]! ^= 1;
      expect(made.send(wire)).toMatchObject({ type: 'dropped', reason: 'invalid' });
    }
    expect(made.account(address('alice'))!.lamports).toBe(1_000n * SOL);
  });
});

describe('a payer', () => {
  it('that does not exist, has too little, or is no wallet is refused without a trace', () => {
    const { made, hash } = cluster();
    const pay = (name: string) =>
      made.send(
        signedTransaction([solTransfer(address('bob'), 0n, keypair(name))], hash, {
          signers: [keypair(name)],
        }),
      );
    expect(pay('nobody')).toMatchObject({ reason: 'unpayable' });
    made.engine.setAccount(address('poor'), systemAccount(4_999n));
    expect(pay('poor')).toMatchObject({ reason: 'unpayable' });
    made.engine.setAccount(address('exact'), systemAccount(5_000n));
    expect(pay('exact')).toMatchObject({ err: null, postBalances: [0n, expect.anything(), 1n] });
    made.engine.setAccount(address('rent'), systemAccount(890_880n + 4_999n));
    expect(pay('rent')).toMatchObject({ reason: 'unpayable' });
    expect(pay('alice-token')).toMatchObject({ reason: 'unpayable' });
  });

  it('that was emptied is told of with no lamports', () => {
    const { made, hash } = cluster();
    made.engine.setAccount(address('exact'), systemAccount(5_000n));
    made.land(
      signedTransaction([solTransfer(address('bob'), 0n, keypair('exact'))], hash, {
        signers: [keypair('exact')],
      }),
    );
    expect(made.account(address('exact'))).toMatchObject({ lamports: 0n });
  });
});

describe('compute budget instructions', () => {
  it.each([
    ['the same twice', [limit(1), limit(2)], { DuplicateInstruction: 1 }],
    [
      'an unknown one',
      [call(ComputeBudgetProgram.programId.toBase58(), Buffer.from([9]))],
      { InstructionError: [0, 'InvalidInstructionData'] },
    ],
  ])('with %s are refused before they cost', (_, instructions, err) => {
    const { made, hash } = cluster();
    const wire = signedTransaction([...instructions, solTransfer(address('bob'), 1n)], hash);
    const simulated = made.engine.simulate({
      wire,
      sigVerify: true,
      replaceRecentBlockhash: false,
      accounts: [],
    });
    expect(simulated.err).toEqual(err);
    expect(made.send(wire)).toMatchObject({ reason: 'invalid' });
  });
});

function closeTable(): TransactionInstruction[] {
  const alice = keypair('alice').publicKey;
  const lookupTable = new PublicKey(address('no-table'));
  return [AddressLookupTableProgram.closeLookupTable({ authority: alice, recipient: alice, lookupTable })];
}

it('a simulation leaves no trace and answers the state after it', () => {
  const { made, hash } = cluster();
  const wire = signedTransaction(
    [
      SystemProgram.transfer({
        fromPubkey: keypair('alice').publicKey,
        toPubkey: keypair('bob').publicKey,
        lamports: 5,
      }),
    ],
    hash,
  );
  const zeroed = Uint8Array.from(wire, (byte, index) => (index > 0 && index <= 64 ? 0 : byte));
  const request = {
    wire: zeroed,
    sigVerify: false,
    replaceRecentBlockhash: true,
    accounts: [address('bob'), address('nobody')],
  };
  const result = made.engine.simulate(request);
  expect(result).toMatchObject({ err: null, fee: 5_000n, unitsConsumed: 150n });
  expect(result.accounts).toMatchObject([{ lamports: 1_000n * SOL + 5n }, null]);
  expect(result.replacementBlockhash).toEqual({ blockhash: hash, lastValidBlockHeight: 150 });
  expect(() => made.engine.simulate({ ...request, sigVerify: true })).toThrow(
    'signature verification failure',
  );
  expect(made.land(wire).preBalances[1]).toBe(1_000n * SOL);
});
