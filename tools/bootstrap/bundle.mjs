// The programs of the apps as few files (docs/adr/0015). A service consists of some two thousand modules, and to find,
// open and link each of them takes Node longer than everything else a service does until it is ready.
//
//   apps/<app>/dist/main.js               what the compiler wrote: for specs, `nx serve` and whoever reaches into a service
//   tools/dist/bundle/<app>/main.mjs      the same program and all it imports: what the platform runs
//
// Made anew when a file that went into them is not the one that is there, this one and the bundler included, or when a
// program was added. What programs share is named by its content and
// stays for a while when it is no longer needed: one that runs may load it later. A crash leaves files without the record
// that comes last, and the next run makes them again.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { workspace as checkout } from './workspace.mjs';

const programs = ['main.js', 'command.js'];
/** What makes them of their inputs. */
const makers = ['tools/bootstrap/bundle.mjs', 'node_modules/esbuild/package.json'];
const sharedKeptMs = 7 * 24 * 3_600_000;

/** Native code, what must be loaded once and before everything, and what few processes load at all. */
const loadedAsTheyAre = [
  'bcrypt',
  'reflect-metadata',
  '@opentelemetry/api',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/resources',
  '@opentelemetry/sdk-trace',
];
/** What frameworks try to import and do without. */
const absent = [
  '@fastify/multipart',
  '@fastify/static',
  '@fastify/view',
  '@grpc/grpc-js',
  '@grpc/proto-loader',
  '@mikro-orm/core',
  '@nestjs/axios',
  '@nestjs/mongoose',
  '@nestjs/platform-express',
  '@nestjs/sequelize',
  '@nestjs/websockets',
  'amqp-connection-manager',
  'amqplib',
  'class-transformer',
  'class-validator',
  'kafkajs',
  'mqtt',
  'nats',
];

/** CommonJS packages find what they take for granted. */
const banner = `import 'reflect-metadata';
import { createRequire as bundleRequire } from 'node:module';
const require = bundleRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
const __nameClass = (target, value) => Object.defineProperty(target, 'name', { value, configurable: true });`;

/** How esbuild gives back the name it took from a function, at each of its evaluations, or from a class. */
const nameHelper =
  'var __name = (target, value) => __defProp(target, "name", { value, configurable: true });';

/** Where the program of an app lies that the platform runs. */
export function bundledProgram(workspace, app, program) {
  return join(folderOf(workspace), app, `${program}.mjs`);
}

/** Rejects with what could not be bundled. */
export async function bundleApps(workspace = checkout) {
  const folder = folderOf(workspace);
  const record = join(folder, 'inputs.json');
  const programsNow = entryPoints(workspace);
  if (isFresh(workspace, record, programsNow)) return;
  const { build } = await import('esbuild');
  const { metafile, outputFiles } = await build({
    absWorkingDir: workspace,
    entryPoints: programsNow,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    // All files lie at the same depth, see ownPlaces.
    chunkNames: 'shared/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    keepNames: true,
    external: [...loadedAsTheyAre, ...absent],
    banner: { js: banner },
    plugins: [ownPlaces(folder)],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const shared = outputFiles.filter(({ path }) => basename(dirname(path)) === 'shared');
  // Nothing that is there may name what isn't yet.
  for (const { path, text } of [...shared, ...outputFiles.filter((file) => !shared.includes(file))]) {
    replace(path, nameClassesOnly(text));
  }
  const inputs = Object.keys(metafile.inputs).filter((path) => existsSync(join(workspace, path)));
  const states = [...inputs, ...makers].map((path) => [path, stateOf(workspace, path)]);
  replace(record, JSON.stringify({ programs: Object.keys(programsNow), states }));
  removeOld(
    join(folder, 'shared'),
    shared.map(({ path }) => basename(path)),
  );
}

/**
 * Nest's log contexts and TypeORM's aliases are names of classes. Functions are named in stack traces anyway, and to
 * name each closure that a request makes would cost a fifth of the throughput.
 * @throws when esbuild names them in another way
 */
function nameClassesOnly(text) {
  if (text.includes('var __name =') && !text.includes(nameHelper))
    throw new Error('esbuild names functions in a new way.');
  return text
    .replace(nameHelper, 'var __name = (target) => target;')
    .replaceAll(/static \{\s*__name\(this, /g, 'static { __nameClass(this, ');
}

function folderOf(workspace) {
  return join(workspace, 'tools/dist/bundle');
}

/** By the program's path in the bundle, without its extension. */
function entryPoints(workspace) {
  const apps = readdirSync(join(workspace, 'apps'));
  const compiled = apps.flatMap((app) =>
    programs.map((program) => [
      `${app}/${basename(program, '.js')}`,
      join(workspace, 'apps', app, 'dist', program),
    ]),
  );
  return Object.fromEntries(compiled.filter(([, path]) => existsSync(path)));
}

function isFresh(workspace, record, programsNow) {
  if (!existsSync(record)) return false;
  const { programs: made = [], states = [] } = JSON.parse(readFileSync(record, 'utf8'));
  return (
    Object.keys(programsNow).every((program) => made.includes(program)) &&
    states.every(([path, state]) => stateOf(workspace, path) === state)
  );
}

function stateOf(workspace, path) {
  const stat = statSync(join(workspace, path), { throwIfNoEntry: false });
  return stat ? `${stat.size} ${stat.mtimeMs}` : 'absent';
}

/** Somebody may be reading what is there. */
function replace(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const made = `${path}.${process.pid}`;
  writeFileSync(made, contents);
  renameSync(made, path);
}

function removeOld(folder, needed) {
  for (const name of readdirSync(folder).filter((each) => !needed.includes(each))) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat && Date.now() - stat.mtimeMs > sharedKeptMs) rmSync(path, { force: true });
  }
}

/** A file of ours that finds others by where it lies itself goes on to lie there. */
function ownPlaces(folder) {
  return {
    name: 'own places',
    setup({ onLoad }) {
      onLoad({ filter: /\/(apps|libs)\/[^/]+\/dist\/.*\.js$/ }, ({ path }) => {
        const place = JSON.stringify(relative(join(folder, 'any'), path));
        const text = readFileSync(path, 'utf8');
        return {
          contents: text.replaceAll('import.meta.url', `new URL(${place}, import.meta.url).href`),
          resolveDir: dirname(path),
        };
      });
    },
  };
}
