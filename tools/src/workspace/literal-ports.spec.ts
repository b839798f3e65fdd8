/* eslint-disable capsule/literal-ports -- what it is to find */
import { join } from 'node:path';
import { testPorts } from '@capsule/testing/test-ports';
import { Linter, type Rule } from 'eslint';
import { workspace } from '../../bootstrap/workspace.mjs';

describe('a port of a spec', () => {
  let literalPorts: Rule.RuleModule;
  beforeAll(async () => {
    ({ literalPorts } = (await import(join(workspace, 'tools/lint/literal-ports.mjs'))) as {
      literalPorts: Rule.RuleModule;
    });
  });

  function faults(source: string, filename = 'tools/src/some.spec.ts'): number {
    const plugins = { capsule: { rules: { 'literal-ports': literalPorts } } };
    const config = { files: ['**/*.ts'], plugins, rules: { 'capsule/literal-ports': 'error' as const } };
    return new Linter().verify(source, config, { filename }).length;
  }

  it.each([
    ['as a number', 'const port = 27_094;'],
    ['as a setting', 'start({ firstPort: 28_300 });'],
    ['as a range', 'create({ ports: [27_710, 27_729] });'],
    ['as a variable of the environment', "const variables = { BILLING_SERVICE_PORT: '27096' };"],
    ['where a server is made to listen', "createServer().listen(27060, '127.0.0.1');"],
    ['in a program', "const program = `createServer().listen(27096, '127.0.0.1');`;"],
    ['in an address', "fetch('http://127.0.0.1:27700/app');"],
  ])('fails the lint when it is written down %s', (_, source) => {
    expect(faults(source)).toBe(1);
  });

  it.each([
    [
      'one that was given',
      "const [port] = testPorts('run.spec'); createServer().listen(port); start({ port });",
    ],
    ['one the kernel chooses', "createServer().listen(0, '127.0.0.1');"],
    ['a usual one in a text', "expect(url).toBe('postgres://localhost:5432/postgres');"],
    ['a number that is none', 'const limitMs = 20_000;'],
  ])('may be %s', (_, source) => {
    expect(faults(source)).toBe(0);
  });

  it('may be written in what is no spec', () => {
    expect(faults('const port = 27_094;', 'tools/src/chaos/main.ts')).toBe(0);
  });

  it('lies in the thousand that a checkout is given', () => {
    const [first] = testPorts('the shared servers');
    expect(first).toBe(Number(process.env['CAPSULE_TEST_FIRST_PORT']));
    const [, last] = testPorts('isolation.spec');
    expect(last).toBeLessThan(first + 1_000);
  });
});
