// Compiles everything into dist/, and writes the OpenAPI document of the routes there. The directory is made anew, so that nothing of an older build is left in it.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
rmSync(new URL('../dist/', import.meta.url), { recursive: true, force: true });
const compiler = fileURLToPath(new URL('../node_modules/.bin/tsc', import.meta.url));
const compiled = spawnSync(compiler, ['-p', '.'], { cwd: root, stdio: 'inherit' });
const openApi = fileURLToPath(new URL('../dist/src/docs/build-openapi.js', import.meta.url));
process.exitCode =
  compiled.status === 0 ? spawnSync(process.execPath, [openApi], { stdio: 'inherit' }).status : 1;
