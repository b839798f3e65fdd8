import { html, type Html } from './html.js';

/** A whole page; scripts are neither needed nor allowed by the policy it is sent with. */
export function layout(title: string, navigation: Html, content: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="/docs/style.css" />
      </head>
      <body>
        <nav aria-label="Contents">
          <a class="brand" href="/docs">Capsule API</a>
          ${navigation}
        </nav>
        <main>${content}</main>
      </body>
    </html>`.text;
}
