import { createHash } from 'node:crypto'
import type { Answer } from '../../surface.ts'

const style =
  'body{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem;' +
  'color:#16202c;background:#f6f7f9}main{background:#fff;border-radius:.75rem;padding:2rem;' +
  'box-shadow:0 1px 4px #0002}h1{font-size:1.5rem;margin-top:0}'

/** The page's one style may run; nothing else may, and nothing is fetched. */
const styleHash = createHash('sha256').update(style).digest('base64')
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** A page for viewers. Both texts are the code's own: nothing of a request is ever on it. */
export function page(status: number, title: string, text: string): Answer {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
    },
    body:
      '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
      '<meta name="viewport" content="width=device-width,initial-scale=1">' +
      `<title>${title}</title><style>${style}</style></head>` +
      `<body><main><h1>${title}</h1><p>${text}</p></main></body></html>\n`,
  }
}
