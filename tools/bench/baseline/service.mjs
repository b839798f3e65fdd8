// The other half of the hand-written pair: answers the request from Postgres inside the tenant's transaction, with the
// same role and the same row-level security. All four statements are prepared and go out in one write, COMMIT among
// them: each connection pipelines, and is corked while they are issued.
import { connect } from '@nats-io/transport-node';
import pg from 'pg';

const settings = JSON.parse(process.env.BENCH_BASELINE);
const subject = 'capsule.rpc.deploy.project.get.v1';
const pool = new pg.Pool({ ...settings.database, max: 10, min: 2, pipeline: true });
const begin = { name: 'begin', text: 'START TRANSACTION READ ONLY' };
const context = { name: 'context', text: "SELECT set_config('app.tenant_id', $1, true)" };
const select = {
  name: 'project',
  text: 'SELECT id, name, created_at, updated_at FROM projects WHERE id = $1',
};
const commit = { name: 'commit', text: 'COMMIT' };

async function getProject({ tenantId, projectId }) {
  const client = await pool.connect();
  try {
    const { stream } = client.connection;
    stream.cork();
    const answers = [
      client.query(begin),
      client.query({ ...context, values: [tenantId] }),
      client.query({ ...select, values: [projectId] }),
      client.query(commit),
    ];
    stream.uncork();
    const [, , { rows }] = await Promise.all(answers);
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
      // Nothing at all tells that there is none.
      (project) => message.respond(project && JSON.stringify(project)),
      (failure) => console.error(failure.message),
    );
  },
});
process.send('ready');
