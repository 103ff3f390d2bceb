import type { WireRevocation } from 'outright/client'
import { address } from '../lib/router.ts'
import { useWords } from '../words/index.ts'
import { Ago, Table } from './parts.tsx'

/** Entries of the log, each of which leads to its board. */
export function RevocationTable({
  rows,
  label,
}: {
  readonly rows: readonly WireRevocation[]
  readonly label: string
}) {
  const { common, scopes, reasons } = useWords()
  return (
    <Table
      label={label}
      rows={rows}
      keyOf={({ id }) => id}
      columns={[
        {
          name: common.key,
          cell: ({ id, scope, key }) => (
            <a href={address(['revocations', id])}>
              <strong class="cut">{key === '*' ? scopes['everyone'] : key}</strong>
              <span class="two">{scopes[scope]}</span>
            </a>
          ),
        },
        { name: common.reason, cell: ({ reason }) => reasons[reason] ?? reason },
        { name: common.by, cell: ({ actor }) => <span class="cut">{actor}</span> },
        { name: common.note, cell: ({ note }) => (note === '' ? '–' : note) },
        { name: common.time, cell: ({ at }) => <Ago at={at} /> },
      ]}
    />
  )
}
