/** The least that a path can do: receives an intent, patches and signs prepared bytes, writes them. Nothing else. */
import { SigningKey } from '../../src/keys/signing-key.js';
import { asBlockhash } from '../../src/model/brands.js';
import { decode32 } from '../../src/transaction/base58.js';
import {
  type PreparedMessage,
  patchMessage,
  SIGNATURE_OFFSET,
} from '../../src/transaction/prepared-message.js';
import { prepareSwap } from '../../src/transaction/prepared-swap.js';
import { type PathIntent, servePath, swapOf } from './intent-path.js';
import { RawConnection } from './raw-http.js';
import { arrivalKey, sendBody } from './sink.js';

const COMPUTE_UNIT_LIMIT = 120_000;
const COMPUTE_UNIT_PRICE = 10_000n;
const HEAD = 'POST /sink HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ';

servePath(async (options) => {
  const connection = await RawConnection.open(options.sinkPort);
  const keys = new Map(
    options.wallets.map(({ name, secretKey }) => [name, SigningKey.fromSecretKey(name, secretKey)]),
  );
  let blockhash: Uint8Array = new Uint8Array(32);
  const prepared = new Map<string, PreparedMessage>();
  const messageFor = (intent: PathIntent, key: SigningKey): PreparedMessage => {
    const name = `${intent.wallet} ${intent.pool} ${intent.inputMint}`;
    const known = prepared.get(name);
    if (known !== undefined) return known;
    const route = { ...swapOf(options, intent), wallet: key.address, mode: 'exactIn' as const };
    const message = prepareSwap({ ...route, createOutputAccount: false, lookupTables: [] });
    prepared.set(name, message);
    return message;
  };
  return {
    useBlockhash: (text) => {
      blockhash = decode32(asBlockhash(text));
    },
    take: (intent) => {
      const key = keys.get(intent.wallet)!;
      const message = messageFor(intent, key);
      const wire = message.wire.slice();
      patchMessage(wire, message, {
        amount: BigInt(intent.amount),
        limit: 0n,
        computeUnitLimit: COMPUTE_UNIT_LIMIT,
        computeUnitPriceMicroLamports: COMPUTE_UNIT_PRICE,
        blockhash,
      });
      key.signInto(wire, message.messageOffset, wire.length - message.messageOffset, wire, SIGNATURE_OFFSET);
      const body = sendBody(wire);
      connection.send(Buffer.from(`${HEAD}${body.length}\r\n\r\n${body}`, 'latin1'), () => undefined);
      return arrivalKey(wire);
    },
  };
});
