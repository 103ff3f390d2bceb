import { styleSheet, type Style } from '../../html.ts'
import { pageCss } from '../../page-style.ts'

/** The look of the front page. */
export const frontPageStyle: Style =
  styleSheet(`${pageCss}.brand { display: flex; gap: .6rem; align-items: center; margin: 0 0 1.5rem; font-weight: 650; }
.brand span { padding: .05rem .55rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--soft);
  font-size: .8rem; font-weight: 500; }
.lead { max-width: 34rem; }
.button { display: inline-block; padding: .7rem 1.4rem; border-radius: .6rem; color: #fff; background: #1a56c4;
  font-weight: 600; text-decoration: none; }
.button:hover { background: #14449c; }
pre { margin: 0 0 1rem; padding: 1rem; background: var(--code); border: 1px solid var(--line);
  border-radius: .6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .9em/1.5 ui-monospace, monospace; }
nav ul { display: grid; gap: .75rem; margin: 2rem 0 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); }
nav a { display: block; height: 100%; padding: .9rem 1rem; border: 1px solid var(--line);
  border-radius: .6rem; text-decoration: none; }
nav a:hover { border-color: var(--blue); }
nav span { display: block; color: var(--soft); font-size: .9rem; line-height: 1.45; }
nav .login { margin-top: .35rem; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th, td { padding: .55rem .75rem .55rem 0; text-align: left; vertical-align: top;
  border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 600; }
tbody th { font-weight: 600; }
td code { overflow-wrap: anywhere; }
@media (max-width: 34rem) {
  main { padding: 1.25rem 1rem; }
  nav ul { grid-template-columns: 1fr 1fr; }
  thead { position: absolute; clip-path: inset(50%); }
  tr { display: block; padding: .6rem 0; border-top: 1px solid var(--line); }
  tbody th, td { display: block; padding: 0; border: 0; }
}
footer p { margin: 2.5rem 0 0; color: var(--soft); font-size: .85rem; }
`)

/** Where there is one line to show. */
export const plainPageStyle: Style =
  styleSheet(`${pageCss}body { min-height: 100vh; display: grid; align-items: center; }
main { width: 100%; max-width: 34rem; display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline; }
h1 { font-size: 1.1rem; letter-spacing: 0; }
p { margin: 0; }
nav { display: flex; flex-wrap: wrap; gap: 0 1rem; }
`)
