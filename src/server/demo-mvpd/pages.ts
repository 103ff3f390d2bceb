import type { Answer } from '../../http/surface.ts'
import { html, pageAnswer, styleSheet, type Html } from '../../http/html.ts'

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:#1b1f3b;background:#eef0fb;' +
  'min-height:100vh;display:grid;place-items:center}main{background:#fff;border-radius:1rem;' +
  'padding:2rem;width:min(24rem,calc(100vw - 3rem));box-shadow:0 8px 30px #1b1f3b1a}' +
  'h1{font-size:1.35rem;margin:0 0 .5rem}p{margin:.25rem 0 1rem;color:#4a4f6d}' +
  'label{display:block;font-weight:600;margin:.75rem 0 .25rem}' +
  'input{width:100%;box-sizing:border-box;font:inherit;padding:.6rem;border:1px solid #b9bedb;' +
  'border-radius:.5rem}button{font:inherit;font-weight:600;width:100%;margin-top:1.25rem;' +
  'padding:.7rem;border:0;border-radius:.5rem;color:#fff;background:#3d4ad6;cursor:pointer}' +
  'button:focus-visible,input:focus-visible{outline:3px solid #9aa4ff}' +
  '.wrong{color:#a3122b;font-weight:600}.brand{letter-spacing:.08em;font-size:.8rem;color:#3d4ad6}' +
  'td,th{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top}' +
  'form+p{margin:1rem 0 0}table{margin-bottom:1.25rem}'

const sheet = styleSheet(style)

/** A whole page. Browsers hold redirects after a form to `form-action`; the last leads elsewhere. */
export function htmlPage(status: number, title: string, content: Html): Answer {
  return pageAnswer(status, {
    title,
    style: sheet,
    body: html`<main>
      <p class="brand">DEMO TV PROVIDER</p>
      ${content}
    </main>`,
    formAction: 'any',
  })
}

/** A page with a heading and one sentence. */
export function messagePage(status: number, title: string, text: string): Answer {
  return htmlPage(
    status,
    title,
    html`<h1>${title}</h1>
      <p>${text}</p>`,
  )
}
