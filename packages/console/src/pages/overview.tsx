/** How the installation is now: what ends, how fast that is confirmed, and who holds it up. */
import type { WireStatistics } from 'outright/client'
import { useEffect, useState } from 'preact/hooks'
import { api } from '../lib/api.ts'
import { clockTime, count, duration, moment } from '../lib/format.ts'
import { bucketsOf, quantileMs } from '../lib/histogram.ts'
import { live } from '../lib/live.ts'
import { useLoad, type Loaded } from '../lib/load.ts'
import { address } from '../lib/router.ts'
import { Card, Facts, Head, Table } from '../ui/parts.tsx'
import { Bars } from '../ui/plot.tsx'
import { endedName } from '../ui/revocation-columns.tsx'
import { Shown, State } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'
import { verifierColumns } from './verifiers.tsx'

export function OverviewPage() {
  const { overview } = useWords()
  const statistics = useLoad(() => api.statistics(), ['statistics'], 2000)
  return (
    <>
      <Head title={overview.title} lead={overview.lead} />
      <div class="grid">
        <div class="span-7 stack">
          <Confirmation of={statistics} />
          <Openings of={statistics} />
        </div>
        <div class="span-5 stack">
          <Revocations />
        </div>
        <div class="span-8">
          <Verifiers />
        </div>
        <div class="span-4 stack">
          <Deliveries of={statistics} />
          <Health of={statistics} />
        </div>
      </div>
    </>
  )
}

function Confirmation({ of }: { readonly of: Loaded<WireStatistics> }) {
  const { overview } = useWords()
  return (
    <Card title={overview.confirmation}>
      <Shown of={of}>
        {({ confirmation }) =>
          confirmation.count === 0 ? (
            <State icon="overview" title={overview.noConfirmations} />
          ) : (
            <div class="body stack">
              <dl class="figures">
                <Figure name={overview.p50} value={upTo(quantileMs(confirmation.buckets, 0.5))} />
                <Figure name={overview.p99} value={upTo(quantileMs(confirmation.buckets, 0.99))} />
                <Figure name={overview.lapsed} value={count(confirmation.lapsed)} />
              </dl>
              <Bars
                label={overview.confirmation}
                bars={bucketsOf(confirmation.buckets).map(
                  ({ upToMs, count: value }, index, all) => ({
                    label: boundOf(upToMs, all[index - 1]?.upToMs),
                    value,
                    title: `≤ ${upToMs === undefined ? '∞' : duration(upToMs)}: ${count(value)}`,
                  }),
                )}
              />
              <p class="soft">{overview.confirmations(confirmation.count)}</p>
            </div>
          )
        }
      </Shown>
    </Card>
  )
}

/** With its unit where that is another than the one before has: there is little room. */
function boundOf(upToMs: number | undefined, beforeMs: number | undefined): string {
  if (upToMs === undefined) return '∞'
  const [number = '', unit = ''] = duration(upToMs).split(' ')
  const isSame = beforeMs !== undefined && duration(beforeMs).endsWith(` ${unit}`)
  return isSame ? number : `${number} ${unit}`
}

function upTo(ms: number | undefined): string {
  return ms === undefined ? '> 5 s' : duration(ms)
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="figure">{value}</dd>
    </div>
  )
}

const HOUR_MS = 3_600_000

function Openings({ of }: { readonly of: Loaded<WireStatistics> }) {
  const { overview, sessions } = useWords()
  return (
    <Card title={overview.opened}>
      <Shown of={of}>
        {({ openings }) => {
          const byHour = new Map(
            openings.map(({ from, sessions: value }) => [Date.parse(from), value]),
          )
          const lastHour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
          const hours = Array.from({ length: 24 }, (_, index) => lastHour - (23 - index) * HOUR_MS)
          return (
            <div class="body stack">
              <Bars
                label={overview.opened}
                labelEvery={4}
                height={104}
                bars={hours.map((hour) => {
                  const value = byHour.get(hour) ?? 0
                  const label = `${String(new Date(hour).getHours()).padStart(2, '0')}:00`
                  return { label, value, title: `${label}: ${sessions.found(value, false)}` }
                })}
              />
              <p class="soft">{overview.openedNote}</p>
            </div>
          )
        }}
      </Shown>
    </Card>
  )
}

const SLOTS = 30
const SLOT_MS = 10_000

/** What comes by the event stream: the newest, and how many in each ten seconds. */
function Revocations() {
  const words = useWords()
  const { overview, scopes } = words
  const { recent, state } = live.use()
  const nowMs = useNow(2000)
  const slots = Array.from({ length: SLOTS }, (_, index) => {
    const fromMs = nowMs - (SLOTS - index) * SLOT_MS
    const value = recent.filter(({ at }) => {
      const atMs = Date.parse(at)
      return atMs >= fromMs && atMs < fromMs + SLOT_MS
    }).length
    const label = clockTime(new Date(fromMs).toISOString())
    return { label, value, title: `${label}: ${count(value)}` }
  })
  return (
    <Card title={overview.live} action={<a href={address(['audit'])}>{overview.all}</a>}>
      <div class="body">
        <Bars label={overview.rate} bars={slots} height={64} labelEvery={SLOTS} />
      </div>
      {recent.length === 0 ? (
        <State icon={state === 'lost' ? 'offline' : 'end'} title={overview.liveEmpty} />
      ) : (
        <ol class="stream" tabIndex={0} aria-label={overview.live}>
          {recent.slice(0, 50).map((entry) => (
            <li key={entry.id}>
              <time dateTime={entry.at} class="soft">
                {clockTime(entry.at)}
              </time>
              <a href={address(['revocations', entry.id])}>{endedName(words, entry)}</a>
              <span class="soft">{scopes[entry.scope] ?? entry.scope}</span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  )
}

function useNow(everyMs: number): number {
  const [nowMs, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(Date.now())
    }, everyMs)
    return () => {
      clearInterval(timer)
    }
  }, [everyMs])
  return nowMs
}

function Verifiers() {
  const words = useWords()
  const found = useLoad(() => api.verifiers(), ['verifiers'], 2000)
  return (
    <Card
      title={words.overview.verifiers}
      action={<a href={address(['verifiers'])}>{words.overview.all}</a>}
    >
      <Shown of={found}>
        {(rows) => (
          <Table
            label={words.overview.verifiers}
            rows={rows.slice(0, 8)}
            keyOf={({ kind, id }) => `${kind} ${id}`}
            columns={verifierColumns(words).slice(0, 4)}
          />
        )}
      </Shown>
    </Card>
  )
}

function Deliveries({ of }: { readonly of: Loaded<WireStatistics> }) {
  const { overview } = useWords()
  return (
    <Card title={overview.deliveries} action={<a href={address(['deliveries'])}>{overview.all}</a>}>
      <Shown of={of}>
        {({ deliveries }) =>
          deliveries === null ? (
            <State icon="deliveries" title={overview.unknown} />
          ) : (
            <div class="body">
              <dl class="figures">
                <Figure name={overview.owed} value={count(deliveries.owed)} />
                <Figure name={overview.dead} value={count(deliveries.dead)} />
                {deliveries.owed > 0 && (
                  <Figure name={overview.oldest} value={duration(deliveries.oldestOwedMs)} />
                )}
              </dl>
            </div>
          )
        }
      </Shown>
    </Card>
  )
}

function Health({ of }: { readonly of: Loaded<WireStatistics> }) {
  const { overview } = useWords()
  return (
    <Card title={overview.health}>
      <Shown of={of}>
        {(one) => (
          <div class="body">
            <Facts
              of={[
                [
                  overview.storage,
                  <Verdict
                    key="storage"
                    isGood={one.refusal === null}
                    text={one.refusal ?? overview.ready}
                  />,
                ],
                [
                  overview.current,
                  <Verdict
                    key="current"
                    isGood={one.current}
                    text={one.current ? overview.yes : overview.no}
                  />,
                ],
                [overview.entries, count(one.replicaEntries)],
                [overview.guards, count(one.guardConnections)],
                [overview.clock, duration(one.clockLeadMs)],
                [overview.since, moment(one.startedAt)],
                [overview.version, `${one.version} · ${one.node}`],
              ]}
            />
          </div>
        )}
      </Shown>
    </Card>
  )
}

function Verdict({ isGood, text }: { readonly isGood: boolean; readonly text: string }) {
  return <span class={`badge ${isGood ? 'good' : 'bad'}`}>{text}</span>
}
