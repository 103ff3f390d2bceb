/** Pages: markup from values that are escaped, under a policy that lets nothing else run. */
import { createHash } from 'node:crypto'
import type { Answer } from './surface.ts'

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

/** A style sheet and the policy that lets it apply. */
export interface Style {
  readonly element: Html
  /** `style-src 'sha256-…'` */
  readonly policy: string
}

/** Makes the element of a style sheet; the policy names its very bytes, so nothing goes between. */
export function styleSheet(css: string): Style {
  const hash = createHash('sha256').update(css).digest('base64')
  return { element: { markup: `<style>${css}</style>` }, policy: `style-src 'sha256-${hash}'` }
}

export interface Page {
  readonly title: string
  readonly style: Style
  readonly body: Html
  /** Where its forms may lead; default nowhere. `any` where a redirect leads to another site. */
  readonly formAction?: 'any' | readonly string[]
  /** BCP 47. Default `en`. */
  readonly lang?: string
  /** The one script that it may run; without it, none. */
  readonly script?: PageScript
  /** Origins of the pages that it has in frames. Default none. */
  readonly frames?: readonly string[]
  /** The path at this server where it leads by itself, at once and in place of this page. */
  readonly leadsTo?: string
  /** Whose pages may show it in a frame. Default: none. */
  readonly frameAncestors?: '*'
}

/** A script of the page's own, in a file of its own: no code stands in a page. */
export interface PageScript {
  /** Its path at this server. */
  readonly path: string
  /** Origins that it may call, beside this server. */
  readonly calls?: readonly string[]
}

/** A whole page. Without a script it runs nothing and fetches nothing. */
export function pageAnswer(
  status: number,
  {
    title,
    style,
    body,
    formAction,
    lang = 'en',
    script,
    frames = [],
    leadsTo,
    frameAncestors,
  }: Page,
): Answer {
  const document = html`<!doctype html>
    <html lang="${lang}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <title>${title}</title>
        ${leadsTo === undefined ? html`` : html`<meta http-equiv="refresh" content="0;url=${leadsTo}" />`}
        ${style.element} ${script === undefined ? html`` : scriptElement(script)}
      </head>
      <body>
        ${body}
      </body>
    </html> `
  const policy = [
    "default-src 'none'",
    style.policy,
    ...(script === undefined ? [] : scriptPolicy(script)),
    ...(frames.length === 0 ? [] : [`frame-src ${frames.join(' ')}`]),
    "base-uri 'none'",
    ...(formAction === 'any' ? [] : [`form-action ${(formAction ?? ["'none'"]).join(' ')}`]),
    `frame-ancestors ${frameAncestors ?? "'none'"}`,
  ]
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'referrer-policy': 'no-referrer',
    },
    body: document.markup,
  }
}

function scriptElement({ path }: PageScript): Html {
  return html`<script type="module" src="${path}"></script>`
}

function scriptPolicy({ calls = [] }: PageScript): readonly string[] {
  return ["script-src 'self'", ['connect-src', "'self'", ...calls].join(' ')]
}

/**
 * Where a form may lead that ends in a redirect: browsers hold that against `form-action` too, so
 * the origin, or the scheme of an app, has to be named. What could break out of the policy is left
 * out.
 */
export function formTargets(redirectUri: string): readonly string[] {
  const web = /^https?:\/\/[\w.-]+(?::\d+)?(?=[/?]|$)/.exec(redirectUri)
  const app = /^[a-z][a-z\d+.-]*:/i.exec(redirectUri)
  const target = web?.[0] ?? app?.[0]
  return target === undefined ? ["'self'"] : ["'self'", target]
}
