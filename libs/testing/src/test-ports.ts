/**
 * Which ports each spec listens on. All lie in the thousand from CAPSULE_TEST_FIRST_PORT on, so that two checkouts run
 * their specs at once when they are given thousands of their own; and each spec has its own, as specs run side by side.
 *
 * They follow each other in this order: what it is for, and how many.
 */
const sizes = {
  // The servers that all specs share (tools/src/supervisor/test-environment.ts).
  'the shared servers': 10,
  'test-servers.spec': 10,
  'test-servers.spec, another copy': 10,
  'home.spec': 10,
  'postgres.spec': 10,
  'managed-process.spec': 1,
  'services.spec': 1,
  'reloading-service.spec': 1,
  'caddy.spec': 1,
  'local-source-fetcher.spec': 1,
  'embedded-engine.spec': 20,
  'run.spec': 20,
  'isolation.spec of the engine': 10,
  'build.spec': 10,
  'deploy services, by worker': 100,
  // Each of these is a whole platform.
  'platform-commands.spec': 100,
  'start-command.spec': 100,
  'stop-command.spec': 100,
  'restart.spec': 100,
  'seeds.spec': 100,
  'thread.spec': 100,
  'isolation.spec': 100,
};

export type TestPorts = keyof typeof sizes;

/** The first and the last port of a spec. */
export function testPorts(spec: TestPorts): [number, number] {
  const names = Object.keys(sizes) as TestPorts[];
  // Set for every worker by the run that started them (tools/src/supervisor/hold-test-servers.ts).
  const start = Number(process.env['CAPSULE_TEST_FIRST_PORT']);
  const first = names.slice(0, names.indexOf(spec)).reduce((next, each) => next + sizes[each], start);
  return [first, first + sizes[spec] - 1];
}
