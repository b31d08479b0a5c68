#!/usr/bin/env node
/**
 * The command line's entry. Operators find the executor by its command line, and arguments of ours (the name of a
 * key) could look like it: so this process first takes another name, and takes no harm from the executor's signal.
 */
process.title = 'hotslot';
process.on('SIGUSR2', () => undefined);

const { runCommandLine } = await import('./main.js');
await runCommandLine();

export {};
