/** The one way to the server: the public admin API, through its typed client. */
import { ApiError, ConnectionError, createClient } from 'outright/client'
import { HOME } from './router.ts'

export const api = createClient({ server: location.origin, cookie: true })

/** What can be wrong with an answer, as pages show it. */
export type Trouble =
  | { readonly kind: 'offline' }
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'forbidden'; readonly role: string | undefined }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'refused'; readonly message: string }

export function troubleOf(error: unknown): Trouble {
  if (error instanceof ConnectionError) return { kind: 'offline' }
  if (!(error instanceof ApiError)) return { kind: 'refused', message: String(error) }
  switch (error.status) {
    case 401:
      return { kind: 'signed-out' }
    case 403: {
      const { requiredRole } = error.problem as { readonly requiredRole?: string }
      return { kind: 'forbidden', role: requiredRole }
    }
    case 404:
      return { kind: 'not-found' }
    default: {
      const fields = error.problem.errors?.map(
        ({ pointer, parameter, detail }) => `${pointer ?? parameter ?? ''} ${detail}`,
      )
      return { kind: 'refused', message: fields?.join('; ') ?? error.message }
    }
  }
}

/** True where this device has no network at all: nothing leaves it. False says nothing. */
export function isOffline(): boolean {
  return !navigator.onLine
}

/** To the page where an operator signs in, and back to here afterwards. */
export function signInAddress(): string {
  return `${HOME}sign-in?return=${encodeURIComponent(location.pathname + location.search)}`
}
