/** Applications: what they may do, and ending what they have open. */
import type { WireClient } from 'outright/client'
import { api } from '../lib/api.ts'
import { useDialectOptions, useDialectTitle } from '../lib/dialects.ts'
import { moment } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { address, usePlace } from '../lib/router.ts'
import { PagedList } from '../ui/list.tsx'
import { Named } from '../ui/named.tsx'
import { Ago, Badge, Head, type Column } from '../ui/parts.tsx'
import { ChoiceFilter, Filters } from '../ui/query-filters.tsx'
import { RecordPage } from '../ui/record.tsx'
import { State } from '../ui/states.tsx'
import { useWords, type Words } from '../words/index.ts'

export function ClientsPage() {
  const words = useWords()
  const { clients, sessions } = words
  const { query } = usePlace()
  const dialect = query.get('dialect') ?? undefined
  const cursor = query.get('cursor') ?? undefined
  const titleOf = useDialectTitle()
  const options = useDialectOptions('clients')
  const page = useLoad(
    () => api.clients(dialect === undefined ? {} : { dialect }, { pageSize: 50 }).page(cursor),
    ['clients', dialect, cursor],
  )
  return (
    <>
      <Head title={clients.title} lead={clients.lead} />
      <Filters>
        <ChoiceFilter name="dialect" label={sessions.dialect} options={options} />
      </Filters>
      <PagedList
        of={page}
        label={clients.title}
        columns={columnsOf(words, titleOf)}
        keyOf={({ id }) => id}
        empty={<State icon="clients" title={clients.emptyTitle} text={clients.empty} />}
      />
    </>
  )
}

function columnsOf(
  { clients, sessions, common }: Words,
  titleOf: (dialect: string) => string,
): readonly Column<WireClient>[] {
  return [
    {
      name: common.name,
      cell: ({ id, name }) => (
        <a href={address(['clients', id])}>
          <Named name={name} id={id} />
        </a>
      ),
    },
    { name: sessions.dialect, cell: ({ dialect }) => titleOf(dialect) },
    { name: clients.allowlist, cell: ({ allowlist }) => <Allowed of={allowlist} /> },
    { name: common.created, cell: ({ createdAt }) => <Ago at={createdAt} /> },
    { name: common.state, align: 'corner', cell: ({ status }) => <Badge state={status} /> },
  ]
}

function Allowed({ of }: { readonly of: readonly string[] }) {
  const { clients } = useWords()
  return <span class="cut">{of.length === 0 ? clients.allowAll : of.join(', ')}</span>
}

export function ClientPage({ id }: { readonly id: string }) {
  const { clients, session, sessions, common } = useWords()
  const client = useLoad(() => api.client(id), ['client', id])
  const titleOf = useDialectTitle()
  return (
    <RecordPage
      id={id}
      of={client}
      scope="client"
      kind={clients.one}
      endLabel={session.endClient}
      setStatus={(status) => api.updateClient(id, { status })}
      facts={(one) => [
        [common.state, <Badge key="state" state={one.status} />],
        [common.id, one.id],
        [sessions.dialect, titleOf(one.dialect)],
        [clients.key, <code key="key">{one.key}</code>],
        [clients.secret, one.hasSecret ? clients.secretYes : '–'],
        [clients.allowlist, <Allowed key="allow" of={one.allowlist} />],
        [clients.redirects, one.redirectUris.join(', ')],
        [common.created, moment(one.createdAt)],
      ]}
    />
  )
}
