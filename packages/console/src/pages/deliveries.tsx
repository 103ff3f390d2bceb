/** What others have to be told, how it went, and trying it again. */
import { deliveryStates, type WireDelivery, type WireReceiver } from 'outright/client'
import { api } from '../lib/api.ts'
import { count, moment } from '../lib/format.ts'
import { useLoad } from '../lib/load.ts'
import { useMay } from '../lib/me.ts'
import { address, usePlace } from '../lib/router.ts'
import { Action } from '../ui/action.tsx'
import { PagedList } from '../ui/list.tsx'
import { Ago, Attributes, Badge, Facts, Head } from '../ui/parts.tsx'
import { ChoiceFilter, Filters, TextFilter } from '../ui/query-filters.tsx'
import { State } from '../ui/states.tsx'
import { useWords } from '../words/index.ts'

export function DeliveriesPage() {
  const words = useWords()
  const { deliveries, common } = words
  const { query } = usePlace()
  const state = deliveryStates.find((one) => one === query.get('state'))
  const receiver = query.get('receiver') ?? undefined
  const filter = {
    ...(state === undefined ? {} : { state }),
    ...(receiver === undefined ? {} : { receiver }),
  }
  const cursor = query.get('cursor') ?? undefined
  const page = useLoad(
    () => api.deliveries(filter, { pageSize: 50 }).page(cursor),
    ['deliveries', filter, cursor],
    3000,
  )
  return (
    <>
      <Head title={deliveries.title} lead={deliveries.lead} />
      <Receivers />
      <Filters>
        <ChoiceFilter
          name="state"
          label={common.state}
          options={deliveryStates.map((one) => [one, common.states[one]])}
        />
        <TextFilter name="receiver" label={deliveries.receiver} />
      </Filters>
      <PagedList
        of={page}
        title={deliveries.title}
        label={deliveries.title}
        keyOf={({ id }) => id}
        columns={[
          {
            name: deliveries.receiver,
            cell: ({ receiver: name, subject }) => (
              <>
                <strong class="cut">{name}</strong>
                <span class="two cut">{subject}</span>
              </>
            ),
          },
          { name: common.created, cell: ({ createdAt }) => <Ago at={createdAt} /> },
          { name: deliveries.attempts, cell: ({ attempts }) => attempts },
          { name: common.details, cell: (one) => <Details of={one} /> },
          { name: common.state, align: 'corner', cell: (one) => <Badge state={one.state} /> },
          {
            name: deliveries.retry,
            align: 'end',
            cell: (one) => <Retry of={one} onDone={page.reload} />,
          },
        ]}
        empty={<State icon="deliveries" title={deliveries.emptyTitle} text={deliveries.empty} />}
      />
    </>
  )
}

const RECEIVERS_SHOWN = 10

/** Who is told, and how that goes. */
function Receivers() {
  const { deliveries, common } = useWords()
  const { query } = usePlace()
  const cursor = query.get('receivers') ?? undefined
  const found = useLoad(
    () => api.receivers({ pageSize: RECEIVERS_SHOWN }).page(cursor),
    ['receivers', cursor],
    5000,
  )
  return (
    <PagedList
      of={found}
      title={deliveries.receivers}
      label={deliveries.receivers}
      cursorIn="receivers"
      keyOf={({ name }) => name}
      columns={[
        {
          name: deliveries.receiver,
          cell: ({ name, kind, title }) => (
            <>
              <strong class="cut">{title ?? name.slice(kind.length + 1)}</strong>
              <a class="two cut" href={address(['deliveries'], { receiver: name })}>
                {name}
              </a>
            </>
          ),
        },
        {
          name: deliveries.toldBy,
          cell: ({ standard, host }) => (
            <>
              <span class="cut">{standard ?? '–'}</span>
              <span class="two cut">{host}</span>
            </>
          ),
        },
        {
          name: common.states.owed,
          cell: ({ owed, oldestOwedAt }) => (
            <>
              {count(owed)}
              {oldestOwedAt !== null && (
                <span class="two">
                  <Ago at={oldestOwedAt} />
                </span>
              )}
            </>
          ),
        },
        { name: common.states.dead, cell: ({ dead }) => count(dead) },
        { name: deliveries.lastDelivered, cell: (one) => <LastAttempt of={one} /> },
        { name: common.state, align: 'corner', cell: (one) => <Health of={one} /> },
      ]}
      empty={<State icon="deliveries" title={deliveries.noReceivers} />}
    />
  )
}

/** When it last took a message, and why it does not take the newest. */
function LastAttempt({ of: { lastDeliveredAt, lastFailure } }: { readonly of: WireReceiver }) {
  return (
    <>
      {lastDeliveredAt === null ? '–' : <Ago at={lastDeliveredAt} />}
      {lastFailure !== null && (
        <span class="two cut" title={`${lastFailure.reason} · ${moment(lastFailure.at)}`}>
          {lastFailure.reason}
        </span>
      )}
    </>
  )
}

function Health({ of }: { readonly of: WireReceiver }) {
  const { deliveries } = useWords()
  if (!of.configured) return <span class="badge">{deliveries.takenOut}</span>
  if (of.lastFailure !== null) return <span class="badge bad">{deliveries.failing}</span>
  return <span class="badge good">{deliveries.told}</span>
}

function Details({ of }: { readonly of: WireDelivery }) {
  const { deliveries } = useWords()
  return (
    <details>
      <summary class="cut">{of.lastError ?? deliveries.facts}</summary>
      <Facts
        of={[
          [deliveries.error, of.lastError],
          [deliveries.next, of.nextAttemptAt === null ? '' : moment(of.nextAttemptAt)],
          [deliveries.settled, of.settledAt === null ? '' : moment(of.settledAt)],
          [
            deliveries.revocation,
            <a key="revocation" href={address(['revocations', of.revocation])}>
              {of.revocation}
            </a>,
          ],
        ]}
      />
      <Attributes of={of.facts} />
    </details>
  )
}

function Retry({ of, onDone }: { readonly of: WireDelivery; readonly onDone: () => void }) {
  const { deliveries } = useWords()
  const may = useMay('operator')
  if (!may || (of.state !== 'dead' && of.state !== 'owed')) return null
  return (
    <Action
      role="operator"
      tone="small"
      label={deliveries.retry}
      act={async () => {
        await api.retryDelivery(of.id)
        onDone()
      }}
      onLost={onDone}
    />
  )
}
