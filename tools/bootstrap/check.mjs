/**
 * `npm run check`: what can be told of the tree without running the platform. Every step runs even when an earlier one
 * failed, so that one run tells all that is wrong.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { requireNodeVersion } from './node-version.mjs';
import { install } from './prepare.mjs';
import { build, workspace } from './workspace.mjs';

requireNodeVersion();
// Not the build: one that fails is told beside the other faults, and the steps that can do without it still run.
await install();

const node = process.execPath;
const bin = (path) => join(workspace, 'node_modules', path);
const services = ['auth', 'billing', 'deploy', 'monitor'];

const steps = [
  ['format', [bin('prettier/bin/prettier.cjs'), '--check', '--log-level=warn', '.']],
  ['types of specs', [bin('typescript7/bin/tsc'), '-p', 'tsconfig.spec.json']],
  ['lint and boundaries', [bin('eslint/bin/eslint.js'), '--max-warnings=0', 'apps', 'libs', 'tools']],
  ['lint of cycles and mistakes', [bin('oxlint/bin/oxlint'), '--deny-warnings']],
  ['migrations block no running service', ['tools/lint/migrations.mjs']],
  ['merged migrations say what they said', ['tools/lint/released-migrations.mjs']],
  ['.env.example is fresh', ['tools/dist/workspace/env-example.js', '--check']],
  ['OpenAPI document is fresh', ['apps/gateway/dist/command.js', 'openapi', '--check']],
  ['error pages are fresh', ['apps/gateway/dist/command.js', 'error-pages', '--check']],
  ['migrations on empty databases, without drift', ['tools/dist/workspace/drift.js', ...services]],
];

const failures = [];

function report(name, startedAt, problem) {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1).padStart(6);
  console.log(`${problem === undefined ? '  ok  ' : ' FAIL '} ${seconds} s  ${name}`);
  if (problem === undefined) return;
  failures.push(name);
  console.log(problem.trim().replaceAll(/^/gm, '        '));
}

const builtAt = Date.now();
await build().then(
  () => report('types and build', builtAt),
  (error) => report('types and build', builtAt, error.message),
);

for (const [name, command] of steps) {
  const startedAt = Date.now();
  const result = spawnSync(node, command, { cwd: workspace, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const output = `${result.stdout}${result.stderr}`;
  report(
    name,
    startedAt,
    result.status === 0 ? undefined : output || `ended with ${result.status ?? result.signal}`,
  );
}

if (failures.length > 0) {
  console.log(`\nFailed: ${failures.join(', ')}.`);
  process.exit(1);
}
