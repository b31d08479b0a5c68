/**
 * Reads account snapshots for `--accounts DIR`. Each `*.json` file of the folder holds what
 * `solana account --output json` prints (one account, or an array of them). A folder with an `account_keys.txt`
 * is instead a saved `getMultipleAccounts` answer: `accounts.json`, with the keys line by line in that file.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { base58 } from '@scure/base';
import { z } from 'zod';
import type { GenesisAccount } from './accounts.js';

const KEYS_FILE = 'account_keys.txt';
const RPC_ANSWER_FILE = 'accounts.json';
const U64_MAX = 0xffff_ffff_ffff_ffffn;
/** Owners whose accounts the runtime keeps itself. */
const RUNTIME_OWNERS = new Set([
  'NativeLoader1111111111111111111111111111111',
  'Sysvar1111111111111111111111111111111111111',
]);

/** A base58 string of 32 bytes. */
export const addressSchema = z.string().refine(isAddress, { error: 'is not a base58 address' });

export function isAddress(value: string): boolean {
  try {
    return base58.decode(value).length === 32;
  } catch {
    return false;
  }
}

const accountSchema = z.object({
  // JSON numbers beyond 2^53 would arrive rounded, so they are refused rather than guessed.
  lamports: z.int().nonnegative(),
  data: z.tuple([z.base64(), z.literal('base64')]),
  owner: addressSchema,
  executable: z.boolean(),
  rentEpoch: z.number().nonnegative().default(Number(U64_MAX)),
});
const fileSchema = z.object({ pubkey: addressSchema, account: accountSchema });
const filesSchema = z.union([fileSchema.transform((one) => [one]), z.array(fileSchema)]);
const rpcAnswerSchema = z.object({ result: z.object({ value: z.array(accountSchema.nullable()) }) });

function toAccount(pubkey: string, parsed: z.infer<typeof accountSchema>): GenesisAccount {
  // u64::MAX, the usual value, is not a JSON number that survives parsing.
  const rentEpoch = parsed.rentEpoch >= Number(U64_MAX) ? U64_MAX : BigInt(Math.trunc(parsed.rentEpoch));
  return {
    address: pubkey,
    account: {
      lamports: BigInt(parsed.lamports),
      owner: parsed.owner,
      executable: parsed.executable,
      rentEpoch,
      data: new Uint8Array(Buffer.from(parsed.data[0], 'base64')),
    },
  };
}

function parseJson<Schema extends z.ZodType>(file: string, schema: Schema): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file} is not readable JSON`, { cause });
  }
  const result = schema.safeParse(json);
  if (!result.success) throw new Error(`${file} holds no account: ${z.prettifyError(result.error)}`);
  return result.data;
}

function readRpcAnswer(dir: string): GenesisAccount[] {
  const lines = readFileSync(path.join(dir, KEYS_FILE), 'utf8').split('\n');
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '');
  const file = path.join(dir, RPC_ANSWER_FILE);
  const values = parseJson(file, rpcAnswerSchema).result.value;
  if (values.length !== keys.length || !keys.every(isAddress)) {
    throw new Error(`${file} has ${values.length} accounts, ${KEYS_FILE} has ${keys.length} keys`);
  }
  return values.flatMap((value, i) => (value === null ? [] : [toAccount(keys[i]!, value)]));
}

/**
 * The accounts of a folder, in the order of its file names. Builtin programs, sysvars and other executable accounts
 * are left out: programs come from `--program`. Throws Error with the file's name for anything unreadable.
 */
export function readAccountDir(dir: string): GenesisAccount[] {
  if (!existsSync(dir)) throw new Error(`accounts folder ${dir} does not exist`);
  const names = readdirSync(dir).sort();
  const accounts = names.includes(KEYS_FILE)
    ? readRpcAnswer(dir)
    : names
        .filter((name) => name.endsWith('.json'))
        .flatMap((name) => parseJson(path.join(dir, name), filesSchema))
        .map(({ pubkey, account }) => toAccount(pubkey, account));
  if (accounts.length === 0) throw new Error(`accounts folder ${dir} holds no accounts`);
  return accounts.filter(({ account }) => !account.executable && !RUNTIME_OWNERS.has(account.owner));
}
