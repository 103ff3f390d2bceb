import type { WireNamedRevocation } from 'outright/client'
import { address } from '../lib/router.ts'
import type { Words } from '../words/index.ts'
import { Ago, type Column } from './parts.tsx'

/** What ended, by the name that people know. */
export function endedName(
  { scopes, sessions }: Words,
  { key, keyName }: Pick<WireNamedRevocation, 'key' | 'keyName'>,
): string {
  if (key === '*') return scopes['everyone'] ?? key
  return keyName ?? sessions.ownClients[key] ?? key
}

/** Entries of the log, each of which leads to its board. */
export function revocationColumns(words: Words): readonly Column<WireNamedRevocation>[] {
  const { common, scopes, reasons } = words
  return [
    {
      name: common.ended,
      cell: (entry) => (
        <a href={address(['revocations', entry.id])}>
          <strong class="cut">{endedName(words, entry)}</strong>
          <span class="two cut">
            {scopes[entry.scope]}
            {entry.keyName !== null && ` · ${entry.key}`}
          </span>
        </a>
      ),
    },
    { name: common.reason, cell: ({ reason }) => reasons[reason] ?? reason },
    {
      name: common.by,
      cell: ({ actor, actorName }) => (
        <>
          <span class="cut">{actorName ?? actor}</span>
          {actorName !== null && <span class="two cut">{actor}</span>}
        </>
      ),
    },
    { name: common.note, cell: ({ note }) => (note === '' ? '–' : note) },
    { name: common.time, cell: ({ at }) => <Ago at={at} /> },
  ]
}
