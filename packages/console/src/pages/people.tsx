/** People whom this server knows. */
import type { WireSubject } from 'outright/client'
import { api } from '../lib/api.ts'
import { moment } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { address, usePlace } from '../lib/router.ts'
import { PagedList } from '../ui/list.tsx'
import { Named } from '../ui/named.tsx'
import { Ago, Badge, Head, type Column } from '../ui/parts.tsx'
import { Filters, TextFilter } from '../ui/query-filters.tsx'
import { RecordPage } from '../ui/record.tsx'
import { State } from '../ui/states.tsx'
import { useWords, type Words } from '../words/index.ts'

export function PeoplePage() {
  const words = useWords()
  const { people } = words
  const { query } = usePlace()
  const search = query.get('search') ?? undefined
  const cursor = query.get('cursor') ?? undefined
  const page = useLoad(
    () => api.subjects(search === undefined ? {} : { search }, { pageSize: 50 }).page(cursor),
    ['people', search, cursor],
  )
  return (
    <>
      <Head title={people.title} lead={people.lead} />
      <Filters>
        <TextFilter name="search" label={people.search} hint={people.searchHint} />
      </Filters>
      <PagedList
        of={page}
        label={people.title}
        columns={columnsOf(words)}
        keyOf={({ id }) => id}
        empty={
          <State
            icon="people"
            {...emptyState(words, search !== undefined, page.value?.next != null)}
          />
        }
      />
    </>
  )
}

/** A page of a large search may be empty, and not the last. */
function emptyState({ people }: Words, isSearch: boolean, hasMore: boolean) {
  if (hasMore) return { title: people.laterTitle, text: people.later }
  return isSearch
    ? { title: people.emptyTitle, text: people.empty }
    : { title: people.firstTitle, text: people.first }
}

function columnsOf({ people, common }: Words): readonly Column<WireSubject>[] {
  return [
    {
      name: common.name,
      cell: ({ id, name }) => (
        <a href={address(['people', id])}>
          <Named name={name} id={id} />
        </a>
      ),
    },
    { name: people.username, cell: ({ username }) => username ?? '–' },
    {
      name: people.contact,
      cell: ({ email, phone }) => (
        <>
          <span class="cut">{email ?? phone ?? '–'}</span>
          {email !== null && phone !== null && <span class="two">{phone}</span>}
        </>
      ),
    },
    { name: common.created, cell: ({ createdAt }) => <Ago at={createdAt} /> },
    { name: common.state, align: 'corner', cell: ({ status }) => <Badge state={status} /> },
  ]
}

export function PersonPage({ id }: { readonly id: string }) {
  const { people, common } = useWords()
  const person = useLoad(() => api.subject(id), ['person', id])
  return (
    <RecordPage
      id={id}
      of={person}
      scope="subject"
      kind={people.one}
      endLabel={people.endAll}
      setStatus={(status) => api.updateSubject(id, { status })}
      facts={(one) => [
        [common.state, <Badge key="state" state={one.status} />],
        [common.id, one.id],
        [people.username, one.username],
        [people.email, one.email],
        [people.phone, one.phone],
        [people.password, one.hasPassword ? people.passwordYes : '–'],
        [common.created, moment(one.createdAt)],
      ]}
    />
  )
}
