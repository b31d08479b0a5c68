/**
 * Ed25519 over 400 bytes: our signing key beside bare sodium-native, OpenSSL, @noble/ed25519, and web3.js, whose
 * transaction serializes its message, of 400 bytes too, for each signature.
 */
import { createHash, createPrivateKey, sign as opensslSign } from 'node:crypto';
import { etc, hashes, sign as nobleSign } from '@noble/ed25519';
import {
  Keypair,
  PublicKey,
  TransactionInstruction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js';
import { loadSodium } from '../src/keys/secure-memory.js';
import { SigningKey } from '../src/keys/signing-key.js';
import {
  alternate,
  type BenchOptions,
  type BenchOutcome,
  type Contestant,
  ratioOf,
  resultsOf,
  verify,
} from './measure.js';
import { blockhash } from './swap-workload.js';

const MESSAGE_BYTES = 400;
/** What a message of one instruction, without accounts and of a length in two bytes, has around its data. */
const AROUND_DATA_BYTES = 105;
const seed = createHash('sha256').update('bench sign').digest();
const message = Buffer.from(Uint8Array.from({ length: MESSAGE_BYTES }, (_, i) => (i * 31) & 255));

export async function run({ smoke, runs }: BenchOptions): Promise<BenchOutcome> {
  hashes.sha512 = (...parts) =>
    Uint8Array.from(
      createHash('sha512')
        .update(etc.concatBytes(...parts))
        .digest(),
    );
  const key = SigningKey.fromSeed('bench', seed);
  const out = new Uint8Array(64);
  const keypair = Keypair.fromSeed(seed);
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const openssl = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const transaction = new VersionedTransaction(
    new TransactionMessage({
      payerKey: keypair.publicKey,
      recentBlockhash: blockhash,
      instructions: [
        new TransactionInstruction({
          programId: new PublicKey(blockhash),
          keys: [],
          data: message.subarray(0, MESSAGE_BYTES - AROUND_DATA_BYTES),
        }),
      ],
    }).compileToLegacyMessage(),
  );
  const web3Message = transaction.message.serialize();

  const ours = (): void => key.signInto(message, 0, MESSAGE_BYTES, out);
  ours();
  verify('openssl', opensslSign(null, message, openssl).equals(out));
  verify('noble', Buffer.from(nobleSign(message, seed)).equals(out));
  verify('the length of web3.js’s message', web3Message.length === MESSAGE_BYTES);
  transaction.sign([keypair]);
  key.signInto(web3Message, 0, MESSAGE_BYTES, out);
  verify('web3.js', Buffer.from(out).equals(transaction.signatures[0]!));
  ours();

  const few = smoke ? 5 : 100;
  const contestants: Contestant[] = [
    { name: 'sign_400', batch: smoke ? 2 : 20, samples: few, call: ours },
    {
      name: 'sign_400_openssl',
      batch: smoke ? 2 : 20,
      samples: few,
      call: () => opensslSign(null, message, openssl),
    },
    { name: 'sign_400_noble', batch: 1, samples: few, call: () => nobleSign(message, seed) },
    { name: 'sign_web3js', batch: 1, samples: few, call: () => transaction.sign([keypair]) },
  ];
  const sodium = loadSodium();
  if (sodium !== null) {
    const publicKey = Buffer.alloc(32);
    const secret = sodium.sodium_malloc(64);
    sodium.crypto_sign_seed_keypair(publicKey, secret, seed);
    const bare = Buffer.alloc(64);
    const call = (): void => sodium.crypto_sign_detached(bare, message, secret);
    call();
    verify('sodium-native', bare.equals(out));
    contestants.push({ name: 'sign_400_bare_sodium', batch: smoke ? 2 : 20, samples: few, call });
  }
  const rounds = await alternate(contestants, runs);
  return {
    ratios: {
      sign_vs_openssl: ratioOf(rounds, 'sign_400_openssl', 'sign_400'),
      sign_vs_noble: ratioOf(rounds, 'sign_400_noble', 'sign_400'),
      sign_vs_web3js: ratioOf(rounds, 'sign_web3js', 'sign_400'),
      ...(sodium === null
        ? {}
        : { sign_cost_vs_bare_sodium: ratioOf(rounds, 'sign_400', 'sign_400_bare_sodium') }),
    },
    results: resultsOf(rounds),
  };
}
