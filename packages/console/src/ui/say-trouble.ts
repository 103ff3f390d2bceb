import type { Trouble } from '../lib/api.ts'
import type { Words } from '../words/index.ts'

/** What is wrong with an answer, in one or two sentences. */
export function sayTrouble(trouble: Trouble, states: Words['states']): string {
  switch (trouble.kind) {
    case 'offline':
      return `${states.offlineTitle}.`
    case 'signed-out':
      return states.signedOut
    case 'forbidden':
      return states.forbidden(trouble.role)
    case 'not-found':
      return states.notFound
    case 'refused':
      return trouble.message
  }
}
