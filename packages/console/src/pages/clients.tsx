/** Applications: what they may do, and ending what they have open. */
import type { WireClient } from 'outright/client'
import { api } from '../lib/api.ts'
import { count, moment } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { useMay } from '../lib/me.ts'
import { address, navigate, usePlace } from '../lib/router.ts'
import { Action } from '../ui/action.tsx'
import { Ago, Attributes, Badge, Card, Facts, Head, Table } from '../ui/parts.tsx'
import { Pager } from '../ui/pager.tsx'
import { ChoiceFilter, Filters } from '../ui/query-filters.tsx'
import { Shown, State } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'
import { dialects } from './sessions.tsx'

export function ClientsPage() {
  const { clients, sessions, common } = useWords()
  const { query } = usePlace()
  const dialect = query.get('dialect') ?? undefined
  const cursor = query.get('cursor') ?? undefined
  const page = useLoad(
    () => api.clients(dialect === undefined ? {} : { dialect }, { pageSize: 50 }).page(cursor),
    ['clients', dialect, cursor],
  )
  return (
    <>
      <Head title={clients.title} lead={clients.lead} />
      <Filters>
        <ChoiceFilter
          name="dialect"
          label={sessions.dialect}
          options={dialects.map((name) => [name, name])}
        />
      </Filters>
      <Card>
        <Shown of={page}>
          {(found) =>
            found.items.length === 0 ? (
              <State icon="clients" title={clients.emptyTitle} text={clients.empty} />
            ) : (
              <>
                <Table
                  label={clients.title}
                  rows={found.items}
                  keyOf={({ id }) => id}
                  columns={[
                    {
                      name: common.name,
                      cell: ({ id, name }) => (
                        <a href={address(['clients', id])}>
                          <strong class="cut">{name}</strong>
                          <span class="two">{id}</span>
                        </a>
                      ),
                    },
                    { name: sessions.dialect, cell: (one) => one.dialect },
                    {
                      name: clients.allowlist,
                      cell: ({ allowlist }) => <Allowed of={allowlist} />,
                    },
                    { name: common.created, cell: ({ createdAt }) => <Ago at={createdAt} /> },
                    { name: common.state, cell: ({ status }) => <Badge state={status} /> },
                  ]}
                />
                <Pager page={found} />
              </>
            )
          }
        </Shown>
      </Card>
    </>
  )
}

function Allowed({ of }: { readonly of: readonly string[] }) {
  const { clients } = useWords()
  return <span class="cut">{of.length === 0 ? clients.allowAll : of.join(', ')}</span>
}

export function ClientPage({ id }: { readonly id: string }) {
  const { clients } = useWords()
  const client = useLoad(() => api.client(id), ['client', id])
  return (
    <>
      <Head title={client.value?.name ?? id} lead={clients.title}>
        {client.value !== undefined && <Actions of={client.value} onDone={client.reload} />}
      </Head>
      {client.value === undefined ? (
        <Card>
          <Shown of={client}>{() => null}</Shown>
        </Card>
      ) : (
        <ClientFacts of={client.value} />
      )}
    </>
  )
}

function Actions({ of, onDone }: { readonly of: WireClient; readonly onDone: () => void }) {
  const { common, session, clients } = useWords()
  const may = useMay('operator')
  return (
    <div class="row">
      {of.status === 'disabled' ? (
        <Action
          role="admin"
          label={common.enable}
          act={async () => {
            await api.updateClient(of.id, { status: 'active' })
            onDone()
          }}
        />
      ) : (
        <span title={clients.disableNote}>
          <Action
            role="admin"
            label={common.disable}
            act={async () => {
              const { revoked } = await api.updateClient(of.id, { status: 'disabled' })
              if (revoked === null) onDone()
              else navigate(address(['revocations', revoked.revocation.id]))
            }}
          />
        </span>
      )}
      {may && (
        <a class="button danger" href={address(['end'], { scope: 'client', key: of.id })}>
          {session.endClient}
        </a>
      )}
    </div>
  )
}

function ClientFacts({ of }: { readonly of: WireClient }) {
  const { clients, common, sessions } = useWords()
  const open = useLoad(
    () => api.countSessions({ client: of.id, live: true }),
    ['count', of.id],
    10_000,
  )
  return (
    <div class="columns">
      <Card title={common.details}>
        <div class="body">
          <Facts
            of={[
              [common.state, <Badge key="state" state={of.status} />],
              [common.id, of.id],
              [sessions.dialect, of.dialect],
              [clients.key, <code key="key">{of.key}</code>],
              [clients.secret, of.hasSecret ? clients.secretYes : '–'],
              [clients.allowlist, <Allowed key="allow" of={of.allowlist} />],
              [clients.redirects, of.redirectUris.join(', ')],
              [common.created, moment(of.createdAt)],
              [
                clients.sessions,
                <a key="open" href={address(['sessions'], { client: of.id, live: 'true' })}>
                  {open.value === undefined
                    ? '…'
                    : `${count(open.value.count)}${open.value.exact ? '' : '+'}`}
                </a>,
              ],
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
  )
}
