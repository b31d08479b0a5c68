/** Signed transactions for the embedded cluster: token transfers and swaps, each with a number of its own. */
import type { ClusterInfo } from '../../localnet/cluster.js';
import { SigningKey } from '../../src/keys/signing-key.js';
import { RAYDIUM_CPMM_AUTHORITY, RAYDIUM_CPMM_PROGRAM } from '../../src/market/raydium-cpmm-program.js';
import type { PoolKeys } from '../../src/market/types.js';
import { asAddress, asBlockhash } from '../../src/model/brands.js';
import { associatedTokenAddress } from '../../src/transaction/associated-token.js';
import { decode32 } from '../../src/transaction/base58.js';
import { compileMessage } from '../../src/transaction/message.js';
import { patchMessage, SIGNATURE_OFFSET, writeU64 } from '../../src/transaction/prepared-message.js';
import { prepareSwap } from '../../src/transaction/prepared-swap.js';
import type { ClusterHostReady } from './cluster-host.js';
import { rawRequest } from './raw-http.js';

const TOKEN_TRANSFER = 3;
const WIRE_HEAD_BYTES = 65;
const COMPUTE_UNIT_LIMIT = 120_000;
const NO_BLOCKHASH = asBlockhash('11111111111111111111111111111111');
/** Base units of every swap are near this; each has an amount of its own, so that no two are the same bytes. */
const SWAP_AMOUNT = 100_000n;

/** Makes the `number`-th transaction's bytes on a blockhash. */
export type MakeTransaction = (number: number, blockhash: string) => Uint8Array;

export function keysOf(wallets: ClusterHostReady['wallets']): SigningKey[] {
  return wallets.map(({ secretKey }, index) => SigningKey.fromSecretKey(`bench-${index}`, secretKey));
}

/** From each wallet to the next, in one mint of Token. */
export function transferMaker(info: ClusterInfo, keys: readonly SigningKey[]): MakeTransaction {
  const mint = info.mints.find(({ symbol }) => symbol === 'USDC');
  if (mint === undefined) throw new Error('the cluster has no USDC');
  const tokenProgram = asAddress(mint.tokenProgram);
  const accountOf = (key: SigningKey) =>
    associatedTokenAddress(key.address, asAddress(mint.address), tokenProgram);
  const prepared = keys.map((key, index) => {
    const to = keys[(index + 1) % keys.length]!;
    const message = compileMessage({
      payer: key.address,
      blockhash: NO_BLOCKHASH,
      version: 'legacy',
      instructions: [
        {
          programId: tokenProgram,
          accounts: [
            { address: accountOf(key), signer: false, writable: true },
            { address: accountOf(to), signer: false, writable: true },
            { address: key.address, signer: true, writable: false },
          ],
          data: Uint8Array.of(TOKEN_TRANSFER, 0, 0, 0, 0, 0, 0, 0, 0),
        },
      ],
    });
    const wire = new Uint8Array(WIRE_HEAD_BYTES + message.bytes.length);
    wire[0] = 1;
    wire.set(message.bytes, WIRE_HEAD_BYTES);
    return {
      wire,
      blockhashAt: WIRE_HEAD_BYTES + message.blockhashOffset,
      amountAt: WIRE_HEAD_BYTES + message.dataOffsets[0]! + 1,
    };
  });
  return (number, blockhash) => {
    const { wire, blockhashAt, amountAt } = prepared[number % keys.length]!;
    const bytes = wire.slice();
    writeU64(bytes, amountAt, BigInt(number + 1));
    bytes.set(decode32(asBlockhash(blockhash)), blockhashAt);
    keys[number % keys.length]!.signInto(
      bytes,
      WIRE_HEAD_BYTES,
      bytes.length - WIRE_HEAD_BYTES,
      bytes,
      SIGNATURE_OFFSET,
    );
    return bytes;
  };
}

/** Pool after pool, wallet after wallet, to and fro. */
export function swapMaker(info: ClusterInfo, keys: readonly SigningKey[]): MakeTransaction {
  const pools = poolKeysOf(info);
  const prepared = new Map<string, ReturnType<typeof prepareSwap>>();
  return (number, blockhash) => {
    const key = keys[number % keys.length]!;
    const pool = pools[Math.floor(number / keys.length + number) % pools.length]!;
    const zeroForOne = Math.floor(number / (keys.length * pools.length)) % 2 === 0;
    const name = `${pool.pool} ${key.address} ${zeroForOne}`;
    let message = prepared.get(name);
    if (message === undefined) {
      const route = { keys: pool, wallet: key.address, zeroForOne, mode: 'exactIn' as const };
      message = prepareSwap({ ...route, createOutputAccount: false, lookupTables: [] });
      prepared.set(name, message);
    }
    const bytes = message.wire.slice();
    patchMessage(bytes, message, {
      amount: SWAP_AMOUNT + BigInt(number),
      limit: 0n,
      computeUnitLimit: COMPUTE_UNIT_LIMIT,
      computeUnitPriceMicroLamports: 1_000n,
      blockhash: decode32(asBlockhash(blockhash)),
    });
    key.signInto(bytes, message.messageOffset, bytes.length - message.messageOffset, bytes, SIGNATURE_OFFSET);
    return bytes;
  };
}

export function poolKeysOf(info: ClusterInfo): PoolKeys[] {
  const mints = new Map(info.mints.map((mint) => [mint.address, mint]));
  return info.pools.map((pool) => {
    const [mint0, mint1] = [mints.get(pool.token0Mint), mints.get(pool.token1Mint)];
    if (mint0 === undefined || mint1 === undefined) throw new Error('a pool of an unknown mint');
    return {
      pool: asAddress(pool.address),
      venue: 'raydium-cpmm',
      programId: RAYDIUM_CPMM_PROGRAM,
      authority: RAYDIUM_CPMM_AUTHORITY,
      ammConfig: asAddress(pool.ammConfig),
      observation: asAddress(pool.observation),
      mint0: asAddress(pool.token0Mint),
      mint1: asAddress(pool.token1Mint),
      vault0: asAddress(pool.token0Vault),
      vault1: asAddress(pool.token1Vault),
      tokenProgram0: asAddress(mint0.tokenProgram),
      tokenProgram1: asAddress(mint1.tokenProgram),
      decimals0: mint0.decimals,
      decimals1: mint1.decimals,
    };
  });
}

/** The whole HTTP request of a `sendTransaction`. */
export function sendRequest(wire: Uint8Array): Buffer {
  const text = Buffer.from(wire.buffer, wire.byteOffset, wire.length).toString('base64');
  const options = { encoding: 'base64', skipPreflight: true, maxRetries: 0 };
  return rawRequest(
    '/',
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'sendTransaction', params: [text, options] }),
  );
}
