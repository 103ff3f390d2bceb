/** Whom every logout waits for. */
import type { WireVerifier } from 'outright/client'
import { api } from '../lib/api.ts'
import { count, duration } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { Ago, Card, Head, Table, type Column } from '../ui/parts.tsx'
import { Shown } from '../ui/states.tsx'
import { useWords, type Words } from '../words/index.ts'

export function VerifiersPage() {
  const words = useWords()
  const found = useLoad(() => api.verifiers(), ['verifiers'], 2000)
  return (
    <>
      <Head title={words.verifiers.title} lead={words.verifiers.lead} />
      <Card>
        <Shown of={found}>
          {(rows) => (
            <Table
              label={words.verifiers.title}
              rows={rows}
              keyOf={({ kind, id }) => `${kind} ${id}`}
              columns={verifierColumns(words)}
            />
          )}
        </Shown>
      </Card>
    </>
  )
}

export function verifierColumns(words: Words): readonly Column<WireVerifier>[] {
  const { verifiers, common } = words
  return [
    {
      name: common.name,
      cell: ({ name, kind, address }) => (
        <>
          <strong class="cut">{name}</strong>
          <span class="two">
            {verifiers.kinds[kind]}
            {address === null ? '' : ` · ${address}`}
          </span>
        </>
      ),
    },
    { name: verifiers.lease, cell: (one) => <Lease of={one} /> },
    {
      name: verifiers.behind,
      cell: ({ behind }) => (behind === 0 ? '0' : <span class="badge warn">{count(behind)}</span>),
    },
    { name: verifiers.lag, cell: ({ lagMs }) => (lagMs === null ? '–' : duration(lagMs)) },
    {
      name: verifiers.since,
      cell: ({ connectedAt }) => (connectedAt === null ? '–' : <Ago at={connectedAt} />),
    },
  ]
}

function Lease({ of: { fresh, leaseLeftMs } }: { readonly of: WireVerifier }) {
  const { verifiers } = useWords()
  if (!fresh) return <span class="badge bad">{verifiers.noLease}</span>
  return (
    <span class="badge good">
      {leaseLeftMs === null ? verifiers.current : verifiers.left(duration(leaseLeftMs))}
    </span>
  )
}
