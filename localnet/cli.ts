#!/usr/bin/env node
/** `npm run localnet`. */

// Commands that look for other programs by their command lines must not find this one by a path among its arguments.
process.title = 'hotslot-localnet';

// Before the rest is loaded: a parent may end while the cluster is still starting.
const firstParentPid = process.ppid;
const { complain, runCli } = await import('./cli-main.js').catch(endWithoutServer);
try {
  await runCli(process.argv.slice(2), firstParentPid);
} catch (error) {
  complain(error);
  process.exitCode = 1;
}

/** uWebSockets.js has binaries for some versions of Node.js only; any other fault of loading is a programmer's. */
function endWithoutServer(error: unknown): never {
  if (!(error instanceof Error && error.message.includes('uWS.js'))) throw error;
  const reason = error.message.split('\n').find((line) => line.startsWith('Error: ')) ?? '';
  process.stderr.write(
    `localnet: Node.js ${process.versions.node} does not load uWebSockets.js; take 20 (from 20.18.0), 22 (from 22.12.0) or 24 (from 24.11.0), the last two with glibc 2.38 or newer. ${reason}\n`,
  );
  process.exit(1);
}

export {};
