/** The page of one revocation: its confirmations, its deliveries and the receipt. */
import type { WireAcknowledgement, WireRevocationDetail } from 'outright/client'
import { useState } from 'preact/hooks'
import { api, troubleOf } from '../lib/api.ts'
import { save } from '../lib/save.ts'
import { duration, moment } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { address } from '../lib/router.ts'
import { nameAndId } from '../ui/named.tsx'
import { Badge, Card, Facts, Head, Table } from '../ui/parts.tsx'
import { sayTrouble } from '../ui/say-trouble.ts'
import { endedName, isGone } from '../ui/revocation-columns.tsx'
import { Shown, State } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'

/** How often to poll while a confirmation is pending. */
const WAITING_MS = 120

export function RevocationPage({ id }: { readonly id: string }) {
  const words = useWords()
  const { board, scopes } = words
  const [isDone, setDone] = useState(false)
  const detail = useLoad(
    async () => {
      const found = await api.revocation(id)
      setDone(found.receipt === null || found.receipt.confirmed)
      return found
    },
    ['revocation', id],
    isDone ? undefined : WAITING_MS,
  )
  const entry = detail.value?.revocation
  const lead =
    entry === undefined
      ? id
      : `${scopes[entry.scope] ?? entry.scope}${entry.key === '*' ? '' : ` · ${endedName(words, entry)}`}`
  return (
    <>
      <Head title={board.title} lead={lead} />
      {detail.value === undefined ? (
        <Card>
          <Shown of={detail}>{() => null}</Shown>
        </Card>
      ) : (
        <Shown of={detail}>
          {(found) => (
            <>
              <Board of={found} />
              <div class="columns">
                <Deliveries id={id} />
                <div class="stack">
                  <Receipt id={id} isConfirmed={found.receipt?.confirmed === true} />
                  <Entry of={found} />
                </div>
              </div>
            </>
          )}
        </Shown>
      )}
    </>
  )
}

function Board({ of }: { readonly of: WireRevocationDetail }) {
  const { board, common } = useWords()
  const { receipt, acknowledgements, revocation } = of
  if (receipt === null) {
    return (
      <Card>
        <State icon="audit" title={board.forgotten} />
      </Card>
    )
  }
  const { confirmed, acknowledged, verifiers, lapsed, elapsedMs } = receipt
  return (
    <Card class={`board ${confirmed ? 'done' : ''}`}>
      <p class="big" role="status" aria-live="polite">
        <strong>{board.confirmed(acknowledged, verifiers)}</strong>{' '}
        <small>
          {confirmed ? board.in(elapsedMs < 1 ? '< 1 ms' : duration(elapsedMs)) : board.waiting}
        </small>
      </p>
      <Dots of={acknowledgements ?? []} verifiers={verifiers} isConfirmed={confirmed} />
      {lapsed > 0 && (
        <p class="banner">
          {board.lapsed(lapsed)} {confirmed && board.over}
        </p>
      )}
      {acknowledgements !== null && acknowledgements.length > 0 && (
        <details>
          <summary>{board.verifiers}</summary>
          <Table
            label={board.verifiers}
            rows={[ofWriter(revocation.stream), ...acknowledgements]}
            keyOf={({ verifier }) => verifier}
            columns={[
              { name: common.name, cell: ({ verifier }) => verifier },
              {
                name: common.state,
                cell: ({ outcome, elapsedMs: ms }) =>
                  `${board.outcomes[outcome]}${ms === null ? '' : ` · ${duration(ms)}`}`,
              },
            ]}
          />
        </details>
      )}
    </Card>
  )
}

/** The node that wrote it has applied it before it asks the others. */
function ofWriter(node: string): WireAcknowledgement {
  return { verifier: node, outcome: 'acknowledged', elapsedMs: null }
}

const DOTS = 200

/** One square for each verifier: the node itself, then each guard as it answers. */
function Dots({
  of,
  verifiers,
  isConfirmed,
}: {
  readonly of: readonly WireAcknowledgement[]
  readonly verifiers: number
  readonly isConfirmed: boolean
}) {
  const outcomes = ['acknowledged', ...of.map(({ outcome }) => outcome)]
  const squares = Array.from(
    { length: Math.min(verifiers, DOTS) },
    (_, index) => outcomes[index] ?? (isConfirmed ? 'acknowledged' : 'waiting'),
  )
  return (
    <div class="dots" aria-hidden="true">
      {squares.map((outcome, index) => (
        <i key={index} class={outcome} />
      ))}
    </div>
  )
}

function Deliveries({ id }: { readonly id: string }) {
  const { board, deliveries, common } = useWords()
  const found = useLoad(
    () => api.deliveries({ revocation: id }, { pageSize: 100 }).page(),
    ['deliveries of', id],
    2000,
  )
  return (
    <Card title={board.deliveries}>
      <Shown of={found}>
        {({ items }) =>
          items.length === 0 ? (
            <State icon="deliveries" title={board.deliveriesEmpty} />
          ) : (
            <Table
              label={board.deliveries}
              rows={items}
              keyOf={(one) => one.id}
              columns={[
                { name: deliveries.receiver, cell: ({ receiver }) => receiver },
                {
                  name: deliveries.subject,
                  cell: ({ subject }) => <span class="cut">{subject}</span>,
                },
                { name: deliveries.attempts, cell: ({ attempts }) => attempts },
                {
                  name: common.state,
                  align: 'corner',
                  cell: ({ state }) => <Badge state={state} />,
                },
              ]}
            />
          )
        }
      </Shown>
    </Card>
  )
}

function Receipt({ id, isConfirmed }: { readonly id: string; readonly isConfirmed: boolean }) {
  const { board, states } = useWords()
  const [wrong, setWrong] = useState('')
  const download = async (): Promise<void> => {
    try {
      save(`outright-receipt-${id}.jwt`, await api.signedReceipt(id), 'application/jwt')
      setWrong('')
    } catch (error) {
      setWrong(sayTrouble(troubleOf(error), states))
    }
  }
  return (
    <Card title={board.receipt}>
      <div class="body stack">
        <p class="soft">{board.receiptText}</p>
        <div>
          <button
            type="button"
            class="button"
            disabled={!isConfirmed}
            onClick={() => {
              void download()
            }}
          >
            {board.download}
          </button>
        </div>
        {wrong !== '' && (
          <p class="banner bad" role="alert">
            {wrong}
          </p>
        )}
      </div>
    </Card>
  )
}

function Entry({ of: { revocation } }: { readonly of: WireRevocationDetail }) {
  const words = useWords()
  const { board, common, scopes, reasons } = words
  const {
    scope,
    key,
    keyName,
    keySession,
    reason,
    actor,
    actorName,
    note,
    at,
    stream,
    sequence,
    hash,
  } = revocation
  return (
    <Card title={board.entry}>
      <div class="body">
        <Facts
          of={[
            [common.scope, scopes[scope] ?? scope],
            [
              common.key,
              keySession === null ? (
                `${nameAndId(keyName, key)}${isGone(revocation) ? ` · ${common.sessionGone}` : ''}`
              ) : (
                <a key="key" href={address(['sessions', keySession.sid])}>
                  {`${endedName(words, revocation)} (${key})`}
                </a>
              ),
            ],
            [board.issuer, revocation.issuer],
            [common.reason, reasons[reason] ?? reason],
            [common.note, note],
            [common.by, nameAndId(actorName, actor)],
            [common.time, moment(at)],
            [board.cutoff, revocation.cutoff === null ? '' : moment(revocation.cutoff)],
            [board.keptUntil, moment(revocation.forgetAfter)],
            [board.place, `${stream}:${String(sequence)}`],
            [board.hash, <code key="hash">{hash}</code>],
          ]}
        />
      </div>
    </Card>
  )
}
