/**
 * From a swap's numbers to base64 on the wire: a prepared message patched and signed in locked memory, beside what
 * @solana/web3.js and @solana/kit do for the same swap. Ours and web3.js's bytes are compared; kit orders keys in
 * its own way, so its message is compared with our compiler's in that order.
 */
import {
  AccountRole,
  appendTransactionMessageInstructions,
  compileTransaction,
  createKeyPairSignerFromBytes,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  type Blockhash as KitBlockhash,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransaction,
  address as toKitAddress,
} from '@solana/kit';
import { TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import { loadSodium } from '../src/keys/secure-memory.js';
import { decode32 } from '../src/transaction/base58.js';
import { compileMessage } from '../src/transaction/message.js';
import { patchMessage } from '../src/transaction/prepared-message.js';
import { prepareSwap } from '../src/transaction/prepared-swap.js';
import { alternate, type BenchOptions, type BenchOutcome, ratioOf, resultsOf, verify } from './measure.js';
import {
  benchKey,
  blockhash,
  instructions,
  keypair,
  poolKeys,
  swap,
  wallet,
  web3Instructions,
} from './swap-workload.js';

const NAMES = {
  ours: 'build_sign',
  web3: 'build_sign_web3js',
  kit: 'build_sign_kit',
  sign: 'sign_swap',
} as const;

function patchedSwap(): { readonly encode: () => string; readonly signOnly: () => void } {
  const prepared = prepareSwap({
    keys: poolKeys,
    wallet,
    ...swap,
    createOutputAccount: false,
    lookupTables: [],
  });
  const key = benchKey();
  const values = { ...swap, blockhash: decode32(blockhash) };
  const { messageOffset } = prepared;
  const length = prepared.wire.length - messageOffset;
  const standing = prepared.wire.slice();
  return {
    encode: () => {
      const wire = Buffer.from(prepared.wire);
      patchMessage(wire, prepared, values);
      key.signInto(wire, messageOffset, length, wire, 1);
      return wire.toString('base64');
    },
    signOnly: () => key.signInto(standing, messageOffset, length, standing, 1),
  };
}

function web3Swap(): string {
  const message = new TransactionMessage({
    payerKey: keypair.publicKey,
    recentBlockhash: blockhash,
    instructions: [...web3Instructions],
  });
  const transaction = new VersionedTransaction(message.compileToLegacyMessage());
  transaction.sign([keypair]);
  return Buffer.from(transaction.serialize()).toString('base64');
}

async function kitSwap(): Promise<() => Promise<string>> {
  const signer = await createKeyPairSignerFromBytes(keypair.secretKey);
  const roles = [
    AccountRole.READONLY,
    AccountRole.WRITABLE,
    AccountRole.READONLY_SIGNER,
    AccountRole.WRITABLE_SIGNER,
  ];
  const kitInstructions = instructions.map(({ programId, accounts, data }) => ({
    programAddress: toKitAddress(programId),
    accounts: accounts.map(({ address, signer: signs, writable }) => ({
      address: toKitAddress(address),
      role: roles[(signs ? 2 : 0) + (writable ? 1 : 0)]!,
    })),
    data,
  }));
  const lifetime = { blockhash: blockhash as unknown as KitBlockhash, lastValidBlockHeight: 1n };
  return async () => {
    const message = pipe(
      createTransactionMessage({ version: 'legacy' }),
      (empty) => setTransactionMessageFeePayer(signer.address, empty),
      (paid) => setTransactionMessageLifetimeUsingBlockhash(lifetime, paid),
      (timed) => appendTransactionMessageInstructions(kitInstructions, timed),
    );
    return getBase64EncodedWireTransaction(
      await signTransaction([signer.keyPair], compileTransaction(message)),
    );
  };
}

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  const ours = patchedSwap();
  const kit = await kitSwap();
  verify('web3.js', ours.encode() === web3Swap());
  const sorted = compileMessage({
    payer: wallet,
    instructions,
    blockhash,
    version: 'legacy',
    keyOrder: 'sorted',
  });
  const kitMessage = Buffer.from(await kit(), 'base64').subarray(65);
  verify('kit', Buffer.from(sorted.bytes).equals(kitMessage));
  verify('sodium-native', loadSodium() !== null);
  const scale = smoke ? 1 : 10;
  const rounds = await alternate(
    [
      { name: NAMES.ours, batch: smoke ? 2 : 20, samples: 20 * scale, call: ours.encode },
      { name: NAMES.sign, batch: smoke ? 2 : 20, samples: 20 * scale, call: ours.signOnly },
      { name: NAMES.web3, batch: 1, samples: 20 * scale, call: web3Swap },
      { name: NAMES.kit, batch: 1, samples: 20 * scale, call: kit },
    ],
    runs,
  );
  return {
    ratios: {
      build_sign_vs_web3js: ratioOf(rounds, NAMES.web3, NAMES.ours),
      build_sign_vs_kit: ratioOf(rounds, NAMES.kit, NAMES.ours),
      sign_share_of_build_sign: ratioOf(rounds, NAMES.sign, NAMES.ours),
    },
    results: resultsOf(rounds),
  };
}
