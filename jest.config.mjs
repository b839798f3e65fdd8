// Specs run as ES modules straight from the TypeScript sources: swc compiles a file at a time, and the
// "@capsule/source" condition makes a workspace import resolve to sources too, so no build is needed.
const swc = [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
      keepClassNames: true,
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  },
];

export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@capsule/source', 'node', 'node-addons'] },
  roots: ['<rootDir>/apps', '<rootDir>/libs', '<rootDir>/tools'],
  testMatch: ['**/*.spec.ts'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.capsule/'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': swc,
    // The one dependency that is CommonJS for Node but whose entry Jest would load as ESM.
    'node_modules/cookie/.+\\.js$': [swc[0], { ...swc[1], module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: ['node_modules/(?!cookie/)'],
  testTimeout: 30_000,
  // Most of a spec is waiting for processes: even two cores carry two at a time. A worker keeps the modules of every spec
  // it has run, so it is begun anew before it has too many of them.
  maxWorkers: 2,
  workerIdleMemoryLimit: '1500MB',
  globalSetup: '<rootDir>/tools/bootstrap/jest-servers.mjs',
  globalTeardown: '<rootDir>/tools/bootstrap/jest-teardown.mjs',
};
