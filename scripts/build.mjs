// Compiles everything into dist/, with the dashboard's files, the OpenAPI document of the routes and the bundles of what
// a start waits for. The directory is made anew, so that nothing of an older build is left in it.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const run = (program, ...args) => {
  const { status } = spawnSync(program, args, { cwd: path(''), stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};

const [argument] = process.argv.slice(2);
if (argument !== undefined) {
  const isHelp = argument === '--help';
  (isHelp ? console.log : console.error)('Usage: npm run build (it takes no arguments)');
  process.exit(isHelp ? 0 : 2);
}
rmSync(path('dist/'), { recursive: true, force: true });
const compiler = path('node_modules/.bin/tsc');
run(compiler, '-p', '.');
// After the executor: its declarations are the page's types.
run(compiler, '-p', 'dashboard');
const isStatic = (name) => /\.(html|css|svg)$/.test(name);
for (const name of readdirSync(path('dashboard')).filter(isStatic))
  copyFileSync(path(`dashboard/${name}`), path(`dist/dashboard/${name}`));
copyFileSync(path('node_modules/uplot/dist/uPlot.esm.js'), path('dist/dashboard/uplot.js'));
copyFileSync(path('node_modules/uplot/dist/uPlot.min.css'), path('dist/dashboard/uplot.css'));
run(process.execPath, path('dist/src/docs/build-openapi.js'));
await bundle();
// npx makes them so where it first links them, and never again: after the next build they were denied.
const { bin } = JSON.parse(readFileSync(path('package.json'), 'utf8'));
for (const file of Object.values(bin)) chmodSync(path(file), 0o755);
