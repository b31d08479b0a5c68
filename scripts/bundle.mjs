// Makes one file of each process and thread that a start waits for, with what it imports from here and from most
// packages: some 900 small files took longer to find, read and compile than everything else that a start does. The
// bundles take the places of the modules that they begin with; every other module stays beside them as it was compiled.
import { readFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));

/** Of native code, or with files and threads of their own that they find by where they lie. */
const APART = [
  '@triton-one/yellowstone-grpc',
  'litesvm',
  'lmdb',
  'msgpackr',
  'pino',
  'piscina',
  'sodium-native',
  'uWebSockets.js',
];
/** The cluster's services read their descriptors from files beside them, and share the server's package. */
const CLUSTER_APART = [...APART, '@grpc/*', 'grpc-health-check', 'protobufjs'];

const BUNDLES = [
  { entries: ['src/first-steps.js', 'src/executor-process.js'], external: APART },
  { entries: ['workers/signer.js'], external: APART },
  { entries: ['localnet/cli-main.js'], external: CLUSTER_APART },
  { entries: ['localnet/engine/engine-worker.js'], external: CLUSTER_APART },
];

/** Packages in CommonJS ask for Node's own modules by it. */
const HEAD =
  "import { createRequire as createRequireOfBundle } from 'node:module';\n" +
  'const require = createRequireOfBundle(import.meta.url);';

/** Modules find files by where they lie, which in a bundle is somewhere else. */
const keepPlaces = (fromBundle) => ({
  name: 'keep-places',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/(src|workers|localnet)\/.*\.js$/ }, ({ path }) => {
      const place = JSON.stringify(fromBundle + relative(DIST, path));
      const contents = readFileSync(path, 'utf8');
      return {
        contents: contents.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`),
        resolveDir: dirname(path),
      };
    });
  },
});

export async function bundle() {
  for (const { entries, external } of BUNDLES) {
    const folder = dirname(entries[0]);
    await build({
      entryPoints: entries.map((entry) => DIST + entry),
      outdir: DIST,
      outbase: DIST,
      chunkNames: `${folder}/bundle-[hash]`,
      allowOverwrite: true,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: true,
      legalComments: 'inline',
      external: [...external],
      banner: { js: HEAD },
      plugins: [keepPlaces('../'.repeat(folder.split('/').length))],
      logLevel: 'warning',
    });
  }
}
