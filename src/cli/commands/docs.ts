/** `docs`: writes the documentation's generated sections anew. For whoever changes this package. */
import type { Command } from 'commander';
import { stalePages, writePages } from '../../docs/pages.js';
import { type CommandResult, defineCommand } from '../define-command.js';
import { EXIT } from '../exit-codes.js';

interface Options {
  readonly check: boolean;
}

export function docsCommand(): Command {
  return defineCommand('docs', 'write the generated parts of docs/ anew', docs, (command) =>
    command.option('--check', 'write nothing; fail where a page is stale', false),
  );
}

async function docs({ check }: Options): Promise<CommandResult> {
  const stale = check ? stalePages() : writePages();
  return {
    exitCode: check && stale.length > 0 ? EXIT.bad : EXIT.ok,
    json: check ? { stale } : { written: stale },
    lines: stale.length === 0 ? ['Every page is current.'] : stale,
  };
}
