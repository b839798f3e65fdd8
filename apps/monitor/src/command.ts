/**
 * `node --env-file=.env apps/monitor/dist/command.js …`
 *
 *   dead-letters|drift …      see libs/outbox and libs/database for each
 *   seed                      see seed/
 *   tenant <id|domain>        who that is
 *   provision                 makes tenants' schemas until it is stopped
 *   tenants <verb> …          the migrations of all tenants' schemas
 *
 * The last two connect as the owner and load neither Nest nor TypeORM: one of them stays. Exit codes: 0 done, 1 it could
 * not be done (for a part of the tenants), 2 wrong usage or environment.
 */
const [word = '', ...rest] = process.argv.slice(2);

switch (word) {
  case 'provision':
    await run(async () => (await import('./provisioning/provision.command.js')).provision());
    break;
  case 'tenants':
    await run(async () => (await import('./provisioning/tenants.command.js')).tenantsCommand(rest));
    break;
  default:
    await (await import('./service.command.js')).serviceCommand();
}

async function run(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (rest.includes('--json')) console.log(JSON.stringify({ error: { message: error.message } }));
    else process.stderr.write(`capsule monitor: ${error.message}\n`);
    const isUnread = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    process.exitCode = isUnread || ['UsageError', 'EnvironmentError'].includes(error.name) ? 2 : 1;
  }
}
