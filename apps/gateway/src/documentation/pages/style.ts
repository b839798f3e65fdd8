/** Served at /docs/style.css. Two columns on a wide screen, one on a narrow one; light or dark as the reader has it. */
export const style = `:root {
  color-scheme: light dark;
  --text: #1c2430; --soft: #5b6675; --line: #dfe4ea; --ground: #ffffff; --panel: #f5f7f9; --link: #0a58a8;
  --get: #0a6b4b; --post: #0a58a8; --patch: #85510a; --delete: #a3262a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #dde3ea; --soft: #94a0ae; --line: #2c343e; --ground: #14181d; --panel: #1c2229; --link: #7db7f0;
    --get: #4cc79b; --post: #7db7f0; --patch: #e0b060; --delete: #f08a8d;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0; display: grid; grid-template-columns: 19rem minmax(0, 1fr);
  color: var(--text); background: var(--ground); font: 16px/1.55 system-ui, sans-serif;
}
nav {
  position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.25rem 1rem 3rem;
  border-right: 1px solid var(--line); background: var(--panel); font-size: .875rem;
}
nav h2 { margin: 1.25rem 0 .25rem; font-size: .75rem; text-transform: uppercase; letter-spacing: .06em; color: var(--soft); }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li a { overflow-wrap: break-word; display: flex; gap: .5rem; align-items: baseline; padding: .15rem .25rem; color: inherit; border-radius: .25rem; }
nav li a:hover { background: var(--line); text-decoration: none; }
.brand { font-weight: 700; font-size: 1.1rem; color: var(--text); }
main { padding: 2rem clamp(1rem, 4vw, 4rem) 6rem; max-width: 68rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
h1 { margin: 0 0 1rem; font-size: 1.9rem; line-height: 1.2; }
h2 { margin: 3.5rem 0 .25rem; font-size: 1.4rem; }
h3 { margin: 0; font-size: 1.05rem; }
h4 { margin: 1.25rem 0 .35rem; font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; color: var(--soft); }
code, pre { font: .85em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: break-word; }
pre { margin: .35rem 0; padding: .8rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); border: 1px solid var(--line); border-radius: .4rem; }
article { margin: 1.5rem 0; padding: 1.25rem; border: 1px solid var(--line); border-radius: .6rem; }
article header { display: flex; flex-wrap: wrap; gap: .6rem; align-items: baseline; }
article header code { font-size: .95rem; }
.method { font: 700 .72rem/1 ui-monospace, Menlo, Consolas, monospace; min-width: 2.6rem; }
.get { color: var(--get); } .post { color: var(--post); } .patch { color: var(--patch); } .delete { color: var(--delete); }
.soft { color: var(--soft); }
.tag { padding: .1rem .5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: .75rem; color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); }
td:first-child code { overflow-wrap: normal; }
details { margin-top: .75rem; } summary { cursor: pointer; color: var(--link); font-size: .9rem; }
@media (max-width: 56rem) {
  body { display: block; }
  nav { position: static; height: auto; max-height: 40vh; border-right: 0; border-bottom: 1px solid var(--line); }
}
@media (max-width: 40rem) {
  thead { display: none; }
  tr, td { display: block; }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { padding: 0; border: 0; }
  td:first-child code { overflow-wrap: break-word; font-weight: 600; }
}
`;
