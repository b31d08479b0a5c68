/** `keys list`, `keys rotate NAME` and `keys verify NAME`. */
import { Command } from 'commander';
import { keysListCommand } from './keys-list.js';
import { keysRotateCommand } from './keys-rotate.js';
import { keysVerifyCommand } from './keys-verify.js';

export function keysCommand(): Command {
  return new Command('keys')
    .description('the keys that trade, and the one that funds them')
    .addCommand(keysListCommand())
    .addCommand(keysRotateCommand())
    .addCommand(keysVerifyCommand());
}
