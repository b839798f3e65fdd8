import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspace } from '../../bootstrap/workspace.mjs';
import { portVariables } from './private-platform.js';

it('the runbook names every port that a second copy has to move', () => {
  const runbook = readFileSync(join(workspace, 'docs/runbooks/infrastructure.md'), 'utf8');
  const [, first = ''] = /^GATEWAY_PORT=(\d+)$/m.exec(runbook) ?? [];
  const lines = Object.entries(portVariables(Number(first))).map(([name, value]) => `${name}=${value}`);
  expect(runbook).toContain(`\`\`\`sh\n${lines.join('\n')}\n\`\`\``);
});
