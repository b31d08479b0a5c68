/** Keys go in and out as solana-keygen's files, get what they are short of from the master key, and give back to it. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, startCluster } from '../localnet/cluster.js';
import { openKeystore } from '../src/embedded/embedded-keys.js';
import { ChainReader } from '../src/send/chain-reader.js';
import { RpcClient } from '../src/send/rpc-client.js';
import { RpcPool } from '../src/send/rpc-pool.js';
import { tokenHoldingsOf } from '../src/send/token-accounts.js';
import { systemClock } from '../src/time/clock.js';
import { runHotslot } from './support/run-hotslot.js';

const ENTRY = fileURLToPath(new URL('../src/cli/hotslot.js', import.meta.url));
const WRONG_USE = 2;

let directory: string;
let settings: Readonly<Record<string, string>>;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'hotslot-cli-keys-'));
  settings = {
    HOTSLOT_URL: 'http://127.0.0.1:1',
    KEYSTORE_PATH: join(directory, 'keystore.json'),
    KEYSTORE_PASSPHRASE_FILE: join(directory, 'passphrase'),
  };
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function keys(...args: string[]) {
  const child = spawn(process.execPath, [ENTRY, 'keys', ...args, '--json'], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', ...settings },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise((done) => child.once('close', done));
  return { code, stdout, stderr, json: JSON.parse(stdout.trimEnd().split('\n').at(-1)!) };
}

/** As solana-keygen writes it. */
function keygenFile(name: string, keypair: Keypair): string {
  const path = join(directory, name);
  writeFileSync(path, JSON.stringify([...keypair.secretKey]), { mode: 0o600 });
  return path;
}

const mine = Keypair.generate();

describe('the keystore by commands', () => {
  it('is made by the first key, once there is a passphrase', async () => {
    const without = await keys('generate', 'master');
    expect([without.code, without.json.code]).toEqual([WRONG_USE, 'KEYSTORE_INVALID']);
    expect(without.json.error).toContain('passphrase');
    writeFileSync(settings.KEYSTORE_PASSPHRASE_FILE!, 'for tests only\n', { mode: 0o600 });
    expect((await keys('generate', 'master')).json.name).toBe('master');
    expect(statSync(settings.KEYSTORE_PATH!).mode & 0o777).toBe(0o600);
  });

  it('takes a key of solana-keygen in, and gives it out again as it was', async () => {
    const path = keygenFile('id.json', mine);
    const imported = await keys('import', 'trading-key-1', path);
    expect(imported.json).toEqual({ name: 'trading-key-1', address: mine.publicKey.toBase58() });
    const out = join(directory, 'out.json');
    expect((await keys('export', 'trading-key-1', out)).code).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe(readFileSync(path, 'utf8'));
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });

  it('refuses what is there already, what others can read, and what is no key; and quotes no secret', async () => {
    const path = join(directory, 'id.json');
    const broken = keygenFile('broken.json', mine);
    writeFileSync(broken, readFileSync(path, 'utf8').replace(']', ',7]'));
    const open = keygenFile('open.json', Keypair.generate());
    chmodSync(open, 0o644);
    const refusals = await Promise.all([
      keys('import', 'trading-key-1', keygenFile('other.json', Keypair.generate())),
      keys('import', 'trading-key-2', path),
      keys('import', 'trading-key-2', broken),
      keys('import', 'trading-key-2', open),
      keys('export', 'trading-key-1', join(directory, 'out.json')),
      keys('generate', 'master'),
    ]);
    const codes = refusals.slice(2, 5).map(({ json }) => json.code);
    expect(codes).toEqual(['KEYPAIR_FILE_INVALID', 'KEYPAIR_FILE_INVALID', 'EEXIST']);
    const secret = [...mine.secretKey].slice(0, 8).join(',');
    for (const { code, stdout, stderr } of refusals) {
      expect(code).toBe(WRONG_USE);
      expect(stdout + stderr).not.toContain(secret);
    }
    expect((await keys('list')).json.keys.map((key: { name: string }) => key.name)).toEqual([
      'master',
      'trading-key-1',
    ]);
  });
});

describe('what is wrong', () => {
  it('is told as it is: no such key, a name that is taken, a file that is missing or there', async () => {
    const [unknown, taken, missing, noFolder, there] = await Promise.all([
      keys('export', 'nope', join(directory, 'nope.json')),
      keys('generate', 'master'),
      keys('import', 'trading-key-3', 'gone.json'),
      keys('export', 'trading-key-1', 'no-folder/out.json'),
      keys('export', 'trading-key-1', 'out.json'),
    ]);
    expect([unknown, taken, missing, noFolder, there].map(({ json }) => json.error)).toEqual([
      'KEY_UNKNOWN: The keystore has no key of this name. nope',
      'KEY_EXISTS: The keystore has this name or this key already. master',
      'gone.json is not there',
      'the directory no-folder is not there',
      'out.json is there already',
    ]);
    expect(missing.stderr).toContain('gone.json is not there\n');
  });
});

describe('the master key', () => {
  let cluster: Cluster;

  beforeAll(async () => {
    const paths = { keystore: settings.KEYSTORE_PATH!, passphrase: settings.KEYSTORE_PASSPHRASE_FILE! };
    const keystore = await openKeystore(paths);
    keystore.generate('retired-trading-key-1-1').wipe();
    await keystore.save();
    const addressOf = (name: string) => keystore.entries().find((one) => one.name === name)!.address;
    cluster = await startCluster({
      seed: 'cli-keys',
      conditions: { slotMs: 20 },
      fund: [addressOf('master'), addressOf('retired-trading-key-1-1')],
    });
    keystore.close();
    settings = {
      ...settings,
      RPC_ENDPOINTS: cluster.info.rpcUrl,
      YELLOWSTONE_ENDPOINTS: cluster.info.grpcEndpoint,
      POOLS: cluster.info.pools[0]!.address,
    };
  });
  afterAll(() => cluster.close());

  /** Of a key, as the chain has it. */
  async function held(name: string) {
    const key = (await keys('list')).json.keys.find((one: { name: string }) => one.name === name);
    const client = new RpcClient({ url: cluster.info.rpcUrl, connections: 1, timeoutMs: 5_000 });
    const rpc = new RpcPool([client], systemClock);
    try {
      const { accounts } = await new ChainReader(rpc).accounts([key.address], 'confirmed');
      const tokens = (await tokenHoldingsOf(rpc, key.address)).filter(({ amount }) => amount > 0n);
      return { lamports: accounts[0]?.lamports ?? 0n, tokens: tokens.length };
    } finally {
      await client.close();
    }
  }

  it('funds a trading key once, and only what it is short of', async () => {
    const first = await keys('fund', 'trading-key-1');
    expect([first.code, first.json.lamports]).toEqual([0, '60000000']);
    expect((await keys('fund', 'trading-key-1')).json.lamports).toBe('0');
    expect((await keys('fund', 'master')).code).toBe(WRONG_USE);
    expect((await keys('fund', 'trading-key-7')).json.code).toBe('KEY_UNKNOWN');
    const nope = await keys('verify', 'nope');
    expect([nope.code, nope.json.code]).toEqual([WRONG_USE, 'KEY_UNKNOWN']);
  });

  it('gets everything that a retired key has, and nothing of one in use', async () => {
    const retired = 'retired-trading-key-1-1';
    const before = await held(retired);
    expect([before.lamports > 0n, before.tokens]).toEqual([true, cluster.info.mints.length]);
    const listed = (await keys('list')).json.keys.map(({ name }: { name: string }) => name);
    expect(listed).toEqual(['master', retired, 'trading-key-1']);
    const balances = await runHotslot(directory, ['check-balances'], settings);
    const named = balances.stdout.split('\n').filter((line) => / w?SOL$/.test(line));
    // What the wallet holds, and what is wrapped in a token account, of master and of the retired key.
    expect(named.map((line) => line.split(' ').at(-1))).toEqual(['SOL', 'wSOL', 'SOL', 'wSOL', 'SOL']);
    const swept = await keys('sweep', retired);
    expect(swept.json).toMatchObject({ name: retired, tokens: before.tokens, left: [] });
    expect(BigInt(swept.json.lamports)).toBe(before.lamports);
    expect(await held(retired)).toEqual({ lamports: 0n, tokens: 0 });
    const again = await keys('sweep', retired);
    expect([again.code, again.json.lamports, again.json.tokens]).toEqual([0, '0', 0]);
    expect((await keys('sweep', 'trading-key-1')).code).toBe(WRONG_USE);
  });
});
