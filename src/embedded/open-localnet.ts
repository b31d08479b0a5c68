/**
 * The embedded cluster of a data directory: the one that an earlier executor left running, else a new one. Executors
 * and the commands that restart them each hold a connection to it (cluster-keep.ts); the last one to stop ends it.
 */
import { get } from 'node:http';
import { json } from 'node:stream/consumers';
import { signalProcess, waitUntilGone } from '../process-watch.js';
import { type ClusterKeep, keepCluster } from './cluster-keep.js';
import {
  type LocalnetInfo,
  localnetInfoSchema,
  readLocalnetFile,
  removeLocalnetFile,
  writeLocalnetFile,
} from './localnet-file.js';
import { type LocalnetProcess, startLocalnet } from './localnet-process.js';

const STOP_TIMEOUT_MS = 1_500;
const ADMIN_TIMEOUT_MS = 2_000;

export interface LocalnetOptions {
  readonly dataDir: string;
  /** The cluster's own command line. */
  readonly args: readonly string[];
  /** LOCALNET_ARGS: a running cluster that was started with others is ended and not adopted. */
  readonly settings: string;
  /** Ends the start. */
  readonly signal?: AbortSignal;
}

/** @throws HotslotError LOCALNET_FAILED with what it printed */
export async function openLocalnet(options: LocalnetOptions): Promise<LocalnetProcess> {
  const { dataDir, settings } = options;
  const known = readLocalnetFile(dataDir);
  const running = known === undefined ? undefined : await reach(known.info);
  if (running !== undefined) {
    const { info, keep } = running;
    if (known?.settings === settings) return shared(adopted(info, keep), keep, dataDir);
    keep.leave();
    await endCluster(info.pid);
  }
  const started = await startLocalnet(options.args, options.signal);
  try {
    const keep = await keepCluster(started.info.adminUrl);
    writeLocalnetFile(dataDir, { settings, info: started.info });
    return shared(started, keep, dataDir);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** Keeps the cluster that the file of a data directory names; undefined where none runs. */
export async function keepRunningCluster(dataDir: string): Promise<ClusterKeep | undefined> {
  const known = readLocalnetFile(dataDir);
  return known === undefined ? undefined : (await reach(known.info))?.keep;
}

/** Undefined where the cluster has gone, or another one has its port. */
async function reach(known: LocalnetInfo): Promise<{ info: LocalnetInfo; keep: ClusterKeep } | undefined> {
  let keep: ClusterKeep | undefined;
  try {
    // First of all, so that it does not end between two questions.
    keep = await keepCluster(known.adminUrl);
    const info = localnetInfoSchema.parse(await ask(known.adminUrl, '/info'));
    if (info.pid === known.pid && info.genesisHash === known.genesisHash) return { info, keep };
  } catch {
    // Whatever is there instead is no cluster of ours; a new one is started.
  }
  keep?.leave();
  return undefined;
}

/** With Node's own client: undici would have to be loaded first, while the cluster waits to be started. */
function ask(adminUrl: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, signal: AbortSignal.timeout(ADMIN_TIMEOUT_MS) };
    get(adminUrl + path, options, (response) => json(response).then(resolve, reject)).once('error', reject);
  });
}

/** No child of this process: its connection tells of its end. */
function adopted(info: LocalnetInfo, keep: ClusterKeep): LocalnetProcess {
  return {
    info,
    onExit: (listener) => keep.onGone(() => listener('the embedded cluster is not there any more')),
    stop: () => endCluster(info.pid),
  };
}

/** Is left to the others that keep it too. */
function shared(localnet: LocalnetProcess, keep: ClusterKeep, dataDir: string): LocalnetProcess {
  const { info, onExit, stop } = localnet;
  return {
    info,
    onExit,
    stop: async () => {
      const isShared = await othersKeep(info.adminUrl);
      keep.leave();
      if (isShared) return;
      await stop();
      removeLocalnetFile(dataDir);
    },
  };
}

async function othersKeep(adminUrl: string): Promise<boolean> {
  try {
    const answer = (await ask(adminUrl, '/keepers')) as { keepers?: unknown };
    return typeof answer.keepers === 'number' && answer.keepers > 1;
  } catch {
    // It does not answer: it is of no use to others either.
    return false;
  }
}

async function endCluster(pid: number): Promise<void> {
  if (!signalProcess(pid, 'SIGTERM')) return;
  if (await waitUntilGone(pid, STOP_TIMEOUT_MS)) return;
  signalProcess(pid, 'SIGKILL');
  await waitUntilGone(pid, STOP_TIMEOUT_MS);
}
