/** What canaries have found: for how long each path accepted a session that was logged out. */
import { isolated, type CanaryVerdict, type WireCanaryReport } from 'outright/client'
import { api } from '../lib/api.ts'
import { duration, moment, signedDuration } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { usePlace } from '../lib/router.ts'
import { CopyCommand } from '../ui/copy-command.tsx'
import { Pager } from '../ui/pager.tsx'
import { Ago, Card, Head, Table, type Column, type Tone } from '../ui/parts.tsx'
import { Dots } from '../ui/plot.tsx'
import { Shown, State } from '../ui/states.tsx'
import { useWords, type Words } from '../words/index.ts'
import { watchedPaths, type WatchedPath } from './watched-paths.ts'

/** What the plots of one page show; older reports are on the pages after it. */
const REPORTS_SHOWN = 200

const tones: Readonly<Record<CanaryVerdict, Tone>> = {
  refused: 'good',
  late: 'bad',
  never_refused: 'bad',
  not_measured: 'warn',
}

export function CanaryPage() {
  const words = useWords()
  const { canary } = words
  const cursor = usePlace().query.get('cursor') ?? undefined
  const found = useLoad(
    () => api.canaryReports({ pageSize: REPORTS_SHOWN }).page(cursor),
    ['canary', cursor],
    cursor === undefined ? 15_000 : undefined,
  )
  const command =
    `outright canary --server ${location.origin} ` +
    '--path api=https://shop.example/api/me --every 1m'
  return (
    <>
      <Head title={canary.title} lead={canary.lead} />
      <Shown of={found}>
        {(page) => {
          const paths = watchedPaths(page.items)
          if (paths.length === 0 && cursor === undefined) {
            return (
              <Card>
                <State icon="canary" title={canary.emptyTitle} text={canary.empty}>
                  <CopyCommand command={command} />
                </State>
              </Card>
            )
          }
          return (
            <>
              {/* What a path did once does not raise an alarm any more. */}
              {cursor === undefined && <Alarms paths={paths} />}
              <Card title={rangeOf(page.items, canary)}>
                <Table
                  label={canary.title}
                  rows={paths}
                  keyOf={(path) => `${path.canary} ${path.name}`}
                  columns={columnsOf(words)}
                />
                <Pager page={page} first={canary.newest} next={canary.older} />
              </Card>
            </>
          )
        }}
      </Shown>
    </>
  )
}

function rangeOf(reports: readonly WireCanaryReport[], { range }: Words['canary']): string {
  const [newest, oldest] = [reports[0], reports.at(-1)]
  if (newest === undefined || oldest === undefined) return ''
  return range(moment(oldest.receivedAt), moment(newest.receivedAt))
}

/** The paths that did not refuse, by name, above everything else. */
function Alarms({ paths }: { readonly paths: readonly WatchedPath[] }) {
  const { canary } = useWords()
  return (
    <>
      {(['never_refused', 'late', 'not_measured'] as const).map((verdict) => {
        const names = paths
          .filter(({ last }) => last.found.verdict === verdict)
          .map(({ name }) => isolated(name))
        if (names.length === 0) return null
        return (
          <p key={verdict} class={`banner ${tones[verdict]}`} role="status">
            <strong>{canary.alarms[verdict]}</strong> {names.join(', ')}
          </p>
        )
      })}
    </>
  )
}

function columnsOf(words: Words): readonly Column<WatchedPath>[] {
  const { canary, common } = words
  return [
    {
      name: canary.path,
      cell: ({ name, last, ...path }) => (
        <>
          <strong class="cut">{name}</strong>
          <span class="two">
            {path.canary} · {last.found.kind}
          </span>
        </>
      ),
    },
    {
      name: canary.verdict,
      cell: ({ last: { found } }) => (
        <>
          <span class={`badge ${tones[found.verdict]}`}>{canary.verdicts[found.verdict]}</span>
          {found.detail !== '' && <span class="two">{found.detail}</span>}
        </>
      ),
    },
    {
      name: canary.lastAccepted,
      cell: ({ last: { found } }) => (
        <>
          {found.afterAnswerMs === null ? '–' : signedDuration(found.afterAnswerMs)}
          {found.gapMs !== null && <span class="two">{canary.exact(duration(found.gapMs))}</span>}
        </>
      ),
    },
    { name: canary.history, cell: (path) => <History of={path} /> },
    { name: common.time, cell: ({ last }) => <Ago at={last.at} /> },
  ]
}

function History({ of: { name, rounds } }: { readonly of: WatchedPath }) {
  const { canary } = useWords()
  return (
    <Dots
      label={canary.plot(name, rounds.length)}
      dots={rounds.map(({ at, found }) => ({
        at: Date.parse(at),
        value: found.afterAnswerMs ?? undefined,
        tone: tones[found.verdict],
      }))}
    />
  )
}
