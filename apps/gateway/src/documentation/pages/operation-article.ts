import { type ErrorCode, errorCatalogue, httpStatus } from '@capsule/contracts';
import type { MediaType, OpenApiDocument, Operation, Parameter, Response } from '../openapi-document.js';
import { curlExample } from './curl-example.js';
import { html, type Html, prose } from './html.js';
import { fieldTable, meaning, table, typeOf } from './schema-table.js';

/** One route: what it takes, what it answers, what can go wrong and a command to try it. */
export function operationArticle(
  document: OpenApiDocument,
  route: { method: string; path: string; operation: Operation; codes: ErrorCode[] },
): Html {
  const { method, path, operation, codes } = route;
  const parameters = (operation.parameters ?? []).map((each) => resolveParameter(document, each));
  const body = operation.requestBody?.content;
  return html`<article id="${operation.operationId}">
    <header>
      <span class="method ${method}">${method.toUpperCase()}</span><code>${path}</code>
      ${operation.security.length === 0 && html`<span class="tag">no token needed</span>`}
    </header>
    <h3>${operation.summary}</h3>
    ${operation.description && html`<p>${prose(operation.description)}</p>`}
    ${parameters.length > 0 && parameterSection(parameters)}${body && bodySection(document, body)}
    <h4>Try it</h4>
    <pre>${curlExample(method, path, operation)}</pre>
    ${answerSections(operation)}${errorSection(codes)}
  </article>`;
}

function resolveParameter(
  document: OpenApiDocument,
  parameter: NonNullable<Operation['parameters']>[number],
): Parameter {
  if (!('$ref' in parameter)) return parameter;
  const name = parameter.$ref.slice(parameter.$ref.lastIndexOf('/') + 1);
  const found = document.components.parameters[name];
  if (!found) throw new Error(`${parameter.$ref} is not in the document`);
  return found;
}

function parameterSection(parameters: readonly Parameter[]): Html {
  return html`<h4>Parameters</h4>
    ${table(
      ['Name', 'In', 'Type', 'Meaning'],
      parameters.map((parameter) => [
        html`<code>${parameter.name}</code>`,
        html`${parameter.in}`,
        typeOf(parameter.schema),
        meaning(parameter.schema, parameter.required, parameter.description),
      ]),
    )}`;
}

function bodySection(document: OpenApiDocument, content: Record<string, MediaType>): Html {
  const reference = content['application/json']?.schema['$ref'];
  const name = typeof reference === 'string' ? reference.slice(reference.lastIndexOf('/') + 1) : '';
  const archive = content['application/gzip'];
  return html`<h4>Body</h4>
    ${fieldTable(document.components.schemas[name] ?? {})}
    ${
      archive &&
      html`<p>
        Or the bytes of a <code>.tar.gz</code> with the content type <code>application/gzip</code>:
        ${prose(String(archive.schema['description']))}
      </p>`
    }`;
}

function answerSections(operation: Operation): Html {
  const answers = Object.entries(operation.responses).filter(
    (entry): entry is [string, Response] => Number(entry[0]) < 400 && 'description' in entry[1],
  );
  return html`${answers.map(
    ([status, answer]) =>
      Object.entries(answer.content ?? {}).map(
        ([type, media]) =>
          html`<h4>Answer ${status}</h4>
            <p>
              ${media.schema['$ref'] ? typeOf(media.schema) : prose(answer.description)} as
              <code>${type}</code>
            </p>
            <details>
              <summary>Example</summary>
              <pre>
${typeof media.example === 'string' ? media.example : JSON.stringify(media.example, null, 2)}</pre>
            </details>`,
      )[0] ?? html``,
  )}`;
}

function errorSection(codes: readonly ErrorCode[]): Html {
  const rows = codes.map((code) => [
    html`${httpStatus(errorCatalogue[code].kind)}`,
    html`<a href="/docs/errors/${code}"><code>${code}</code></a>`,
    html`${errorCatalogue[code].title}`,
  ]);
  return html`<details>
    <summary>What can go wrong</summary>
    ${table(['Status', 'Code', 'Meaning'], rows)}
  </details>`;
}
