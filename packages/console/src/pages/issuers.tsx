/** The identity providers whose tokens are accepted here, and the way to who is logged in there. */
import type { WireIdentityProvider } from 'outright/client'
import { api } from '../lib/api.ts'
import { count } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { useMay } from '../lib/me.ts'
import { address } from '../lib/router.ts'
import { Ago, Card, Head, Table, type Column, type Tone } from '../ui/parts.tsx'
import { Shown, State } from '../ui/states.tsx'
import { useWords, type Words } from '../words/index.ts'

type KeySet = WireIdentityProvider['keySet']

const tones: Readonly<Record<KeySet['state'], Tone>> = {
  unasked: '',
  fetched: 'good',
  failed: 'bad',
}

export function IssuersPage() {
  const words = useWords()
  const { issuers } = words
  const mayEnd = useMay('operator')
  const found = useLoad(() => api.identityProviders(), ['issuers'], 15_000)
  return (
    <>
      <Head title={issuers.title} lead={issuers.lead} />
      <Card>
        <Shown of={found}>
          {(rows) =>
            rows.length === 0 ? (
              <State icon="issuers" title={issuers.emptyTitle} text={issuers.empty} />
            ) : (
              <Table
                label={issuers.title}
                rows={rows}
                keyOf={({ name }) => name}
                columns={columnsOf(words, mayEnd)}
              />
            )
          }
        </Shown>
      </Card>
    </>
  )
}

function columnsOf(words: Words, mayEnd: boolean): readonly Column<WireIdentityProvider>[] {
  const { issuers, common } = words
  return [
    {
      name: common.name,
      cell: ({ name, issuer }) => (
        <>
          <strong class="cut">{name}</strong>
          <span class="two">{issuer}</span>
        </>
      ),
    },
    { name: issuers.profile, cell: ({ profile }) => profile },
    { name: issuers.keys, cell: ({ keySet }) => <Keys of={keySet} /> },
    {
      name: issuers.sessions,
      cell: ({ name, sessions }) =>
        sessions === null ? (
          issuers.notListed
        ) : (
          <a href={address(['sessions'], { elsewhere: 'yes', issuer: name })}>
            {issuers.found(count(sessions.count), sessions.exact)}
          </a>
        ),
    },
    {
      name: common.end,
      align: 'end',
      cell: ({ name }) =>
        mayEnd ? (
          <a
            class="button small quiet"
            aria-label={`${issuers.endPerson}: ${name}`}
            href={address(['end'], { scope: 'subject', issuer: name })}
          >
            {issuers.endPerson}
          </a>
        ) : null,
    },
  ]
}

function Keys({ of: { state, keys, fetchedAt, error } }: { readonly of: KeySet }) {
  const { issuers } = useWords()
  return (
    <>
      <span class={`badge ${tones[state]}`}>{issuers.states[state]}</span>
      {error !== null && <span class="two">{error}</span>}
      {fetchedAt !== null && (
        <span class="two">
          {issuers.keyCount(keys)}, <Ago at={fetchedAt} />
        </span>
      )}
    </>
  )
}
