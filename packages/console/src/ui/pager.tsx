import type { WirePage } from 'outright/client'
import { address, usePlace } from '../lib/router.ts'
import { useWords } from '../words/index.ts'

/** To the next page and back to the first: the cursor stands in the address. */
export function Pager({ page }: { readonly page: WirePage<unknown> }) {
  const { common } = useWords()
  const { parts, query } = usePlace()
  const isFirst = !query.has('cursor')
  if (isFirst && page.next === null) return null
  const at = (cursor: string | undefined): string =>
    address(parts, { ...Object.fromEntries(query), cursor })
  return (
    <nav class="pager" aria-label={common.next}>
      {!isFirst && (
        <a class="button small" href={at(undefined)}>
          {common.first}
        </a>
      )}
      <span class="grow" />
      {page.next !== null && (
        <a class="button small" href={at(page.next)}>
          {common.next}
        </a>
      )}
    </nav>
  )
}
