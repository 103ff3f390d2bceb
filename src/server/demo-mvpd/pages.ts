import { createHash } from 'node:crypto'
import type { Answer } from '../../http/dialect.ts'

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

const styleHash = createHash('sha256').update(style).digest('base64')
/**
 * No `form-action`: browsers apply it to the redirects after a form too, and the last of those
 * leads to the programmer's own site.
 */
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors 'none'`

/** Markup that is safe as it stands: made by `html` alone. */
export interface Html {
  readonly markup: string
}

/** Puts values into markup, escaped; what is `Html` already, and lists of it, as it is. */
export function html(
  parts: TemplateStringsArray,
  ...values: readonly (string | Html | readonly Html[])[]
): Html {
  const texts = values.map((value) => {
    if (typeof value === 'string') return escapeHtml(value)
    return 'markup' in value ? value.markup : value.map(({ markup }) => markup).join('')
  })
  return { markup: parts.map((part, index) => part + (texts[index] ?? '')).join('') }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
}

/** A whole page. */
export function htmlPage(status: number, title: string, content: Html): Answer {
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body>
        <main>
          <p class="brand">DEMO TV PROVIDER</p>
          ${content}
        </main>
      </body>
    </html> `
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
    },
    body: document.markup,
  }
}

// Apart from the template: its text must stay the bytes whose hash the policy names.
const styleElement: Html = { markup: `<style>${style}</style>` }

/** A page with a heading and one sentence. */
export function messagePage(status: number, title: string, text: string): Answer {
  return htmlPage(
    status,
    title,
    html`<h1>${title}</h1>
      <p>${text}</p>`,
  )
}
