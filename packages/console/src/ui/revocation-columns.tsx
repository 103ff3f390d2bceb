import { isolated, type WireNamedRevocation } from 'outright/client'
import type { ComponentChildren } from 'preact'
import { address } from '../lib/router.ts'
import type { Words } from '../words/index.ts'
import { clientName } from './named.tsx'
import { Ago, type Column } from './parts.tsx'

/** What ended, by the name that people know: a session by its person and client. */
export function endedName(
  words: Words,
  { key, keyName, keySession }: Pick<WireNamedRevocation, 'key' | 'keyName' | 'keySession'>,
): string {
  if (key === '*') return words.scopes['everyone'] ?? key
  if (keySession === null) return isolated(clientName(words, key, keyName))
  const { subject, subjectName, client, clientName: name } = keySession
  return `${isolated(subjectName ?? subject)} · ${isolated(clientName(words, client, name))}`
}

/** The id of what ended, as far as that is not its name: of a session with the way to it. */
export function endedId({ common }: Words, entry: WireNamedRevocation): ComponentChildren {
  const { key, keyName, keySession } = entry
  if (keySession !== null) {
    return (
      <a href={address(['sessions', keySession.sid])} title={key}>
        {keySession.sid}
      </a>
    )
  }
  if (isGone(entry)) return common.sessionGone
  return keyName === null ? null : isolated(key)
}

/** Whether a session ended that is not stored any more. Those of other issuers never were. */
export function isGone({ scope, issuer, keySession }: WireNamedRevocation): boolean {
  const isOfSession = scope === 'session' || scope === 'participant'
  return isOfSession && issuer === '' && keySession === null
}

/** Entries of the log, each of which leads to its board. */
export function revocationColumns(words: Words): readonly Column<WireNamedRevocation>[] {
  const { common, scopes, reasons } = words
  return [
    {
      name: common.ended,
      cell: (entry) => {
        const id = endedId(words, entry)
        return (
          <>
            <a class="cut" href={address(['revocations', entry.id])}>
              <strong>{endedName(words, entry)}</strong>
            </a>
            <span class="two cut">
              {scopes[entry.scope]}
              {id !== null && <> · {id}</>}
            </span>
          </>
        )
      },
    },
    { name: common.reason, cell: ({ reason }) => reasons[reason] ?? reason },
    {
      name: common.by,
      cell: ({ actor, actorName }) => (
        <>
          <span class="cut">{isolated(actorName ?? actor)}</span>
          {actorName !== null && <span class="two cut">{actor}</span>}
        </>
      ),
    },
    { name: common.note, cell: ({ note }) => (note === '' ? '–' : isolated(note)) },
    { name: common.time, cell: ({ at }) => <Ago at={at} /> },
  ]
}
