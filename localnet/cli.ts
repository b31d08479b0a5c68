#!/usr/bin/env node
/** `npm run localnet`. */

// Commands that look for other programs by their command lines must not find this one by a path among its arguments.
process.title = 'hotslot-localnet';

// Before the rest is loaded: a parent may end while the cluster is still starting.
const firstParentPid = process.ppid;
const { complain, runCli } = await import('./cli-main.js');
try {
  await runCli(process.argv.slice(2), firstParentPid);
} catch (error) {
  complain(error);
  process.exitCode = 1;
}

export {};
