// The other half of the hand-written pair: answers the request from Postgres inside the tenant's transaction, with the
// same role, the same row-level security and prepared statements; begin and context go out in one round trip.
import { connect } from '@nats-io/transport-node';
import pg from 'pg';

const settings = JSON.parse(process.env.BENCH_BASELINE);
const subject = 'capsule.rpc.deploy.project.get.v1';
const pool = new pg.Pool({ ...settings.database, max: 10, min: 2, pipeline: true });
const context = { name: 'context', text: "SELECT set_config('app.tenant_id', $1, true)" };
const select = {
  name: 'project',
  text: 'SELECT id, name, created_at, updated_at FROM projects WHERE id = $1',
};

async function getProject({ tenantId, projectId }) {
  const client = await pool.connect();
  try {
    const [, , { rows }] = await Promise.all([
      client.query('BEGIN'),
      client.query({ ...context, values: [tenantId] }),
      client.query({ ...select, values: [projectId] }),
    ]);
    await client.query('COMMIT');
    const row = rows[0];
    return row && { id: row.id, name: row.name, createdAt: row.created_at, updatedAt: row.updated_at };
  } finally {
    client.release();
  }
}

const nc = await connect({
  servers: settings.natsUrl,
  user: 'deploy',
  pass: settings.natsPassword,
  inboxPrefix: '_INBOX_deploy',
});
nc.subscribe(subject, {
  queue: 'deploy',
  callback: (error, message) => {
    if (error) throw error;
    getProject(message.json()).then(
      (project) => message.respond(JSON.stringify(project ?? null)),
      (failure) => console.error(failure.message),
    );
  },
});
process.send('ready');
