import { styleSheet, type Style } from '../../html.ts'
import { pageCss } from '../../page-style.ts'

/** The look of the front page. */
export const frontPageStyle: Style =
  styleSheet(`${pageCss}pre { margin: 0 0 1rem; padding: 1rem; background: var(--code); border: 1px solid var(--line);
  border-radius: .6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .9em/1.5 ui-monospace, monospace; }
nav ul { display: grid; gap: .75rem; margin: 0; padding: 0; list-style: none;
  grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); }
nav a { display: block; height: 100%; padding: .9rem 1rem; border: 1px solid var(--line);
  border-radius: .6rem; text-decoration: none; }
nav a:hover { border-color: var(--blue); }
nav span { display: block; color: var(--soft); font-size: .9rem; line-height: 1.45; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th, td { padding: .55rem .75rem .55rem 0; text-align: left; vertical-align: top;
  border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-weight: 600; }
tbody th { font-weight: 600; }
td code { white-space: nowrap; }
@media (max-width: 34rem) {
  pre { white-space: pre; overflow-x: auto; }
  main { padding: 1.25rem 1rem; }
  table { font-size: .8rem; }
  th, td { padding-right: .4rem; }
  th:last-child, td:last-child { padding-right: 0; }
  td code { white-space: normal; }
}
footer p { margin: 2.5rem 0 0; color: var(--soft); font-size: .85rem; }
`)
