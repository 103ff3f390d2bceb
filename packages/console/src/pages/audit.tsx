/** The log: everything that ended, whether the chain of it is whole, and a copy to keep. */
import {
  revocationReasons,
  revocationScopes,
  type RevocationFilter,
  type WireAuditLine,
} from 'outright/client'
import { useState } from 'preact/hooks'
import { api, troubleOf } from '../lib/api.ts'
import { useLoad } from '../lib/load.ts'
import { usePlace } from '../lib/router.ts'
import { save } from '../lib/save.ts'
import { PagedList } from '../ui/list.tsx'
import { Card, Head } from '../ui/parts.tsx'
import { ChoiceFilter, Filters, TextFilter } from '../ui/query-filters.tsx'
import { revocationColumns } from '../ui/revocation-columns.tsx'
import { State } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'

export function AuditPage() {
  const words = useWords()
  const { audit, common, scopes, reasons } = words
  const { query } = usePlace()
  const filter = filterOf(query)
  const cursor = query.get('cursor') ?? undefined
  const page = useLoad(
    () => api.revocations(filter, { pageSize: 50 }).page(cursor),
    ['audit', filter, cursor],
    cursor === undefined ? 5000 : undefined,
  )
  return (
    <>
      <Head title={audit.title} lead={audit.lead}>
        <div class="row">
          <Export filter={filter} />
        </div>
      </Head>
      <Chain />
      <Filters>
        <ChoiceFilter
          name="scope"
          label={common.scope}
          options={revocationScopes.map((one) => [one, scopes[one] ?? one])}
        />
        <TextFilter name="key" label={common.key} />
        <ChoiceFilter
          name="reason"
          label={common.reason}
          options={revocationReasons.map((one) => [one, reasons[one] ?? one])}
        />
      </Filters>
      <PagedList
        of={page}
        label={audit.title}
        columns={revocationColumns(words)}
        keyOf={({ id }) => id}
        empty={<State icon="audit" title={audit.emptyTitle} text={audit.empty} />}
      />
    </>
  )
}

function filterOf(query: URLSearchParams): RevocationFilter {
  const scope = revocationScopes.find((one) => one === query.get('scope'))
  const reason = revocationReasons.find((one) => one === query.get('reason'))
  const key = query.get('key')
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(reason === undefined ? {} : { reason }),
    ...(key === null ? {} : { key }),
  }
}

type Verification =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly line: WireAuditLine | undefined }
  | { readonly kind: 'verdict'; readonly line: WireAuditLine }
  /** It broke off: the status was sent before the work was done. */
  | { readonly kind: 'unfinished'; readonly message: string }

function Chain() {
  const { audit } = useWords()
  const [state, setState] = useState<Verification>({ kind: 'none' })
  const verify = async (): Promise<void> => {
    setState({ kind: 'running', line: undefined })
    try {
      let last: WireAuditLine | undefined
      for await (const line of api.verifyAudit()) {
        last = line
        setState({ kind: 'running', line })
      }
      if (last !== undefined && 'ok' in last) setState({ kind: 'verdict', line: last })
      else setState({ kind: 'unfinished', message: '' })
    } catch (error) {
      const trouble = troubleOf(error)
      setState({ kind: 'unfinished', message: trouble.kind === 'refused' ? trouble.message : '' })
    }
  }
  const isGood = state.kind === 'verdict' && 'ok' in state.line && state.line.ok
  const tone = state.kind === 'none' || state.kind === 'running' ? '' : isGood ? 'good' : 'bad'
  return (
    <Card>
      <div class="body row">
        <button
          type="button"
          class="button"
          disabled={state.kind === 'running'}
          onClick={() => {
            void verify()
          }}
        >
          {audit.verify}
        </button>
        <span class={`badge ${tone}`} role="status">
          {sayVerification(state, audit)}
        </span>
      </div>
    </Card>
  )
}

function sayVerification(
  state: Verification,
  audit: ReturnType<typeof useWords>['audit'],
): string | null {
  if (state.kind === 'none') return null
  if (state.kind === 'unfinished') return `${audit.unfinished} ${state.message}`.trim()
  const { line } = state
  if (line === undefined) return '…'
  if (!('ok' in line)) return audit.verifying(line.checked, line.of)
  if (line.ok) return audit.intact(line.entries)
  return audit.broken(`${line.at.stream}:${String(line.at.sequence)}`, line.reason)
}

/** Everything that the filter finds, as lines of JSON. */
function Export({ filter }: { readonly filter: RevocationFilter }) {
  const { audit, states } = useWords()
  const [progress, setProgress] = useState<string | undefined>()
  const run = async (): Promise<void> => {
    setProgress(audit.exporting(0))
    try {
      const lines: string[] = []
      for await (const entry of api.revocations(filter, { pageSize: 1000 })) {
        lines.push(JSON.stringify(entry))
        if (lines.length % 1000 === 0) setProgress(audit.exporting(lines.length))
      }
      save('outright-audit.ndjson', `${lines.join('\n')}\n`, 'application/x-ndjson')
      setProgress(undefined)
    } catch {
      // Half a log would look like a whole one: nothing is saved.
      setProgress(states.offlineTitle)
    }
  }
  return (
    <>
      {progress !== undefined && (
        <span class="soft" role="status">
          {progress}
        </span>
      )}
      <button
        type="button"
        class="button"
        onClick={() => {
          void run()
        }}
      >
        {audit.export}
      </button>
    </>
  )
}
