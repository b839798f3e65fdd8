import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { boundaries } from './tools/lint/boundaries.mjs';
import { literalPorts } from './tools/lint/literal-ports.mjs';

const capsule = { rules: { boundaries, 'literal-ports': literalPorts } };

export default defineConfig(
  { ignores: ['**/dist/**', '**/node_modules/**', '.capsule/**', '.nx/**', 'examples/**'] },
  {
    files: ['apps/**/*.ts', 'libs/**/*.ts', 'tools/**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { project: ['./tsconfig.spec.json'], tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': tseslint.plugin, capsule },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'capsule/boundaries': 'error',
      'capsule/literal-ports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    // Specs look into answers and mocks of any shape.
    files: ['apps/**/*.ts', 'libs/**/*.ts', 'tools/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*.fixture.ts', 'libs/testing/**'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
    },
  },
  {
    // The environment is read in one file per program of an app; tools and specs start processes and so hand theirs on.
    files: ['apps/**/*.ts', 'libs/**/*.ts'],
    ignores: [
      'apps/*/src/config.ts',
      'apps/*/src/*-config.ts',
      '**/*.spec.ts',
      '**/*.fixture.ts',
      'libs/testing/**',
    ],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: "Read the environment in the app's config.ts only." },
      ],
    },
  },
  {
    // Plain modules are in no TypeScript project, which rules about types would need; the import table holds for them too.
    files: ['apps/**/*.mjs', 'libs/**/*.mjs', 'tools/**/*.mjs'],
    // Programs that a spec starts: they use their own lib as another process would, by its name.
    ignores: ['libs/*/src/fixtures/**'],
    plugins: { capsule },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: { 'capsule/boundaries': 'error' },
  },
);
