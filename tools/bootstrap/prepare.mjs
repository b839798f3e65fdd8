import { bundleApps } from './bundle.mjs';
import { installMissingPrograms } from './install-programs.mjs';
import { failure, step } from './progress.mjs';
import { missingPrograms } from './programs.mjs';
import { build, dependenciesAreStale, installDependencies } from './workspace.mjs';

/**
 * Everything a fresh clone lacks: packages, servers (unless others are used) and compiled code. Ends the process with
 * the reason on a failure.
 */
export async function prepare({ externalServers = false } = {}) {
  await install({ externalServers });
  await orEnd(() =>
    step('build', async () => {
      await build();
      await bundleApps();
    }),
  );
}

/** The packages and servers alone, for who tells of the build in its own way. */
export async function install({ externalServers = false } = {}) {
  await orEnd(async () => {
    if (dependenciesAreStale()) await step('install packages', installDependencies);
    if (!externalServers && missingPrograms().length > 0)
      await step('install servers', installMissingPrograms);
  });
}

async function orEnd(work) {
  try {
    await work();
  } catch (error) {
    failure(error.message);
    process.exit(1);
  }
}
