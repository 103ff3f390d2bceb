import { isolated } from 'outright/client'
import type { Words } from '../words/index.ts'

/** What a client is called. Those of the server itself have names in the reader's language. */
export function clientName({ sessions }: Words, id: string, name: string | null): string {
  return name ?? sessions.ownClients[id] ?? id
}

/** A name and its id in one line, or the id alone where nothing is called by it. */
export function nameAndId(name: string | null, id: string): string {
  return isName(name, id) ? `${isolated(name)} (${isolated(id)})` : isolated(id)
}

function isName(name: string | null, id: string): name is string {
  return name !== null && name !== '' && name !== id
}

/** A name with its id below it, or the id alone where nothing is called by it. */
export function Named({ name, id }: { readonly name: string | null; readonly id: string }) {
  const isNamed = isName(name, id)
  return (
    <>
      <strong class="cut">{isolated(isNamed ? name : id)}</strong>
      {isNamed && <span class="two cut">{isolated(id)}</span>}
    </>
  )
}
