/** The commands of an operators' book: every command of its `bash` blocks, as it stands there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** HOTSLOT_RUNBOOK, else the book beside the repository, else the repository's own. */
export function bookPath(root: string, environment: NodeJS.ProcessEnv): string {
  if (environment.HOTSLOT_RUNBOOK) return environment.HOTSLOT_RUNBOOK;
  const beside = join(root, '../shared/runbook.md');
  return existsSync(beside) ? beside : join(root, 'docs/RUNBOOK.md');
}

/** Each once, in the book's order; a command that goes on over lines stays as it is written. */
export function commandsOf(path: string): string[] {
  const commands: string[] = [];
  for (const block of bashBlocks(readFileSync(path, 'utf8'))) {
    let open = '';
    for (const line of block) {
      const text = open === '' ? line.trim() : line;
      if (open === '' && (text === '' || text.startsWith('#'))) continue;
      open += open === '' ? text : `\n${text}`;
      if (text.endsWith('\\')) continue;
      commands.push(open);
      open = '';
    }
  }
  return [...new Set(commands)];
}

function bashBlocks(text: string): string[][] {
  const blocks: string[][] = [];
  let block: string[] | undefined;
  for (const line of text.split('\n')) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence === null) block?.push(line);
    else if (block !== undefined) {
      blocks.push(block);
      block = undefined;
    } else if (fence[1] === 'bash') block = [];
    else if (fence[1] !== undefined) block = undefined;
  }
  return blocks;
}
