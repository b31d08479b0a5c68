// Makes a directory that runs the executor and holds nothing else: no embedded cluster, tests or compiler, and of
// native packages only the binaries of this platform. What src/ and workers/ import is what is copied, so that nothing
// has to be listed here. Usage: npm run package -- DIRECTORY
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FOLDERS = ['dist/src', 'dist/workers', 'dist/dashboard', 'proto', 'kestra'];
const FILES = ['dist/openapi.json', 'LICENSE', 'README.md', 'curl-format.txt'];
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(|createRequire\([^)]*\)\()['"]([^'".][^'"]*)['"]/g;
const TYPES = '@types/';
/** In every bundle (bundle.mjs). What it imports the modules that it was made of, which are scanned too, import as well. */
const OF_BUNDLE = 'createRequireOfBundle';

/** Every file below a folder. */
function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const packageOf = (specifier) => specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

function importedPackages() {
  const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const names = new Set();
  for (const folder of ['dist/src', 'dist/workers']) {
    for (const file of filesBelow(join(ROOT, folder)).filter((path) => path.endsWith('.js'))) {
      const text = readFileSync(file, 'utf8');
      if (text.includes(OF_BUNDLE)) continue;
      for (const [, specifier] of text.matchAll(IMPORT)) {
        const needed = packageOf(specifier);
        if (!needed.startsWith('node:') && needed !== name) names.add(needed);
      }
    }
  }
  return names;
}

/** As Node looks for it: beside, and then further out. */
function findPackage(name, from) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === resolve(ROOT) || dirname(folder) === folder) return undefined;
  }
}

/** The packages, and what they need themselves. */
function closureOf(names) {
  const found = new Set();
  const waiting = [...names].map((name) => ({ name, from: resolve(ROOT), optional: false }));
  for (const { name, from, optional } of waiting) {
    const folder = findPackage(name, from);
    if (folder === undefined) {
      if (optional) continue;
      throw new Error(`${name} is not installed: run npm ci`);
    }
    if (found.has(folder) || name.startsWith(TYPES)) continue;
    found.add(folder);
    const {
      dependencies = {},
      optionalDependencies = {},
      peerDependencies = {},
      peerDependenciesMeta = {},
    } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const needed of Object.keys(dependencies))
      waiting.push({ name: needed, from: folder, optional: needed in optionalDependencies });
    for (const needed of Object.keys(optionalDependencies))
      waiting.push({ name: needed, from: folder, optional: true });
    for (const needed of Object.keys(peerDependencies))
      if (peerDependenciesMeta[needed]?.optional !== true)
        waiting.push({ name: needed, from: folder, optional: false });
  }
  return [...found];
}

/** Binaries of other platforms and other versions of Node, and what only a compiler or a reader wants. */
function isLeftOut(path) {
  const uws = /\/uws_([a-z0-9]+)_([a-z0-9]+)_(\d+)\.node$/.exec(path);
  if (uws !== null)
    return uws[1] !== process.platform || uws[2] !== process.arch || uws[3] !== process.versions.modules;
  const prebuilt = /\/prebuilds\/([^/]+)/.exec(path);
  if (prebuilt !== null) return prebuilt[1] !== `${process.platform}-${process.arch}`;
  return /\.(d\.[cm]?ts|map|md|markdown)$/.test(path) && !/\/LICEN[CS]E/i.test(path);
}

function copy(from, to) {
  const inside = join(from, 'node_modules');
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    // What is named itself is wanted, whatever it is.
    filter: (path) => path === from || (path !== inside && !isLeftOut(path)),
  });
}

/**
 * package.json with the scripts and commands of which there is the file. Above all without `prepare`: `npx hotslot` would
 * run it, and fail without a word where there is nothing to build from.
 */
function manifestOf(directory) {
  const { scripts, bin, exports, devDependencies, ...rest } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  );
  const isThere = (file) => file !== undefined && existsSync(join(directory, file));
  const only = (entries, fileOf) =>
    Object.fromEntries(Object.entries(entries).filter(([, value]) => isThere(fileOf(value))));
  return {
    ...rest,
    bin: only(bin, (file) => file),
    exports: only(exports, (file) => file),
    scripts: only(scripts, (line) => /node (dist\/\S+)/.exec(line)?.[1]),
  };
}

const USAGE = 'Usage: npm run package -- DIRECTORY (an empty one, or one that is not there yet)';
const [target, ...more] = process.argv.slice(2);
if (target === '--help' || target === '-h') {
  console.log(USAGE);
  process.exit(0);
}
if (target === undefined || target.startsWith('-') || more.length > 0) {
  console.error(USAGE);
  process.exit(2);
}
const directory = resolve(target);
if (existsSync(directory) && readdirSync(directory).length > 0) {
  console.error(`${directory} is not empty.`);
  process.exit(2);
}
try {
  mkdirSync(directory, { recursive: true });
  for (const path of [...FOLDERS, ...FILES].filter((one) => existsSync(join(ROOT, one))))
    copy(join(ROOT, path), join(directory, path));
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifestOf(directory), null, 2)}\n`);
  const packages = closureOf(importedPackages());
  const modules = realpathSync(join(ROOT, 'node_modules'));
  for (const folder of packages)
    copy(folder, join(directory, 'node_modules', relative(modules, realpathSync(folder))));
  console.log(`${directory}: ${packages.length} packages, ${filesBelow(directory).length} files`);
} catch (error) {
  rmSync(directory, { recursive: true, force: true });
  console.error(error.message);
  process.exit(1);
}
