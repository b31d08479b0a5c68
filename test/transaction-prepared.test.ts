/** A prepared message, patched, is the message that a fresh compile of the same swap would give. */

import { base58 } from '@scure/base';
import {
  createAssociatedTokenAccountIdempotentInstruction,
  getAssociatedTokenAddressSync,
} from '@solana/spl-token';
import { Keypair, PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { swapInstruction } from '../src/market/raydium-cpmm-instruction.js';
import { asAddress, asBlockhash, U64_MAX } from '../src/model/brands.js';
import {
  associatedTokenAddress,
  createAssociatedTokenIdempotent,
} from '../src/transaction/associated-token.js';
import { decode32, encodeSignature } from '../src/transaction/base58.js';
import { setComputeUnitLimit, setComputeUnitPrice } from '../src/transaction/compute-budget.js';
import { compileMessage } from '../src/transaction/message.js';
import { patchMessage } from '../src/transaction/prepared-message.js';
import { prepareSwap, swapTokenAccounts } from '../src/transaction/prepared-swap.js';
import { hasRoot, isOnCurve } from '../src/transaction/program-address.js';
import { TOKEN_PROGRAM } from '../src/transaction/program-ids.js';
import { testAddress, testKeys } from './support/cpmm-accounts.js';
import { seededRandom } from './support/seeded-random.js';

const keys = testKeys(3);
const wallet = asAddress(Keypair.fromSeed(new Uint8Array(32).fill(9)).publicKey.toBase58());
const blockhash = asBlockhash(testAddress(77));

describe('prepared swaps', () => {
  for (const mode of ['exactIn', 'exactOut'] as const) {
    for (const zeroForOne of [true, false]) {
      for (const createOutputAccount of [true, false]) {
        it(`patch to the compiled bytes: ${mode}, ${zeroForOne ? '0>1' : '1>0'}, ${createOutputAccount ? 'creating' : 'plain'}`, () => {
          const prepared = prepareSwap({
            keys,
            wallet,
            zeroForOne,
            mode,
            createOutputAccount,
            lookupTables: [],
          });
          const values = {
            amount: U64_MAX - 5n,
            limit: 0x0102030405060708n,
            computeUnitLimit: 0xfffefdfc,
            computeUnitPriceMicroLamports: 0x1122334455667788n,
          };
          const wire = prepared.wire.slice();
          patchMessage(wire, prepared, { ...values, blockhash: decode32(blockhash) });
          const accounts = swapTokenAccounts(keys, wallet, zeroForOne);
          const fresh = compileMessage({
            payer: wallet,
            blockhash,
            version: 'legacy',
            instructions: [
              setComputeUnitLimit(values.computeUnitLimit),
              setComputeUnitPrice(values.computeUnitPriceMicroLamports),
              ...(createOutputAccount
                ? [
                    createAssociatedTokenIdempotent(
                      wallet,
                      wallet,
                      zeroForOne ? keys.mint1 : keys.mint0,
                      TOKEN_PROGRAM,
                    ),
                  ]
                : []),
              swapInstruction(keys, { wallet, ...accounts }, { mode, zeroForOne, ...values }),
            ],
          });
          expect(wire[0]).toBe(1);
          expect(Buffer.from(wire.subarray(1, 65)).equals(Buffer.alloc(64))).toBe(true);
          expect(Buffer.from(wire.subarray(65)).toString('hex')).toBe(
            Buffer.from(fresh.bytes).toString('hex'),
          );
          expect(prepared.accounts).toEqual(fresh.accounts);
        });
      }
    }
  }

  it('shrink with a lookup table and keep every account in the list', () => {
    const table = {
      address: testAddress(90),
      addresses: [keys.vault0, keys.vault1, keys.authority, keys.ammConfig],
    };
    const route = { keys, wallet, zeroForOne: true, mode: 'exactIn' as const, createOutputAccount: false };
    const plain = prepareSwap({ ...route, lookupTables: [] });
    const short = prepareSwap({ ...route, lookupTables: [table] });
    expect(short.wire.length).toBeLessThan(plain.wire.length);
    expect(new Set(short.accounts.map((account) => account.address))).toEqual(
      new Set(plain.accounts.map((account) => account.address)),
    );
  });
});

describe('derived addresses and helper instructions', () => {
  it('equal web3.js and spl-token', () => {
    for (let seed = 0; seed < 50; seed++) {
      const mint = testAddress(seed + 200);
      const theirs = getAssociatedTokenAddressSync(new PublicKey(mint), new PublicKey(wallet), true);
      expect(associatedTokenAddress(wallet, mint, TOKEN_PROGRAM)).toBe(theirs.toBase58());
      expect(isOnCurve(decode32(mint))).toBe(PublicKey.isOnCurve(decode32(mint)));
      expect(hasRoot(decode32(mint))).toBe(isOnCurve(decode32(mint)));
    }
    const mint = testAddress(5);
    const ours = createAssociatedTokenIdempotent(wallet, wallet, mint, TOKEN_PROGRAM);
    const theirs = createAssociatedTokenAccountIdempotentInstruction(
      new PublicKey(wallet),
      getAssociatedTokenAddressSync(new PublicKey(mint), new PublicKey(wallet)),
      new PublicKey(wallet),
      new PublicKey(mint),
    );
    expect(ours.accounts.map((account) => [account.address, account.signer, account.writable])).toEqual(
      theirs.keys.map((key) => [key.pubkey.toBase58(), key.isSigner, key.isWritable]),
    );
    expect([...ours.data]).toEqual([...theirs.data]);
  });
});

describe('signatures in base58', () => {
  it('equal a general encoder, with and without leading zeros', () => {
    const random = seededRandom(4);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: 70 }, () => random.below(256));
      bytes.fill(0, 3, 3 + random.below(66 - 2));
      expect(encodeSignature(bytes, 3)).toBe(base58.encode(bytes.subarray(3, 67)));
    }
    expect(encodeSignature(new Uint8Array(64), 0)).toBe('1'.repeat(64));
    expect(encodeSignature(new Uint8Array(64).fill(255), 0)).toBe(
      base58.encode(new Uint8Array(64).fill(255)),
    );
  });
});
