/** People whom this server knows. */
import type { SubjectFilter, WireSubject } from 'outright/client'
import { api } from '../lib/api.ts'
import { count, moment } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { useMay } from '../lib/me.ts'
import { address, navigate, usePlace } from '../lib/router.ts'
import { Action } from '../ui/action.tsx'
import { Ago, Attributes, Badge, Card, Facts, Head, Table } from '../ui/parts.tsx'
import { Pager } from '../ui/pager.tsx'
import { Filters, TextFilter } from '../ui/query-filters.tsx'
import { Shown, State } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'

const names = ['username', 'email', 'phone'] as const

export function PeoplePage() {
  const { people, common } = useWords()
  const { query } = usePlace()
  const filter: SubjectFilter = Object.fromEntries(
    names.flatMap((name) => {
      const value = query.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
  const cursor = query.get('cursor') ?? undefined
  const page = useLoad(
    () => api.subjects(filter, { pageSize: 50 }).page(cursor),
    ['people', filter, cursor],
  )
  return (
    <>
      <Head title={people.title} lead={people.lead} />
      <Filters>
        {names.map((name) => (
          <TextFilter key={name} name={name} label={people[name]} />
        ))}
      </Filters>
      <Card>
        <Shown of={page}>
          {(found) =>
            found.items.length === 0 ? (
              <State icon="people" title={people.emptyTitle} text={people.empty} />
            ) : (
              <>
                <Table
                  label={people.title}
                  rows={found.items}
                  keyOf={({ id }) => id}
                  columns={[
                    {
                      name: common.name,
                      cell: ({ id, name }) => (
                        <a href={address(['people', id])}>
                          <strong class="cut">{name || id}</strong>
                          <span class="two">{id}</span>
                        </a>
                      ),
                    },
                    { name: people.username, cell: ({ username }) => username ?? '–' },
                    {
                      name: people.contact,
                      cell: ({ email, phone }) => (
                        <>
                          <span class="cut">{email ?? '–'}</span>
                          <span class="two">{phone ?? ''}</span>
                        </>
                      ),
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

export function PersonPage({ id }: { readonly id: string }) {
  const { people } = useWords()
  const person = useLoad(() => api.subject(id), ['person', id])
  return (
    <>
      <Head title={person.value?.name || id} lead={people.title}>
        {person.value !== undefined && <Actions of={person.value} onDone={person.reload} />}
      </Head>
      {person.value === undefined ? (
        <Card>
          <Shown of={person}>{() => null}</Shown>
        </Card>
      ) : (
        <PersonFacts of={person.value} />
      )}
    </>
  )
}

function Actions({ of, onDone }: { readonly of: WireSubject; readonly onDone: () => void }) {
  const { common, people } = useWords()
  const may = useMay('operator')
  const set = async (status: WireSubject['status']): Promise<void> => {
    const { revoked } = await api.updateSubject(of.id, { status })
    if (revoked === null) onDone()
    else navigate(address(['revocations', revoked.revocation.id]))
  }
  return (
    <div class="row">
      <Action
        role="admin"
        label={of.status === 'active' ? common.disable : common.enable}
        act={() => set(of.status === 'active' ? 'disabled' : 'active')}
      />
      {may && (
        <a class="button danger" href={address(['end'], { scope: 'subject', key: of.id })}>
          {people.endAll}
        </a>
      )}
    </div>
  )
}

function PersonFacts({ of }: { readonly of: WireSubject }) {
  const { people, common } = useWords()
  const open = useLoad(
    () => api.countSessions({ subject: of.id, live: true }),
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
              [people.username, of.username],
              [people.email, of.email],
              [people.phone, of.phone],
              [people.password, of.hasPassword ? people.passwordYes : '–'],
              [common.created, moment(of.createdAt)],
              [
                people.sessions,
                <a key="open" href={address(['sessions'], { subject: of.id, live: 'true' })}>
                  {open.value === undefined ? '…' : count(open.value.count)}
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
