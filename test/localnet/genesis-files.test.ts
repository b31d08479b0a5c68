/** `--accounts` and `--program`: what is read, and what is said of files that cannot be. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readAccountDir } from '../../localnet/genesis/account-files.js';
import { CPMM_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM } from '../../localnet/genesis/addresses.js';
import { buildGenesis } from '../../localnet/genesis/build-genesis.js';
import type { GenesisOptions } from '../../localnet/genesis/types.js';

const ADDRESS = new PublicKey(Buffer.alloc(32, 9)).toBase58();
const OTHER = new PublicKey(Buffer.alloc(32, 10)).toBase58();
const options: GenesisOptions = {
  seed: 'files',
  pools: 8,
  wallets: 1,
  traders: 0,
  fund: [],
  programs: [],
  accountDirs: [],
};
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hotslot-genesis-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const snapshot = (change: object = {}) => ({
  lamports: 1_234,
  data: [Buffer.from('hello').toString('base64'), 'base64'],
  owner: TOKEN_PROGRAM,
  executable: false,
  rentEpoch: 18446744073709551615n,
  space: 5,
  ...change,
});
/** JSON as the command line writes it: u64::MAX in full digits. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `#${v}#` : v)).replaceAll(/"#(\d+)#"/g, '$1');
const write = (name: string, value: unknown): void => writeFileSync(path.join(dir, name), json(value));

describe('accounts', () => {
  test('of `solana account --output json` are read, rent epoch and all', () => {
    write('one.json', { pubkey: ADDRESS, account: snapshot() });
    write('two.json', [{ pubkey: OTHER, account: snapshot({ rentEpoch: 361 }) }]);
    writeFileSync(path.join(dir, 'notes.txt'), 'not an account');
    const [one, two] = readAccountDir(dir);
    expect(one).toEqual({
      address: ADDRESS,
      account: {
        lamports: 1_234n,
        owner: TOKEN_PROGRAM,
        executable: false,
        rentEpoch: 2n ** 64n - 1n,
        data: new Uint8Array(Buffer.from('hello')),
      },
    });
    expect(two!.account.rentEpoch).toBe(361n);
  });

  test('of a saved getMultipleAccounts answer are read by their keys', () => {
    writeFileSync(path.join(dir, 'account_keys.txt'), `${SYSTEM_PROGRAM}\n${ADDRESS}\n${OTHER}\n`);
    const builtin = snapshot({ executable: true, owner: 'NativeLoader1111111111111111111111111111111' });
    write('accounts.json', {
      jsonrpc: '2.0',
      result: { context: { slot: 1 }, value: [builtin, null, snapshot()] },
    });
    write('other.json', { not: 'read' });
    expect(readAccountDir(dir).map(({ address }) => address)).toEqual([OTHER]);
  });

  test('take the place of made ones, and are in the genesis', () => {
    const usdc = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
    write('usdc.json', { pubkey: usdc, account: snapshot() });
    const genesis = buildGenesis({ ...options, accountDirs: [dir] });
    const found = genesis.accounts.filter(({ address }) => address === usdc);
    expect(found).toHaveLength(1);
    expect(found[0]!.account.lamports).toBe(1_234n);
  });

  const bad: [string, () => void, string][] = [
    ['no JSON', () => writeFileSync(path.join(dir, 'x.json'), '{'), 'x.json is not readable JSON'],
    ['no account', () => write('x.json', { pubkey: ADDRESS }), 'x.json holds no account'],
    ['a bad key', () => write('x.json', { pubkey: 'abc', account: snapshot() }), 'holds no account'],
    [
      'another encoding',
      () => write('x.json', { pubkey: ADDRESS, account: snapshot({ data: ['a', 'base58'] }) }),
      'holds no account',
    ],
    [
      'lamports beyond what JSON keeps',
      () => write('x.json', { pubkey: ADDRESS, account: snapshot({ lamports: 2 ** 60 }) }),
      'holds no account',
    ],
    ['nothing', () => undefined, 'holds no accounts'],
  ];
  test.each(bad)('a folder with %s is named', (_, arrange, message) => {
    arrange();
    expect(() => readAccountDir(dir)).toThrow(message);
  });

  test('a folder that is not there is named', () => {
    expect(() => readAccountDir(path.join(dir, 'absent'))).toThrow('absent does not exist');
  });
});

describe('programs', () => {
  test('the AMM is there, and a file for its id takes its place', () => {
    expect(buildGenesis(options).programs.map(({ id }) => id)).toEqual([CPMM_PROGRAM]);
    const file = path.join(dir, 'mine.so');
    writeFileSync(file, Buffer.from('\x7fELF and more', 'latin1'));
    const asked = [
      { id: CPMM_PROGRAM, file },
      { id: ADDRESS, file },
    ];
    const { programs } = buildGenesis({ ...options, programs: asked });
    expect(programs.map(({ id, bytes }) => [id, bytes.length])).toEqual([
      [CPMM_PROGRAM, 13],
      [ADDRESS, 13],
    ]);
  });

  test('files and ids that are none are named', () => {
    const text = path.join(dir, 'text.so');
    writeFileSync(text, 'text');
    const build = (id: string, file: string) => () => buildGenesis({ ...options, programs: [{ id, file }] });
    expect(build(ADDRESS, path.join(dir, 'absent.so'))).toThrow('absent.so could not be read');
    expect(build(ADDRESS, text)).toThrow('text.so is not an ELF shared object');
    expect(build('nonsense', text)).toThrow('nonsense is not a base58 address');
  });
});

test.each([
  [{ pools: 0 }, 'pools must be a whole number from 1 to'],
  [{ pools: 1.5 }, 'pools must be'],
  [{ wallets: -1 }, 'wallets must be'],
  [{ traders: 100_000 }, 'traders must be'],
  [{ fund: ['xyz'] }, 'cannot fund xyz'],
])('the option %j is refused', (change, message) => {
  expect(() => buildGenesis({ ...options, ...change })).toThrow(message);
});
