import type { WirePage } from 'outright/client'
import type { ComponentChildren } from 'preact'
import type { Loaded } from '../lib/load.ts'
import { Pager } from './pager.tsx'
import { Card, Table, type Column } from './parts.tsx'
import { Shown } from './states.tsx'

interface PagedListProperties<T> {
  readonly of: Loaded<WirePage<T>>
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly keyOf: (row: T) => string
  /** What stands there where nothing was found. */
  readonly empty: ComponentChildren
  readonly title?: string
  /** See {@link Pager}. */
  readonly cursorIn?: string
  readonly action?: ComponentChildren
}

/** A page of a list and the way to the next, or why there is none. */
export function PagedList<T>({
  of,
  label,
  columns,
  keyOf,
  empty,
  cursorIn = 'cursor',
  ...head
}: PagedListProperties<T>) {
  return (
    <Card {...head}>
      <Shown of={of}>
        {(page) => (
          <>
            {page.items.length === 0 ? (
              empty
            ) : (
              <Table label={label} columns={columns} rows={page.items} keyOf={keyOf} />
            )}
            <Pager page={page} cursorIn={cursorIn} />
          </>
        )}
      </Shown>
    </Card>
  )
}
