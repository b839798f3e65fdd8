/** `npm run env:example` writes `.env.example` from the schemas; with `--check` it only tells whether it is stale. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  authEnvironment,
  backupEnvironments,
  billingEnvironment,
  deployEnvironment,
  gatewayEnvironment,
  migrationEnvironments,
  monitorEnvironment,
  platformEnvironment,
  provisionerEnvironment,
  renderExample,
} from '@capsule/config';

const file = resolve(import.meta.dirname, '../../../.env.example');
const wanted = renderExample([
  platformEnvironment,
  gatewayEnvironment,
  authEnvironment,
  billingEnvironment,
  deployEnvironment,
  monitorEnvironment,
  ...Object.values(migrationEnvironments),
  provisionerEnvironment,
  ...Object.values(backupEnvironments),
]);

if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== wanted) {
    console.error('.env.example is stale: run `npm run env:example` and commit it.');
    process.exit(1);
  }
} else {
  writeFileSync(file, wanted);
}
