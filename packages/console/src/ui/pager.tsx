import type { WirePage } from 'outright/client'
import { address, usePlace } from '../lib/router.ts'
import { useWords } from '../words/index.ts'

/**
 * To the next page and back to the first: the cursor stands in the address.
 *
 * @param cursorIn The parameter that it is in, where a page has several lists.
 * @param first What the way back is called, and `next` the way on.
 */
export function Pager({
  page,
  cursorIn = 'cursor',
  first,
  next,
}: {
  readonly page: Pick<WirePage<unknown>, 'next'>
  readonly cursorIn?: string
  readonly first?: string
  readonly next?: string
}) {
  const { common } = useWords()
  const { parts, query } = usePlace()
  const isFirst = !query.has(cursorIn)
  if (isFirst && page.next === null) return null
  const at = (cursor: string | undefined): string =>
    address(parts, { ...Object.fromEntries(query), [cursorIn]: cursor })
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
