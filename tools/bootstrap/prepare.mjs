import { installMissingPrograms } from './install-programs.mjs';
import { failure, step } from './progress.mjs';
import { missingPrograms } from './programs.mjs';
import { build, dependenciesAreStale, installDependencies } from './workspace.mjs';

/** Everything a fresh clone lacks: packages, servers and compiled code. Ends the process with the reason on a failure. */
export async function prepare() {
  try {
    if (dependenciesAreStale()) await step('install packages', installDependencies);
    if (missingPrograms().length > 0) await step('install servers', installMissingPrograms);
    await step('build', () => build());
  } catch (error) {
    failure(error.message);
    process.exit(1);
  }
}
