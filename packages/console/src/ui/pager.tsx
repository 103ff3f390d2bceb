import type { WirePage } from 'outright/client'
import { address, usePlace } from '../lib/router.ts'
import { useWords } from '../words/index.ts'

/**
 * To the next page and back to the first: the cursor stands in the address.
 *
 * @param first What the way back is called, and `next` the way on.
 */
export function Pager({
  page,
  first,
  next,
}: {
  readonly page: Pick<WirePage<unknown>, 'next'>
  readonly first?: string
  readonly next?: string
}) {
  const { common } = useWords()
  const { parts, query } = usePlace()
  const isFirst = !query.has('cursor')
  if (isFirst && page.next === null) return null
  const at = (cursor: string | undefined): string =>
    address(parts, { ...Object.fromEntries(query), cursor })
  return (
    <nav class="pager" aria-label={common.pages}>
      {!isFirst && (
        <a class="button small" href={at(undefined)}>
          {first ?? common.first}
        </a>
      )}
      <span class="grow" />
      {page.next !== null && (
        <a class="button small" href={at(page.next)}>
          {next ?? common.next}
        </a>
      )}
    </nav>
  )
}
