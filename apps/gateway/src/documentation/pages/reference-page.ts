import { endpoints } from '@capsule/contracts';
import type { OpenApiDocument } from '../openapi-document.js';
import { problemsOf } from '../problem-responses.js';
import { html, type Html, prose } from './html.js';
import { layout } from './layout.js';
import { operationArticle } from './operation-article.js';
import { fieldTable } from './schema-table.js';

/** The page at /docs: the OpenAPI document for reading. */
export function referencePage(document: OpenApiDocument): string {
  const paragraphs = String(document.info['description']).split('\n\n');
  const content = html`<h1>${String(document.info['title'])}</h1>
    ${paragraphs.map((paragraph) => html`<p>${prose(paragraph)}</p>`)}
    <p>
      For programs: <a href="/v1/openapi.json">the OpenAPI document</a>. For errors:
      <a href="/docs/errors">every code and what to do about it</a>.
    </p>
    <h2 id="first-steps">First steps</h2>
    <pre>${firstSteps}</pre>
    ${document.tags.map((tag) => tagSection(document, tag))}
    <h2 id="schemas">Schemas</h2>
    ${schemaArticles(document)}`;
  return layout(String(document.info['title']), navigation(document), content);
}

/** Stands for scheme and host in the page, whoever serves it puts in what the reader reached it by. */
export const ORIGIN = 'http://origin.invalid';

const firstSteps = `API=${ORIGIN}
field() { sed -n 's/.*"'"$1"'":"\\([^"]*\\)".*/\\1/p'; }
TOKEN=$(curl -s -X POST "$API/v1/auth/sign-up" -H 'Content-Type: application/json' \\
  -d '{"email":"ada@example.com","password":"correct horse battery","name":"Ada Lovelace","organizationName":"Acme"}' | field accessToken)
PROJECT_ID=$(curl -s -X POST "$API/v1/projects" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -d '{"name":"Website"}' | field id)
APP_ID=$(curl -s -X POST "$API/v1/projects/$PROJECT_ID/apps" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -d '{"name":"hello"}' | field id)
tar -czf - -C examples/hello-node . | curl -X POST "$API/v1/apps/$APP_ID/deployments" \\
  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/gzip' --data-binary @-`;

function navigation(document: OpenApiDocument): Html {
  const sections = document.tags.map(
    (tag) =>
      html`<h2>${tag.name}</h2>
        <ul>
          ${endpoints
            .filter((endpoint) => endpoint.tag === tag.name)
            .map(
              ({ operationId, method, summary }) =>
                html`<li>
                  <a href="#${operationId}"
                    ><span class="method ${method.toLowerCase()}">${method}</span>${summary}</a
                  >
                </li>`,
            )}
        </ul>`,
  );
  return html`<ul>
      <li><a href="#first-steps">First steps</a></li>
      <li><a href="#schemas">Schemas</a></li>
      <li><a href="/docs/errors">Errors</a></li>
    </ul>
    ${sections}`;
}

function tagSection(document: OpenApiDocument, tag: { name: string; description: string }): Html {
  const articles = endpoints
    .filter((endpoint) => endpoint.tag === tag.name)
    .map((endpoint) => {
      const method = endpoint.method.toLowerCase();
      const operation = document.paths[endpoint.path]?.[method];
      const codes = [...problemsOf(endpoint).values()].flatMap((problem) => problem.codes);
      return operation
        ? operationArticle(document, { method, path: endpoint.path, operation, codes })
        : html``;
    });
  return html`<h2>${tag.name}</h2>
    <p class="soft">${tag.description}</p>
    ${articles}`;
}

function schemaArticles(document: OpenApiDocument): Html {
  return html`${Object.entries(document.components.schemas).map(
    ([name, schema]) =>
      html`<article id="schema-${name}">
        <h3>${name}</h3>
        ${typeof schema['description'] === 'string' && html`<p>${prose(schema['description'])}</p>`}
        ${fieldTable(schema)}
      </article>`,
  )}`;
}
