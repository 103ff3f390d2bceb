/**
 * What all pages of the server's own look like, by day and by night. Contrast is at least 4.5 to 1
 * (WCAG 1.4.3).
 */
export const pageCss = `
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif;
  --ink: #16202c; --soft: #4c5a6b; --paper: #f5f7fa; --card: #fff; --line: #d5dce5; --blue: #1a56c4;
  --code: #eef2f8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf4; --soft: #a7b4c4; --paper: #11161d;
  --card: #1a212b; --line: #303b49; --blue: #8ab4ff; --code: #0d1218; } }
* { box-sizing: border-box; }
body { margin: 0; padding: clamp(1rem, 5vw, 4rem) 1rem; color: var(--ink); background: var(--paper); }
main { max-width: 44rem; margin: 0 auto; padding: clamp(1.25rem, 5vw, 3rem); background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; }
h1 { margin: 0; font-size: clamp(2rem, 7vw, 2.75rem); line-height: 1.1; letter-spacing: -.02em; }
.lead { margin: .35rem 0 1.5rem; font-size: 1.15rem; color: var(--soft); }
h2 { margin: 2.25rem 0 .5rem; font-size: 1.15rem; }
p { margin: 0 0 1rem; }
main > :last-child, main > :last-child > :last-child { margin-bottom: 0; }
a { color: var(--blue); }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
`
