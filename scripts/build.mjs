// Compiles everything into dist/. The directory is made anew, so that nothing of an older build is left in it.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
rmSync(new URL('../dist/', import.meta.url), { recursive: true, force: true });
const compiler = fileURLToPath(new URL('../node_modules/.bin/tsc', import.meta.url));
const compiled = spawnSync(compiler, ['-p', '.'], { cwd: root, stdio: 'inherit' });
process.exitCode = compiled.status ?? 1;
