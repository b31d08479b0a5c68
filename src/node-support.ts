/**
 * Which versions of Node.js the executor runs on. For newer ones uWebSockets.js decides it: its binaries are made for one
 * version of Node's own interface (ABI) each, and those for Node.js 22 and later ask for a newer C library than that for
 * 20.
 */
import { createRequire } from 'node:module';
import { HotslotError } from './errors/hotslot-error.js';

/** What was tried, as `engines` in package.json has it. */
export const TRIED_NODE = '20 (from 20.18.0), 22 (from 22.12.0) or 24 (from 24.11.0)';

/** Nothing older was tried. */
const LEAST = { major: 20, minor: 18 };

/** This process, or a test's stand-in for it. */
export interface NodeAtHand {
  /** As in `process.versions.node`. */
  readonly version: string;
  /** Of Node's interface to native modules, as in `process.versions.modules`. */
  readonly abi: string;
  /** Version of glibc; undefined where the C library is another. */
  libc(): string | undefined;
  /** Loads uWebSockets.js, which throws where it has no binary that loads here. */
  loadServer(): void;
}

const thisNode: NodeAtHand = {
  version: process.versions.node,
  abi: process.versions.modules,
  libc: () => {
    const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
    return header.glibcVersionRuntime;
  },
  loadServer: () => void createRequire(import.meta.url)('uWebSockets.js'),
};

/**
 * What keeps the executor from running here, as NODE_UNSUPPORTED with one line that says what would do; undefined where
 * nothing does. It finds out by loading the library, so that one of another origin (docs/SECURITY.md) counts as it is.
 */
export function nodeFault(node: NodeAtHand = thisNode): HotslotError | undefined {
  if (isTooOld(node.version)) return fault(node, `is too old: take Node.js ${TRIED_NODE}.`);
  try {
    node.loadServer();
    return undefined;
  } catch (error) {
    return fault(node, reasonOf(error instanceof Error ? error.message : String(error), node));
  }
}

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < LEAST.major || (major === LEAST.major && minor < LEAST.minor);
}

function fault(node: NodeAtHand, reason: string): HotslotError {
  return new HotslotError('NODE_UNSUPPORTED', { detail: `Node.js ${node.version} ${reason}` });
}

/** The package answers with a sentence of its own, and then with what the loader said. */
function reasonOf(message: string, node: NodeAtHand): string {
  const libc = /version [`']GLIBC_([\d.]+)' not found/.exec(message)?.[1];
  if (libc !== undefined)
    return (
      `needs glibc ${libc} or newer for uWebSockets.js, and here is ${node.libc() ?? 'another C library'}: ` +
      'take Debian 13, Ubuntu 24.04 or newer, or Node.js 20 (from 20.18.0).'
    );
  if (/Cannot find module '\.\/uws_/.test(message))
    return `has no binary in uWebSockets.js (ABI ${node.abi}): take Node.js ${TRIED_NODE}.`;
  return `does not load uWebSockets.js: ${message.trim().split('\n').at(-1) ?? ''}`;
}
