/** `stop:trading`. */
import type { Command } from 'commander';
import { defineCommand } from '../define-command.js';
import { commandEnvironment, dataDirOf } from '../environment.js';
import { EXIT } from '../exit-codes.js';
import { withProgress } from '../output.js';
import { endExecutor, findExecutor } from '../running-executor.js';

export function stopCommand(): Command {
  return defineCommand(
    'stop',
    'end the executor in order: nothing new is taken, live trades finish or stay in the journal',
    async () => {
      const run = await findExecutor(dataDirOf(commandEnvironment()));
      if (run === undefined) {
        return { exitCode: EXIT.noExecutor, json: { stopped: false }, lines: ['No executor runs.'] };
      }
      const inOrder = await withProgress(`Waiting for the end of ${run.pid}`, endExecutor(run.pid));
      return {
        exitCode: inOrder ? EXIT.ok : EXIT.bad,
        json: { stopped: true, pid: run.pid, inOrder },
        lines: [inOrder ? `Stopped (pid ${run.pid}).` : `Killed (pid ${run.pid}): it did not end by itself.`],
      };
    },
  );
}
