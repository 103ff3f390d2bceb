import type { WireRevocation } from 'outright/client'
import { address } from '../lib/router.ts'
import type { Words } from '../words/index.ts'
import { Ago, type Column } from './parts.tsx'

/** Entries of the log, each of which leads to its board. */
export function revocationColumns({
  common,
  scopes,
  reasons,
}: Words): readonly Column<WireRevocation>[] {
  return [
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
  ]
}
