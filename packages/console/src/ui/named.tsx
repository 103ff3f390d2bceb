import type { Words } from '../words/index.ts'

/** What a client is called. Those of the server itself have names in the reader's language. */
export function clientName({ sessions }: Words, id: string, name: string | null): string {
  return name ?? sessions.ownClients[id] ?? id
}

/** A name with its id below it, or the id alone where nothing is called by it. */
export function Named({ name, id }: { readonly name: string | null; readonly id: string }) {
  const isNamed = name !== null && name !== '' && name !== id
  return (
    <>
      <strong class="cut">{isNamed ? name : id}</strong>
      {isNamed && <span class="two cut">{id}</span>}
    </>
  )
}
