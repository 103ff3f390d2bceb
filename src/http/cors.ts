/**
 * Which pages of other origins may call, and what they may read (Fetch, section 3.3). One place for
 * all surfaces: each says what its calls need, the installation says which origins it trusts.
 */
import { checkedText, list, type Setting } from '../settings/schema.ts'
import type { SurfaceRequest } from './surface.ts'

/** What a surface says about pages of other origins. */
export interface CorsRules {
  /** Where alone pages of other origins may call, as paths that are sent. Default: everywhere. */
  readonly paths?: ReadonlySet<string>
  /** Origins where the installation names none; `*` is any. */
  readonly origins: readonly string[]
  /** Methods as its documents list them; default: those of its routes. */
  readonly methods?: readonly string[]
  /** Request headers of its calls, beside those that every surface reads. */
  readonly requestHeaders?: readonly string[]
  /** Headers of its answers that pages may read, beside those that every surface has. */
  readonly exposedHeaders?: readonly string[]
  /**
   * True where its own documents say that credentials are allowed. No call here is let in by a
   * cookie, so it opens nothing. Default false.
   */
  readonly credentials?: boolean
}

/** Where a surface is answered for other origins; undefined: nowhere. */
export interface Cors {
  /** Headers of an answer; of a preflight's too. */
  headers(request: SurfaceRequest): Readonly<Record<string, string>>
}

const REQUEST_HEADERS = ['authorization', 'content-type', 'prefer', 'x-request-id']
const EXPOSED_HEADERS = [
  'Outright-Revocation',
  'Outright-Confirmed',
  'Preference-Applied',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
]
/** Seconds for which a browser need not ask again. */
const MAX_AGE_SECONDS = 600

/**
 * Makes the policy of a surface.
 *
 * @param rules What the surface says; undefined: nothing but the usual headers.
 * @param origins What the installation says; undefined: what the surface does. `*` is any origin.
 * @param methods What pages may call with, in the order in which they are named.
 * @returns Undefined where no page of another origin may call.
 */
export function corsOf(
  rules: CorsRules | undefined,
  origins: readonly string[] | undefined,
  methods: readonly string[],
): Cors | undefined {
  const paths = rules?.paths
  const isClosed = ({ path }: SurfaceRequest): boolean => paths?.has(path) === false
  const allowed = new Set(origins ?? rules?.origins ?? [])
  if (allowed.size === 0) return undefined
  const isOpen = allowed.has('*')
  // Not secret, so every origin gets them; the origin header decides.
  const always = {
    'access-control-allow-methods': (rules?.methods ?? methods).join(','),
    'access-control-allow-headers': [...REQUEST_HEADERS, ...(rules?.requestHeaders ?? [])].join(
      ',',
    ),
    'access-control-expose-headers': [...EXPOSED_HEADERS, ...(rules?.exposedHeaders ?? [])].join(
      ',',
    ),
    'access-control-max-age': String(MAX_AGE_SECONDS),
    ...(rules?.credentials === true ? { 'access-control-allow-credentials': 'true' } : {}),
  }
  const vary = { vary: 'Origin' }
  // With credentials browsers want the origin by its name.
  if (isOpen && rules?.credentials !== true) {
    const anyOrigin = { ...always, 'access-control-allow-origin': '*' }
    return { headers: (request) => (isClosed(request) ? {} : anyOrigin) }
  }
  return {
    headers(request) {
      if (isClosed(request)) return {}
      const origin = request.header('origin')
      if (origin === undefined) return isOpen ? { ...always, ...vary } : vary
      if (!isOpen && !allowed.has(origin)) return vary
      return { ...always, ...vary, 'access-control-allow-origin': origin }
    },
  }
}

/** The schema of a list of origins that an installation may set. */
export function originsSetting(notes: {
  readonly description: string
  readonly default?: readonly string[]
  readonly defaultText: string
}): Setting<readonly string[]> {
  const origin = checkedText({ allowed: 'an origin such as https://app.example, or *' }, isOrigin)
  const allowed = 'a list of origins such as https://app.example, or of `*`'
  return list(origin, { allowed, ...notes })
}

/** As browsers send it: scheme, host and port, in lower case and without what goes without saying. */
function isOrigin(text: string): boolean {
  return text === '*' || (/^https?:\/\//.test(text) && URL.parse(text)?.origin === text)
}
