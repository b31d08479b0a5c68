/** The command as a shell starts it: its first line, its end, its complaints, and a ledger that survives kill -9. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClusterInfo } from '../../localnet/cluster.js';
import { admin, call } from './cluster-rpc.js';
import { addressOf } from './ledger-events.js';

const CLI = fileURLToPath(new URL('../../localnet/cli.js', import.meta.url));
const ANY_PORTS = ['--rpc-port', '0', '--ws-port', '0', '--grpc-port', '0', '--quiet'];

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

function run(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<ClusterInfo> {
  const lines = createInterface({ input: child.stdout! });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`it ended at once: ${stderr}`)));
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  ended.catch(() => undefined);
  return JSON.parse(line) as ClusterInfo;
}

async function outcome(
  child: ChildProcess,
): Promise<{ code: number | null; stderr: string; stdout: string }> {
  let stderr = '';
  let stdout = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr, stdout };
}

describe('the localnet command', () => {
  it('says where it is in its first line and ends with 0 on SIGTERM and SIGINT', async () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const child = run(...ANY_PORTS, '--seed', 'cli', '--wallets', '1');
      const info = await firstLine(child);
      expect(info.pid).toBe(child.pid);
      expect(await call(info.rpcUrl, 'getGenesisHash')).toBe(info.genesisHash);
      expect(info.pools.length).toBe(8);
      expect(info.wallets).toHaveLength(1);
      const ended = outcome(child);
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it('counts those who keep it by their open connections', async () => {
    const info = await firstLine(run(...ANY_PORTS));
    const count = async () =>
      (await admin<{ keepers: number }>(info.adminUrl, 'GET', '/keepers')).body.keepers;
    expect(await count()).toBe(0);
    const aborts = [new AbortController(), new AbortController()];
    for (const { signal } of aborts) {
      const response = await fetch(`${info.adminUrl}/keep`, { signal });
      expect(response.status).toBe(200);
    }
    expect(await count()).toBe(2);
    for (const abort of aborts) abort.abort();
    await vi.waitUntil(async () => (await count()) === 0);
  });

  it('has help, and names the flag that is wrong', async () => {
    const help = await outcome(run('--help'));
    expect(help.code).toBe(0);
    for (const flag of ['--rpc-port', '--state', '--exit-with-parent', '--chaos'])
      expect(help.stdout).toContain(flag);
    const wrong = await outcome(run('--skip-rate', '2'));
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('--skip-rate');
    expect(wrong.stderr).toContain('See: hotslot-localnet --help');
    const unknown = await outcome(run('--chaos-set', 'nothing=1'));
    expect(unknown.stderr).toContain('sendDropRate');
  });

  it('keeps over a kill -9 what it had told as processed', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'cluster-state-'));
    try {
      const args = [...ANY_PORTS, '--manual', '--state', dir, '--market-rate', '20'];
      const first = run(...args);
      const info = await firstLine(first);
      const to = addressOf(4);
      const signature = await call<string>(info.rpcUrl, 'requestAirdrop', [to, 5_000_000]);
      await admin(info.adminUrl, 'POST', '/step', { slots: 3 });
      const processed = [{ commitment: 'processed' }];
      const slot = await call<number>(info.rpcUrl, 'getSlot', processed);
      const height = await call<number>(info.rpcUrl, 'getBlockHeight', processed);
      const hash = await call<{ value: { blockhash: string } }>(info.rpcUrl, 'getLatestBlockhash', processed);
      const count = await call<number>(info.rpcUrl, 'getTransactionCount', processed);
      expect(count).toBeGreaterThan(0);
      const status = await call<{ value: { slot: number }[] }>(info.rpcUrl, 'getSignatureStatuses', [
        [signature],
      ]);
      first.kill('SIGKILL');
      await once(first, 'exit');

      const second = run(...args);
      const again = await firstLine(second);
      expect(again.genesisHash).toBe(info.genesisHash);
      expect(again.pools).toEqual(info.pools);
      expect(await call<number>(again.rpcUrl, 'getSlot', processed)).toBe(slot);
      expect(await call<number>(again.rpcUrl, 'getBlockHeight', processed)).toBe(height);
      const balance = await call<{ value: number }>(again.rpcUrl, 'getBalance', [to, ...processed]);
      expect(balance.value).toBe(5_000_000);
      const known = await call<{ value: { slot: number; confirmationStatus: string }[] }>(
        again.rpcUrl,
        'getSignatureStatuses',
        [[signature]],
      );
      expect(known.value[0]).toMatchObject({ slot: status.value[0]!.slot, confirmationStatus: 'finalized' });
      const valid = await call<{ value: boolean }>(again.rpcUrl, 'isBlockhashValid', [
        hash.value.blockhash,
        ...processed,
      ]);
      expect(valid.value).toBe(true);
      await admin(again.adminUrl, 'POST', '/step', { slots: 3 });
      expect(await call<number>(again.rpcUrl, 'getSlot', processed)).toBeGreaterThan(slot);
      expect(await call<number>(again.rpcUrl, 'getTransactionCount', processed)).toBeGreaterThanOrEqual(
        count,
      );

      const third = await outcome(run(...args));
      expect(third.code).toBe(1);
      expect(third.stderr).toContain('in use by another cluster');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
