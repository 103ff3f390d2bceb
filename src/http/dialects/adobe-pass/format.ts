import { preferredType } from '../../accept.ts'
import type { SurfaceRequest } from '../../surface.ts'

export type Format = 'xml' | 'json'

/**
 * The form of an answer. The vendor names three ways to ask and says to use one; where several are
 * used, the more explicit wins: the path's extension, then `format`, then `Accept`, then the
 * default.
 */
export function answerFormat(request: SurfaceRequest, fallback: Format): Format {
  return (
    extensionOf(request.path) ??
    formatNamed(request.query.get('format')) ??
    formatInForm(request) ??
    acceptedFormat(request.header('accept')) ??
    fallback
  )
}

/** The part of a path segment before `.xml` or `.json`. */
export function withoutExtension(segment: string): string {
  return segment.replace(/\.(?:xml|json)$/i, '')
}

function extensionOf(path: string): Format | undefined {
  return formatNamed(/\.(xml|json)$/i.exec(path)?.[1] ?? null)
}

function formatNamed(name: string | null): Format | undefined {
  const lower = name?.toLowerCase()
  return lower === 'xml' || lower === 'json' ? lower : undefined
}

/** `format` in a form, looked for without decoding: errors about a body that is broken need it too. */
function formatInForm(request: SurfaceRequest): Format | undefined {
  if (request.body.length === 0) return undefined
  const named = /(?:^|&)format=(xml|json)(?:&|$)/i.exec(request.body.toString('latin1'))
  return formatNamed(named?.[1] ?? null)
}

/** The form with the highest weight in `Accept` (RFC 9110, section 12.5.1); the first of equals. */
function acceptedFormat(accept: string | undefined): Format | undefined {
  const type = preferredType(accept, [
    'application/xml',
    'text/xml',
    'application/json',
    'text/json',
  ])
  return formatNamed(type?.split('/')[1] ?? null)
}
