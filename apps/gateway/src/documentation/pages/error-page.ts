import { type ErrorCode, errorCatalogue, httpStatus } from '@capsule/contracts';
import { DomainError, toProblem } from '@capsule/errors';
import { routesAnswering } from '../error-pages.js';
import { html, type Html, prose } from './html.js';
import { layout } from './layout.js';
import { table } from './schema-table.js';

/** The page that the `type` of a problem leads to. */
export function errorPage(code: ErrorCode): string {
  const { kind, title, when, remedy } = errorCatalogue[code];
  const content = html`<h1>${title}</h1>
    <p class="soft"><code>${code}</code> · HTTP ${httpStatus(kind)}</p>
    <h4>When</h4>
    <p>${prose(when)}</p>
    <h4>What to do</h4>
    <p>${prose(remedy)}</p>
    <h4>Example</h4>
    <pre>${JSON.stringify(toProblem(new DomainError(code)), null, 2)}</pre>
    <h4>Routes</h4>
    <ul>
      ${routesAnswering(code).map((route) => html`<li><code>${route}</code></li>`)}
    </ul>`;
  return layout(title, navigation(), content);
}

export function errorListPage(): string {
  const rows = codes.map((code) => [
    html`<a href="/docs/errors/${code}"><code>${code}</code></a>`,
    html`${httpStatus(errorCatalogue[code].kind)}`,
    html`${errorCatalogue[code].title}`,
  ]);
  return layout(
    'Errors',
    navigation(),
    html`<h1>Errors</h1>
      ${table(['Code', 'HTTP', 'Meaning'], rows)}`,
  );
}

const codes = Object.keys(errorCatalogue) as ErrorCode[];

function navigation(): Html {
  return html`<h2>Errors</h2>
    <ul>
      ${codes.map((code) => html`<li><a href="/docs/errors/${code}">${code}</a></li>`)}
    </ul>`;
}
