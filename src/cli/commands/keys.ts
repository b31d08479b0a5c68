/** `keys list`, `rotate`, `verify`, `fund`, `sweep`, `generate`, `import` and `export`. */
import { Command } from 'commander';
import { keysExportCommand } from './keys-export.js';
import { keysGenerateCommand } from './keys-generate.js';
import { keysImportCommand } from './keys-import.js';
import { keysListCommand } from './keys-list.js';
import { keysRotateCommand } from './keys-rotate.js';
import { keysFundCommand, keysSweepCommand } from './keys-transfer.js';
import { keysVerifyCommand } from './keys-verify.js';

export function keysCommand(): Command {
  return new Command('keys')
    .description('the keys that trade, and the one that funds them')
    .addCommand(keysListCommand())
    .addCommand(keysRotateCommand())
    .addCommand(keysVerifyCommand())
    .addCommand(keysFundCommand())
    .addCommand(keysSweepCommand())
    .addCommand(keysGenerateCommand())
    .addCommand(keysImportCommand())
    .addCommand(keysExportCommand());
}
