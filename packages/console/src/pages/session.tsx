/** One login: its facts, its clients, and what of it has ended. */
import { isolated, type WireNamedRevocation, type WireSession } from 'outright/client'
import { api } from '../lib/api.ts'
import { duration, moment } from '../lib/format.ts'
import { useDialectTitle } from '../lib/dialects.ts'
import { useMay } from '../lib/me.ts'
import { useLoad } from '../lib/load.ts'
import { address } from '../lib/router.ts'
import { clientName, nameAndId, Named } from '../ui/named.tsx'
import { Ago, Attributes, Badge, Card, Facts, Head, Table } from '../ui/parts.tsx'
import { revocationColumns } from '../ui/revocation-columns.tsx'
import { Shown, State } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'

export function SessionPage({ sid }: { readonly sid: string }) {
  const { session: words } = useWords()
  const session = useLoad(() => api.session(sid), ['session', sid], 5000)
  return (
    <>
      <Head
        title={words.title}
        lead={isolated(session.value?.subjectName ?? session.value?.subject ?? sid)}
      >
        {session.value?.state === 'live' && <EndLinks of={session.value} />}
      </Head>
      {session.value === undefined ? (
        <Card>
          <Shown of={session}>{() => null}</Shown>
        </Card>
      ) : (
        <Shown of={session}>{(found) => <SessionFacts of={found} />}</Shown>
      )}
    </>
  )
}

function EndLinks({ of }: { readonly of: WireSession }) {
  const { session } = useWords()
  if (!useMay('operator')) return null
  const end = (scope: string, key: string): string => address(['end'], { scope, key })
  return (
    <div class="row">
      <a class="button" href={end('subject', of.subject)}>
        {session.endPerson}
      </a>
      {of.device !== null && (
        <a class="button" href={end('device', of.device)}>
          {session.endDevice}
        </a>
      )}
      <a class="button danger" href={end('session', of.sid)}>
        {session.end}
      </a>
    </div>
  )
}

function SessionFacts({ of }: { readonly of: WireSession }) {
  const words = useWords()
  const { session, sessions, common } = words
  const titleOf = useDialectTitle()
  return (
    <div class="columns">
      <div class="stack">
        <Card title={session.facts}>
          <div class="body">
            <Facts
              of={[
                [common.state, <Badge key="state" state={of.state} />],
                [
                  sessions.person,
                  <a key="person" href={address(['sessions'], { subject: of.subject })}>
                    {nameAndId(of.subjectName, of.subject)}
                  </a>,
                ],
                [
                  sessions.client,
                  <a key="client" href={address(['clients', of.client])}>
                    {nameAndId(clientName(words, of.client, of.clientName), of.client)}
                  </a>,
                ],
                [sessions.dialect, titleOf(of.dialect)],
                [
                  sessions.device,
                  of.device === null ? undefined : (
                    <a key="device" href={address(['sessions'], { device: of.device })}>
                      {of.device}
                    </a>
                  ),
                ],
                [sessions.opened, moment(of.createdAt)],
                [sessions.lastSeen, moment(of.lastSeenAt)],
                [sessions.expires, moment(of.expiresAt)],
                [common.id, <code key="id">{of.sid}</code>],
              ]}
            />
          </div>
        </Card>
        <Card title={session.participants}>
          <Table
            label={session.participants}
            rows={of.participants}
            keyOf={({ client, joinedAt }) => client + joinedAt}
            columns={[
              {
                name: sessions.client,
                cell: ({ client, clientName: name }) => (
                  <Named name={clientName(words, client, name)} id={client} />
                ),
              },
              { name: sessions.dialect, cell: ({ dialect }) => titleOf(dialect) },
              { name: session.joined, cell: ({ joinedAt }) => <Ago at={joinedAt} /> },
              { name: common.state, align: 'corner', cell: ({ state }) => <Badge state={state} /> },
            ]}
          />
        </Card>
        <History of={of} />
      </div>
      <div class="stack">
        <Card title={session.tokens}>
          <div class="body">
            <Facts
              of={[
                [session.accessTokens, session.accessText(duration(of.accessLifetimeMs))],
                [session.refreshTokens, session.refreshText(moment(of.expiresAt))],
              ]}
            />
          </div>
        </Card>
        {Object.keys(of.attributes).length > 0 && (
          <Card title={common.attributes}>
            <div class="body">
              <Attributes of={of.attributes} />
            </div>
          </Card>
        )}
      </div>
    </div>
  )
}

/** Entries of the log that name this session, its person, its device or one of its clients. */
async function historyOf({ sid, subject, device, participants }: WireSession) {
  const keys = [
    ['session', sid],
    ['subject', subject],
    ...(device === null ? [] : [['device', device] as const]),
    ...participants.slice(0, 5).map(({ client }) => ['client', client] as const),
  ] as const
  const pages = await Promise.all(
    keys.map(([scope, key]) => api.revocations({ scope, key }, { pageSize: 10 }).page()),
  )
  const all = pages.flatMap(({ items }) => items)
  return all.toSorted((one: WireNamedRevocation, other: WireNamedRevocation) =>
    other.at.localeCompare(one.at),
  )
}

function History({ of }: { readonly of: WireSession }) {
  const words = useWords()
  const { session } = words
  const history = useLoad(() => historyOf(of), ['history', of.sid, of.state])
  return (
    <Card title={session.history}>
      <Shown of={history}>
        {(entries) =>
          entries.length === 0 ? (
            <State icon="empty" title={session.historyEmpty} />
          ) : (
            <Table
              label={session.history}
              rows={entries}
              keyOf={({ id }) => id}
              columns={revocationColumns(words)}
            />
          )
        }
      </Shown>
    </Card>
  )
}
