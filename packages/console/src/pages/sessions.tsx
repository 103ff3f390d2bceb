/** Who is logged in, with search. */
import {
  isolated,
  type SessionFilter,
  type WireForeignSession,
  type WireSession,
} from 'outright/client'
import { api } from '../lib/api.ts'
import { useDialectOptions, useDialectTitle } from '../lib/dialects.ts'
import { useMay } from '../lib/me.ts'
import { short } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { address, usePlace } from '../lib/router.ts'
import { PagedList } from '../ui/list.tsx'
import { clientName, Named } from '../ui/named.tsx'
import { Ago, Badge, Head, type Column } from '../ui/parts.tsx'
import { ChoiceFilter, Filters, TextFilter, useFilter } from '../ui/query-filters.tsx'
import { State } from '../ui/states.tsx'
import { useWords, type Words } from '../words/index.ts'

const PAGE_SIZE = 50

export function SessionsPage() {
  const words = useWords()
  const { query } = usePlace()
  const isElsewhere = query.has('elsewhere')
  const { sessions } = words
  return (
    <>
      <Head title={sessions.title} lead={sessions.lead}>
        <div class="tabs">
          <a href={address(['sessions'])} {...(isElsewhere ? {} : { 'aria-current': 'page' })}>
            {sessions.here}
          </a>
          <a
            href={address(['sessions'], { elsewhere: 'yes' })}
            {...(isElsewhere ? { 'aria-current': 'page' } : {})}
          >
            {sessions.elsewhere}
          </a>
        </div>
      </Head>
      {isElsewhere ? <ForeignSessions /> : <OwnSessions />}
    </>
  )
}

function OwnSessions() {
  const words = useWords()
  const { sessions } = words
  const { query } = usePlace()
  const filter = filterOf(query)
  const cursor = query.get('cursor') ?? undefined
  const page = useLoad(
    () => api.sessions(filter, { pageSize: PAGE_SIZE }).page(cursor),
    ['sessions', filter, cursor],
    10_000,
  )
  const total = useLoad(() => api.countSessions(filter), ['count', filter], 10_000)
  const mayEnd = useMay('operator')
  const titleOf = useDialectTitle()
  const dialects = useDialectOptions('sessions')
  const isSearch = Object.keys(filter).length > 0
  return (
    <>
      <Filters>
        <TextFilter name="subject" label={sessions.person} hint={sessions.idHint} />
        <TextFilter name="client" label={sessions.client} hint={sessions.idHint} />
        <TextFilter name="device" label={sessions.device} />
        <TextFilter name="address" label={sessions.address} />
        <ChoiceFilter name="dialect" label={sessions.dialect} options={dialects} />
        <TextFilter name="from" label={sessions.from} type="datetime-local" />
        <TextFilter name="until" label={sessions.until} type="datetime-local" />
        <LiveOnly />
      </Filters>
      <PagedList
        of={page}
        title={
          total.value === undefined
            ? sessions.title
            : sessions.found(total.value.count, !total.value.exact)
        }
        action={
          isSearch && (
            <a class="button small plain" href={address(['sessions'])}>
              {words.common.clear}
            </a>
          )
        }
        label={sessions.title}
        columns={columnsOf(words, mayEnd, titleOf)}
        keyOf={({ sid }) => sid}
        empty={
          <State icon="empty" {...emptyState(words, isSearch, page.value?.next != null)}>
            {filter.subject !== undefined && (
              <a class="button" href={address(['people'], { search: filter.subject })}>
                {sessions.searchPeople(filter.subject)}
              </a>
            )}
          </State>
        }
      />
    </>
  )
}

/** A page of a large search may be empty, and not the last. */
function emptyState({ sessions }: Words, isSearch: boolean, hasMore: boolean) {
  if (hasMore) return { title: sessions.laterTitle, text: sessions.later }
  return isSearch
    ? { title: sessions.emptyTitle, text: sessions.empty }
    : { title: sessions.firstTitle, text: sessions.first }
}

function LiveOnly() {
  const { sessions } = useWords()
  const [live, setLive] = useFilter('live')
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={live === 'true'}
        onChange={(event) => {
          setLive(event.currentTarget.checked ? 'true' : '')
        }}
      />
      {sessions.onlyLive}
    </label>
  )
}

function filterOf(query: URLSearchParams): SessionFilter {
  const text = (name: string): string | undefined => query.get(name) ?? undefined
  const from = instantOf(query.get('from'))
  const until = instantOf(query.get('until'))
  const wanted = {
    subject: text('subject'),
    client: text('client'),
    device: text('device'),
    address: text('address'),
    dialect: text('dialect'),
    openedFrom: from,
    openedUntil: until,
    live: query.get('live') === 'true' ? true : undefined,
  }
  return Object.fromEntries(
    Object.entries(wanted).filter(([, value]) => value !== undefined),
  ) as SessionFilter
}

/** What a person chose is local time; the API takes none but UTC. */
function instantOf(text: string | null): string | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

function columnsOf(
  words: Words,
  mayEnd: boolean,
  titleOf: (dialect: string) => string,
): readonly Column<WireSession>[] {
  const { sessions, common } = words
  return [
    {
      name: sessions.person,
      cell: ({ sid, subject, subjectName }) => (
        <a href={address(['sessions', sid])}>
          <Named name={subjectName} id={subject} />
        </a>
      ),
    },
    {
      name: sessions.client,
      cell: ({ client, clientName: name, dialect, participants }) => (
        <>
          <span class="cut">
            {isolated(clientName(words, client, name))}{' '}
            {participants.length > 1 && sessions.more(participants.length - 1)}
          </span>
          <span class="two cut">{titleOf(dialect)}</span>
        </>
      ),
    },
    {
      name: sessions.agent,
      cell: ({ attributes, device }) => (
        <>
          <span class="cut">{textOf(attributes['address']) ?? '–'}</span>
          <span class="two cut">{device ?? agentOf(textOf(attributes['userAgent'])) ?? ''}</span>
        </>
      ),
    },
    {
      name: sessions.opened,
      cell: ({ createdAt, lastSeenAt }) => (
        <>
          <Ago at={createdAt} />
          <span class="two">
            {sessions.lastSeen} <Ago at={lastSeenAt} />
          </span>
        </>
      ),
    },
    { name: common.state, align: 'corner', cell: ({ state }) => <Badge state={state} /> },
    {
      name: common.end,
      align: 'end',
      cell: ({ sid, state }) =>
        mayEnd && state === 'live' ? (
          <a
            class="button small quiet"
            href={address(['end'], { scope: 'session', key: sid })}
            aria-label={`${common.end} ${short(sid)}`}
          >
            {common.end}
          </a>
        ) : null,
    },
  ]
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The product at the end of a user agent, which is what tells one from another. */
export function agentOf(agent: string | undefined): string | undefined {
  if (agent === undefined) return undefined
  const known = /(Firefox|Edg|OPR|Chrome|Safari|curl|okhttp|node)[/ ]?([\d]*)/.exec(agent)
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1]
  if (known === null) return agent
  return [`${known[1] ?? ''} ${known[2] ?? ''}`.trim(), system].filter(Boolean).join(', ')
}

function ForeignSessions() {
  const words = useWords()
  const { sessions, common } = words
  const { query } = usePlace()
  const mayEnd = useMay('operator')
  const names = ['issuer', 'subject', 'session', 'client'] as const
  const filter = Object.fromEntries(
    names.flatMap((name) => {
      const value = query.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
  const cursor = query.get('cursor') ?? undefined
  const page = useLoad(
    () => api.foreignSessions(filter, { pageSize: PAGE_SIZE }).page(cursor),
    ['foreign', filter, cursor],
    10_000,
  )
  const columns: readonly Column<WireForeignSession>[] = [
    { name: sessions.person, cell: ({ subject }) => <strong class="cut">{subject}</strong> },
    {
      name: sessions.issuer,
      cell: ({ issuer, client }) => (
        <>
          <span class="cut">{issuer}</span>
          <span class="two">{client ?? ''}</span>
        </>
      ),
    },
    {
      name: common.id,
      cell: ({ session }) => <code>{session === null ? '–' : short(session)}</code>,
    },
    { name: sessions.firstSeen, cell: ({ firstSeenAt }) => <Ago at={firstSeenAt} /> },
    { name: sessions.lastSeen, cell: ({ lastSeenAt }) => <Ago at={lastSeenAt} /> },
    { name: common.state, align: 'corner', cell: ({ state }) => <Badge state={state} /> },
    {
      name: common.end,
      align: 'end',
      cell: ({ issuer, subject, session, state }) =>
        mayEnd && state === 'live' ? (
          <a
            class="button small quiet"
            aria-label={`${common.end} ${subject}`}
            href={address(['end'], {
              issuer,
              ...(session === null
                ? { scope: 'subject', key: subject }
                : { scope: 'session', key: session }),
            })}
          >
            {common.end}
          </a>
        ) : null,
    },
  ]
  return (
    <>
      <Filters>
        <TextFilter name="issuer" label={sessions.issuer} />
        <TextFilter name="subject" label={sessions.person} />
        <TextFilter name="client" label={sessions.client} />
        <TextFilter name="session" label={common.id} />
      </Filters>
      <PagedList
        of={page}
        label={sessions.elsewhere}
        columns={columns}
        keyOf={({ issuer, subject, session, client }) =>
          [issuer, subject, session, client].join(' ')
        }
        empty={<State icon="empty" title={sessions.emptyTitle} text={sessions.empty} />}
      />
    </>
  )
}
